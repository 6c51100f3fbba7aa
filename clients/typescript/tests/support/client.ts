import { onTestFinished } from 'vitest';
import {
  type Client,
  createClient,
  createPlinth,
  type Plinth,
  type PlinthOptions,
  type StoredTokens,
  type TokenStore,
} from '../../src/index.js';

/** The client under test, and what it has sent. */
export interface Connected extends Plinth {
  readonly client: Client;
  /** Every request that was sent, such as `POST /api/items`, in order. */
  readonly sent: Array<string>;
  /** How often that was sent. */
  count(line: string): number;
}

/** What a refresh is in {@link Connected.sent}. */
export const REFRESH = 'POST /api/auth/refresh';

/** Sets the client under test up for that server, apart from all others. */
export function connect(baseUrl: string, options: Omit<PlinthOptions, 'baseUrl' | 'client'> = {}): Connected {
  const sent: Array<string> = [];
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  const plinth = createPlinth({
    ...options,
    baseUrl,
    client: createClient(),
    fetch: (request) => {
      sent.push(`${request.method} ${new URL(request.url).pathname}`);
      return send(request);
    },
  });
  onTestFinished(() => plinth.session.dispose());
  return { ...plinth, sent, count: (line) => sent.filter((each) => each === line).length };
}

/** A store whose access token a test can declare expired, or replace. */
export interface Expirable extends TokenStore {
  /** The time of its renewal has come. */
  expire(): void;
  /** In its place there is this one, which seems to be good. */
  replace(accessToken: string): void;
}

/** Keeps the tokens there, until a test changes something about the access token. */
export function expirable(store: TokenStore): Expirable {
  let change: ((tokens: StoredTokens) => StoredTokens) | undefined;
  return {
    ...store,
    read: () => {
      const tokens = store.read();
      return tokens && change ? change(tokens) : tokens;
    },
    write: (tokens) => {
      change = undefined;
      store.write(tokens);
    },
    expire: () => {
      const expired = store.read()?.accessToken;
      // Until anybody, in this tab or another, has got a new one.
      change = (tokens) => (tokens.accessToken === expired ? { ...tokens, renewAt: 0 } : tokens);
    },
    replace: (accessToken) => {
      change = (tokens) => ({ ...tokens, accessToken, renewAt: Date.now() + 60_000 });
    },
  };
}

/** What a token becomes on which somebody has tried to change something. */
export function tampered(token: string | undefined): string {
  const [head, claims] = token?.split('.') ?? [];
  return `${head}.${claims}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`;
}

/** What is thrown; fails if nothing is. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => error,
  );
}

/** Something to wait for, until it is let go. */
export function gate(): { readonly opened: Promise<void>; open(): void; isOpen(): boolean } {
  let isOpen = false;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = () => {
      isOpen = true;
      resolve();
    };
  });
  return { opened, open, isOpen: () => isOpen };
}

/** Answers of the server to requests to a path, kept back until they are let go. */
export interface KeptBack {
  /** In place of the platform's `fetch`. */
  fetch(request: Request): Promise<Response>;
  /** The server has answered. */
  readonly answered: Promise<void>;
  letGo(): void;
}

/** Keeps back what the server answers to requests whose path ends like that. */
export function keptBack(path: string): KeptBack {
  const answered = gate();
  const go = gate();
  return {
    fetch: async (request) => {
      const response = await fetch(request);
      if (request.url.endsWith(path)) {
        answered.open();
        await go.opened;
      }
      return response;
    },
    answered: answered.opened,
    letGo: go.open,
  };
}

let named = 0;

/** A name for what a test keeps in `localStorage`, apart from all others. */
export function storeName(): string {
  named += 1;
  return `test-${named}-${Math.random().toString(36).slice(2)}`;
}

/** What is in `localStorage` under the name of a store. */
export function keptAs(name: string): StoredTokens {
  return JSON.parse(localStorage.getItem(`${name}.tokens`) ?? 'null');
}
