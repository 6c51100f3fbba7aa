import { unlessAborted } from './abort.js';
import { exclusively } from './exclusive.js';
import type { Client } from './generated/client/index.js';
import { login, logout, refresh } from './generated/sdk.gen.js';
import type { Refresh, Tokens } from './generated/types.gen.js';
import { isProblem, type ProblemError, toProblemError } from './problem.js';
import { tell } from './tell.js';
import type { StoredTokens, TokenStore } from './tokens.js';

/** Access tokens are renewed so long before they expire, in seconds, or a tenth of their life if that is less. */
const MARGIN = 30;

/** How long a refresh may take, and a logout, in milliseconds: others wait for their end. */
const PATIENCE = 30_000;

/** How long a refused refresh is not tried again at most, and where the server does not say, in seconds. */
const LONGEST_PAUSE = 30;
const PAUSE = 1;

/** How long what another tab has stored may take to arrive here, in milliseconds. */
const SPREAD = 100;

/**
 * Lets the server set, read and clear its cookie from another origin too, where it has one. Passwords and tokens are not
 * sent on to wherever an answer leads.
 */
const IN_CONFIDENCE = { credentials: 'include', redirect: 'error' } as const;

/** Email and password of an account. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/**
 * Who is signed in: keeps the tokens, renews them when they run out, and forgets them when the server ends the session.
 *
 * - However many requests find the access token expired, one refresh is made; where tabs share the access token, in one
 *   of them.
 * - A refresh that fails for want of the server or the network signs nobody out; only the server's refusal does.
 * - What another tab does, signing in and out, happens here too.
 */
export class AuthSession {
  readonly #client: Client;
  readonly #store: TokenStore;
  readonly #listeners = new Set<() => void>();
  /** The server has had enough of refreshes of that login, until then by `performance.now()`. */
  #refused: { readonly login: string; readonly error: ProblemError; readonly until: number } | undefined;
  #refreshing: Promise<StoredTokens | null> | undefined;
  #seen: string | undefined;
  readonly #unsubscribe: (() => void) | undefined;

  /** Of this client, with the tokens kept there. */
  constructor(client: Client, store: TokenStore) {
    this.#client = client;
    this.#store = store;
    this.#seen = store.read()?.login;
    this.#unsubscribe = store.subscribe?.(() => this.#notice());
  }

  /** Whether somebody is signed in, as far as is known without asking the server. */
  get signedIn(): boolean {
    return this.#store.read() !== null;
  }

  /** Changes with every login and is undefined when signed out: what is cached belongs to one of its values. */
  get loginId(): string | undefined {
    return this.#store.read()?.login;
  }

  /** Calls `listener` after each change of {@link loginId}, in whichever tab it was made. Returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Signs in. The session of whoever was signed in before is ended, if the server can be told.
   *
   * @throws {@link ProblemError} `invalid_grant` for an unknown email or a wrong password, `account_inactive`,
   * `rate_limited`.
   */
  async signIn(
    { email, password }: Credentials,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const id = newLoginId();
    // Not during a refresh, whose answer could bring the cookie of the old session after that of the new one.
    const signedIn = exclusively(this.#lockName(), async () => {
      const { data, response } = await login({
        client: this.#client,
        body: { username: email, password },
        ...IN_CONFIDENCE,
        signal: signal ?? null,
      });
      const tokens = stored(data, response, id);
      const before = this.#store.read();
      this.#keep(tokens);
      if (before) void this.#end(before);
    });
    await unlessAborted(signedIn, signal);
  }

  /**
   * Ends the session on the server, and forgets it here.
   *
   * @throws If the server cannot be reached: the session lives, so it is not forgotten either.
   */
  async signOut(): Promise<void> {
    const leaving = this.loginId;
    const token = await this.accessToken();
    if (!token || (await this.#leave(leaving, token))) return;
    // Not within the lock that is held while a token is sent: a refresh takes it too.
    const renewed = await this.renew(token);
    if (!renewed || (await this.#leave(leaving, renewed))) return;
    // There is no session to end any more.
    if (this.loginId === leaving) this.forget();
  }

  /** Forgets the tokens without asking the server, on which the session lives on. */
  forget(): void {
    this.#keep(null);
  }

  /**
   * An access token that is good for a while, refreshed if need be; undefined when signed out.
   *
   * @throws If it has to be refreshed and the server cannot be reached.
   */
  async accessToken(): Promise<string | undefined> {
    const tokens = this.#store.read();
    if (!tokens) return undefined;
    return isUsable(tokens) ? tokens.accessToken : this.renew(tokens.accessToken);
  }

  /**
   * Another access token than this one, which the server has refused; undefined when the session has ended.
   *
   * @throws If the server cannot be reached.
   */
  async renew(refused: string): Promise<string | undefined> {
    let tokens = await this.#refreshOnce(refused);
    // What was under way was for somebody who had an older one, or for the login before.
    if (tokens && !isUsable(tokens, refused)) tokens = await this.#refreshOnce(refused);
    return tokens?.accessToken;
  }

  /** Stops listening to other tabs. */
  dispose(): void {
    this.#unsubscribe?.();
    this.#listeners.clear();
  }

  /**
   * Ends that session and forgets it, unless somebody has signed in meanwhile; false if the server does not take the token.
   * Not during another tab's login: the answer takes the cookie away, whosever it is by then.
   */
  #leave(leaving: string | undefined, token: string): Promise<boolean> {
    return exclusively(this.#lockName(), async (another) => {
      if (another) await this.#news();
      if (this.loginId !== leaving) return true;
      try {
        await logout({
          client: this.#client,
          auth: token,
          ...IN_CONFIDENCE,
          signal: AbortSignal.timeout(PATIENCE),
        });
      } catch (error) {
        if (isProblem(error, 'invalid_token')) return false;
        throw error;
      }
      // Another tab may have been too impatient for the lock.
      if (this.loginId === leaving) this.forget();
      return true;
    });
  }

  /** Ends the session of a login that was replaced, if that is possible. */
  async #end({ accessToken, refreshToken }: StoredTokens): Promise<void> {
    // It may be that only another tab has one.
    if (!accessToken) return;
    // Without cookies: the answer would take the new one away.
    const signal = AbortSignal.timeout(PATIENCE);
    const apart = { client: this.#client, ...IN_CONFIDENCE, credentials: 'omit', signal } as const;
    const leave = (token: string) => logout({ ...apart, auth: token });
    try {
      await leave(accessToken).catch(async (error) => {
        if (!refreshToken || !isProblem(error, 'invalid_token')) throw error;
        const { data } = await refresh({ ...apart, body: { refresh_token: refreshToken } });
        await leave(data.access_token);
      });
    } catch {
      // It ends by itself, since nobody refreshes it any more.
    }
  }

  #refreshOnce(stale: string): Promise<StoredTokens | null> {
    this.#refreshing ??= exclusively(this.#lockName(), (another) => this.#refresh(stale, another)).finally(
      () => {
        this.#refreshing = undefined;
      },
    );
    return this.#refreshing;
  }

  async #refresh(stale: string, another: boolean): Promise<StoredTokens | null> {
    let tokens = this.#store.read();
    if (another && tokens?.refreshToken && !isUsable(tokens, stale)) {
      // A lock goes from tab to tab faster than what is stored.
      await this.#news();
      tokens = this.#store.read();
    }
    // Another tab has refreshed while this one waited for the lock.
    if (!tokens || isUsable(tokens, stale)) return tokens;
    const refused = this.#refused;
    if (refused?.login === tokens.login && performance.now() < refused.until) throw refused.error;
    try {
      const { data, response } = await refresh({
        client: this.#client,
        ...presenting(tokens),
        signal: AbortSignal.timeout(PATIENCE),
      });
      const renewed = stored(data, response, tokens.login);
      const now = this.#store.read();
      // Signed out, or in anew, in the meantime, or a tab that could not wait for the lock has been faster: what it has
      // is newer.
      if (now?.login !== tokens.login || now.accessToken !== tokens.accessToken) return now;
      this.#keep(renewed);
      return renewed;
    } catch (error) {
      // 422: the cookie is gone.
      if (!isProblem(error, 'invalid_grant', 'invalid_fields')) {
        this.#refused = pausing(error, tokens.login);
        throw error;
      }
      const now = this.#store.read();
      // A tab that could not wait for the lock has been faster.
      if (now && (now.login !== tokens.login || now.accessToken !== tokens.accessToken)) return now;
      this.forget();
      return null;
    }
  }

  /** Until another tab has stored something, or is not going to any more. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        unsubscribe?.();
        resolve();
      };
      const timer = setTimeout(finish, SPREAD);
      const unsubscribe = this.#store.subscribe?.(finish);
    });
  }

  #lockName(): string | undefined {
    return this.#store.name && `${this.#store.name}.refresh`;
  }

  #keep(tokens: StoredTokens | null): void {
    this.#store.write(tokens);
    this.#notice();
  }

  #notice(): void {
    const id = this.loginId;
    if (id === this.#seen) return;
    this.#seen = id;
    for (const listener of [...this.#listeners]) {
      // Whoever was told before may have ended it.
      if (this.#listeners.has(listener)) tell(listener);
    }
  }
}

/** Whether there is an access token that is good for a while, other than the stale one. */
function isUsable({ accessToken, renewAt }: StoredTokens, stale = ''): boolean {
  return accessToken !== '' && accessToken !== stale && Date.now() < renewAt;
}

/** How long a refresh that has failed is not tried again, if it failed for want of the server or for too many of them. */
function pausing(error: unknown, login: string) {
  if (!isProblem(error) || (error.status !== 429 && error.status < 500)) return undefined;
  const seconds = Math.min(error.retryAfter ?? PAUSE, LONGEST_PAUSE);
  return { login, error, until: performance.now() + seconds * 1000 };
}

/** What a refresh sends: the refresh token, or, where a cookie has it, what proves that a page of ours asks. */
function presenting({ refreshToken }: StoredTokens) {
  if (refreshToken) return { body: { refresh_token: refreshToken }, ...IN_CONFIDENCE };
  // The document of a server without cookies does not foresee that there is nothing to send.
  return { body: {} as Refresh, headers: { 'X-Requested-With': 'fetch' }, ...IN_CONFIDENCE };
}

/** @throws {@link ProblemError} `unexpected_answer` for what is none, such as a page that a proxy has put in its place. */
function stored(tokens: Tokens, response: Response, login: string): StoredTokens {
  if (!tokens.access_token || !Number.isFinite(tokens.expires_in)) throw toProblemError(undefined, response);
  const lives = tokens.expires_in - Math.min(MARGIN, tokens.expires_in / 10);
  return {
    login,
    accessToken: tokens.access_token,
    renewAt: Date.now() + lives * 1000,
    // A server that keeps it in a cookie leaves it out.
    ...(tokens.refresh_token ? { refreshToken: tokens.refresh_token } : {}),
  };
}

/** Not a secret: it only has to differ from the last one. */
function newLoginId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
