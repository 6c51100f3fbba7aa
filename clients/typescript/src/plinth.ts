import { unlessAborted } from './abort.js';
import type { Client } from './generated/client/index.js';
import { client as defaultClient } from './generated/client.gen.js';
import { isProblem, toProblemError } from './problem.js';
import { openRealtime, type Realtime, type RealtimeOptions, type WebSocketLike } from './realtime.js';
import { AuthSession } from './session.js';
import { defaultTokens, type TokenStore } from './tokens.js';

/** Marks a request that needs a token, until it gets one. */
const NEEDS_TOKEN = 'needed';

/** The prefix in the paths of the operations. */
const PREFIX = '/api';

/** How a server is spoken to. */
export interface PlinthOptions {
  /** Where the server is, such as `https://api.example.com`. By default where the page comes from. */
  readonly baseUrl?: string | undefined;
  /** Where tokens are kept: by default what `browserTokens` does, under a name for each `baseUrl`; in memory without a page. */
  readonly tokens?: TokenStore | undefined;
  /** The path of the API on the server (`API_PREFIX`). By default `/api`, as in the document that this was generated from. */
  readonly apiPrefix?: string | undefined;
  /** What the operations use: by default the one that they use when none is given. A program with two servers, or that
   * serves several users at once, makes one for each with `createClient()`. */
  readonly client?: Client | undefined;
  /** In place of the platform's `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** In place of the platform's `WebSocket`, such as that of the package `ws` where there is none. */
  readonly webSocket?: (new (url: string, protocols: Array<string>) => WebSocketLike) | undefined;
}

/** Whom the default client speaks for, once it has been set up: by the name of the store, if that is the default one. */
let taken: { readonly tokens: string | TokenStore } | undefined;

/** A server, and who is signed in there. */
export interface Plinth {
  /** What the operations use. */
  readonly client: Client;
  /** Who is signed in. */
  readonly session: AuthSession;
  /** Opens a realtime connection, which stays open until it is closed or nobody is signed in. */
  realtime(options?: RealtimeOptions): Realtime;
}

/**
 * Sets the operations up for a server: requests carry the access token, one that has expired is renewed and the request
 * repeated once, and what the server refuses is thrown as a {@link ProblemError}.
 *
 * ```ts
 * const plinth = createPlinth({ baseUrl: 'http://localhost:8000' });
 * await plinth.session.signIn({ email, password });
 * const { data } = await listItems({ query: { sort: 'price' } });
 * ```
 *
 * @throws Outside of a page, if it is called again without a `client` of its own: one user's requests would be sent with
 * another one's token. In a page, where a module that is loaded anew calls it again, that is a warning, and none where both
 * have the same tokens.
 */
export function createPlinth(options: PlinthOptions = {}): Plinth {
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  const client = options.client ?? takeDefault(options.tokens ?? storeName(baseUrl));
  const prefix = options.apiPrefix ?? PREFIX;
  const session = new AuthSession(client, options.tokens ?? defaultTokens(storeName(baseUrl)));
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  client.setConfig({
    baseUrl,
    // Only marks the operations that need a token; `authorized` puts it in, since it can be cancelled while it waits.
    auth: () => (session.signedIn ? NEEDS_TOKEN : undefined),
    fetch: async (input: RequestInfo | URL, init?: RequestInit) =>
      authorized(session, send, addressed(new Request(input, init), baseUrl, prefix)),
    throwOnError: true,
  });
  client.interceptors.error.clear();
  client.interceptors.error.use((error, response: Response | undefined) =>
    response ? toProblemError(error, response) : error,
  );
  return {
    client,
    session,
    realtime: (handlers = {}) =>
      openRealtime({
        client,
        session,
        url: webSocketUrl(baseUrl, prefix),
        webSocket: options.webSocket ?? platformWebSocket(),
        handlers,
      }),
  };
}

/** The client that the operations use when none is given, for whoever has these tokens. */
function takeDefault(tokens: string | TokenStore): Client {
  if (taken && (!globalThis.window || taken.tokens !== tokens)) {
    const message =
      'createPlinth() was called before. The operations would go to the server, and with the token, of the last call: ' +
      'give each but one a client of its own, createPlinth({ client: createClient(), … }), and name it in each operation.';
    if (!globalThis.window) throw new Error(message);
    console.warn(message);
  }
  taken = { tokens };
  return defaultClient;
}

/**
 * Sees to it that a request goes to the server, and to the API where it is there.
 *
 * @throws If it goes anywhere else: nobody else is to get the token.
 */
async function addressed(request: Request, baseUrl: string, prefix: string): Promise<Request> {
  const server = absolute(baseUrl);
  if (!request.url.startsWith(`${server}/`)) {
    throw new Error(
      `A request to ${new URL(request.url).origin} does not go to the server of createPlinth(), ${server}. ` +
        'Make options of queries after createPlinth(), and a client of its own for another server.',
    );
  }
  const path = request.url.slice(server.length);
  if (prefix === PREFIX || !path.startsWith(`${PREFIX}/`)) return request;
  const { method, headers, signal, credentials, redirect, cache, keepalive } = request;
  // Read, since a body that is taken from another request is a stream, which browsers send over HTTP/2 alone.
  const body = await request.blob();
  return new Request(`${server}${prefix}${path.slice(PREFIX.length)}`, {
    ...{ method, headers, signal, credentials, redirect, cache, keepalive },
    body: body.size > 0 ? body : null,
  });
}

/** Where the server is, as a browser writes it, without a slash at the end. */
function absolute(baseUrl: string): string {
  return new URL(baseUrl || '/', globalThis.location?.href).href.replace(/\/+$/, '');
}

/** Tokens of two servers are two things. */
function storeName(baseUrl: string): string {
  return baseUrl === '' || baseUrl === globalThis.location?.origin ? 'plinth' : `plinth ${baseUrl}`;
}

/** Sends a request with the access token, if it needs one, and once more if the server does not take that any more. */
async function authorized(
  session: AuthSession,
  send: (request: Request) => Promise<Response>,
  addressing: Promise<Request>,
): Promise<Response> {
  // Whoever asks now, and not who has signed in by the time that there is a token, or an answer.
  const { loginId } = session;
  const request = await addressing;
  // Neither one that needs none, nor one that was given another than the session's.
  if (request.headers.get('authorization') !== `Bearer ${NEEDS_TOKEN}`) return send(request);
  const token = await unlessAborted(session.accessToken(), request.signal);
  if (!token || session.loginId !== loginId) {
    request.headers.delete('authorization');
    return send(request);
  }
  request.headers.set('authorization', `Bearer ${token}`);
  // A body can be sent once.
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || !(await isInvalidToken(response.clone()))) return response;
  const renewed = await unlessAborted(session.renew(token), request.signal);
  if (!renewed || renewed === token || session.loginId !== loginId) return response;
  again.headers.set('authorization', `Bearer ${renewed}`);
  return send(again);
}

async function isInvalidToken(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined);
  return isProblem(toProblemError(body, response), 'invalid_token');
}

function platformWebSocket(): typeof WebSocket {
  // Typed as always there, which it is not: Node.js has it from version 22 on.
  const found: typeof WebSocket | undefined = globalThis.WebSocket;
  if (!found)
    throw new Error('There is no WebSocket here: give createPlinth() one, such as that of the package ws');
  return found;
}

function webSocketUrl(baseUrl: string, prefix: string): string {
  const url = new URL(`${absolute(baseUrl)}${prefix}/ws`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
