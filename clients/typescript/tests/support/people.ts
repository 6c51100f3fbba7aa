import { ADMIN } from './constants.js';

/** An account on a server under test. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

/** Somebody who uses the server without the client under test, in a session of their own. */
export interface Outsider {
  /** Sends a request, and fails if it is refused. */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

let made = 0;

/** Makes an account. */
export async function newPerson(
  base: string,
  role: 'viewer' | 'editor' | 'admin' = 'viewer',
): Promise<Person> {
  made += 1;
  const email = `person-${made}-${Math.random().toString(36).slice(2)}@example.com`;
  const password = 'amber lamp 7 on the sill';
  const { id } = await send(base, undefined, 'POST', '/api/auth/register', { email, password });
  if (typeof id !== 'string') throw new Error('an account without an id');
  if (role !== 'viewer') await (await outsider(base)).call('PATCH', `/api/users/${id}`, { role });
  return { id, email, password };
}

/** Signs in, by default as the administrator, without leaving or using a cookie. */
export async function outsider(
  base: string,
  { email, password }: Pick<Person, 'email' | 'password'> = ADMIN,
): Promise<Outsider> {
  const { access_token } = await send(
    base,
    undefined,
    'POST',
    '/api/auth/login',
    new URLSearchParams({ username: email, password }),
  );
  return { call: (method, path, body) => send(base, String(access_token), method, path, body) };
}

/** The status of an answer to a request with that token. */
export async function statusWith(base: string, token: string): Promise<number> {
  const response = await fetch(`${base}/api/users/me`, { headers: { authorization: `Bearer ${token}` } });
  return response.status;
}

async function send(
  base: string,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const form = body instanceof URLSearchParams;
  const response = await fetch(base + path, {
    method,
    credentials: 'omit',
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body && !form ? { 'content-type': 'application/json' } : {}),
    },
    body: form ? body : body ? JSON.stringify(body) : null,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : {};
}
