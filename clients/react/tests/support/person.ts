import { randomBytes } from 'node:crypto';
import type { Item, ItemCreate, ItemUpdate, Role, User } from '@plinth/client';
import { ROOT, type Server } from './server';

/** An account, and what its owner does by the API, as another device or program would. */
export class Person {
  readonly #server: Server;
  #token: string | undefined;

  constructor(
    server: Server,
    /** Empty for the first administrator, who is there before anybody asked. */
    readonly id: string,
    readonly name: string,
    readonly email: string,
    readonly password: string,
  ) {
    this.#server = server;
  }

  /** The administrator that the server begins with. */
  static root(server: Server): Person {
    return new Person(server, '', ROOT.email, ROOT.email, ROOT.password);
  }

  /** Makes an account whose name and address nobody else has. */
  static async create(server: Server, name: string, role: Role = 'viewer'): Promise<Person> {
    const { full_name, email, password } = stranger(name);
    const user = await Person.root(server).send<User>('POST', '/users', { full_name, email, password, role });
    return new Person(server, user.id, full_name, email, password);
  }

  /** Adds an item. */
  createItem(item: ItemCreate): Promise<Item> {
    return this.send('POST', '/items', item);
  }

  /** Adds so many items, with titles that count from 1, all at once. */
  async createItems(count: number, title: (number: number) => ItemCreate): Promise<void> {
    for (let number = 1; number <= count; number += 1) await this.createItem(title(number));
  }

  /** The person's items. */
  async items(): Promise<ReadonlyArray<Item>> {
    const page = await this.send<{ items: ReadonlyArray<Item> }>('GET', '/items?page_size=100');
    return page.items;
  }

  /** Changes an item. */
  updateItem(id: string, change: ItemUpdate): Promise<Item> {
    return this.send('PATCH', `/items/${id}`, change);
  }

  /** Deletes an item. */
  deleteItem(id: string): Promise<void> {
    return this.send('DELETE', `/items/${id}`);
  }

  /** Changes another's account, as an administrator. */
  updateUser(id: string, change: { role?: Role; is_active?: boolean; full_name?: string }): Promise<User> {
    return this.send('PATCH', `/users/${id}`, change);
  }

  /** Asks the server, signed in; throws unless it does what it was asked. */
  async send<Answer>(method: string, route: string, body?: unknown): Promise<Answer> {
    let response = await this.#request(method, route, body);
    if (response.status === 401) {
      // The session that was used so far has ended.
      this.#token = undefined;
      response = await this.#request(method, route, body);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answers ${response.status}: ${text}`);
    // The test knows what it asks for.
    return (text ? JSON.parse(text) : undefined) as Answer;
  }

  async #request(method: string, route: string, body: unknown): Promise<Response> {
    this.#token ??= await logIn(this.#server, this);
    return fetch(`${this.#server.url}/api${route}`, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

/** What somebody registers with, whose address nobody else has. */
export function stranger(name: string): { full_name: string; email: string; password: string } {
  const tag = randomBytes(4).toString('hex');
  const local = (name.toLowerCase().match(/[a-z]+/g) ?? []).join('.');
  return { full_name: name, email: `${local}.${tag}@example.com`, password: `a long password ${tag}` };
}

/** Whether these open the account. */
export async function canLogIn(
  server: Server,
  credentials: { readonly email: string; readonly password: string },
): Promise<boolean> {
  return (await askForTokens(server, credentials)).ok;
}

async function logIn(server: Server, person: Person): Promise<string> {
  const response = await askForTokens(server, person);
  if (!response.ok) throw new Error(`${person.email} cannot sign in: ${await response.text()}`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

function askForTokens(
  server: Server,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Response> {
  return fetch(`${server.url}/api/auth/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: email, password }),
  });
}
