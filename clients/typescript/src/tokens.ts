/** The tokens of one login, as a {@link TokenStore} keeps them. */
export interface StoredTokens {
  /** Tells logins apart: it stays the same from login to logout, whoever refreshes. */
  readonly login: string;
  /** Empty where only the cookie is known to be there. */
  readonly accessToken: string;
  /** When the access token is to be renewed, in milliseconds since 1970 by this machine's clock. */
  readonly renewAt: number;
  /** Not there where a cookie keeps it, which no script can read. */
  readonly refreshToken?: string | undefined;
}

/** Where the tokens are while nobody uses them. */
export interface TokenStore {
  /** The tokens, or null when signed out. */
  read(): StoredTokens | null;
  /** Keeps these in place of those; null forgets them. */
  write(tokens: StoredTokens | null): void;
  /** Calls `changed` when another tab has written. Returns what ends that. */
  subscribe?: ((changed: () => void) => () => void) | undefined;
  /** Names what is kept, the same in all tabs that share it: only one of them refreshes at a time. */
  readonly name?: string | undefined;
}

/** Keeps the tokens as long as the program or the page lives. */
export function memoryTokens(): TokenStore {
  let kept: StoredTokens | null = null;
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens;
    },
  };
}

/**
 * Keeps the tokens beyond the page, for all tabs of the origin: where the server has a cookie for the refresh token
 * (`AUTH_COOKIES=true`), which no script can read or steal, there is only a note in `localStorage` that somebody is
 * signed in, and the access token in memory. Else all of it is in `localStorage`; where that is full or forbidden, in
 * memory. Each server that a page uses needs a `name` of its own.
 */
export function browserTokens(name = 'plinth'): TokenStore {
  const key = `${name}.tokens`;
  let kept: StoredTokens | null = null;
  // What was found there last, which is asked for with every request.
  let text: string | null = null;
  let shared: StoredTokens | null = null;
  // Without a storage this tab is by itself.
  let alone = false;
  return {
    name,
    read: () => {
      if (alone) return kept;
      try {
        const found = localStorage.getItem(key);
        if (found !== text) shared = parse(found);
        text = found;
        // Without a refresh token it is the note; the access token is the one of this tab, if it is of the same login.
        kept = shared && !shared.refreshToken && kept?.login === shared.login ? kept : shared;
      } catch {
        alone = true;
      }
      return kept;
    },
    write: (tokens) => {
      kept = tokens;
      try {
        if (!tokens) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(tokens.refreshToken ? tokens : note(tokens)));
        alone = false;
      } catch {
        alone = true;
      }
    },
    subscribe: (changed) => onStorage(key, changed),
  };
}

/** What may be told of tokens whose refresh token is in a cookie. */
function note({ login }: StoredTokens): StoredTokens {
  return { login, accessToken: '', renewAt: 0 };
}

/** The browser's store in a page, memory elsewhere: some programs have a storage, but no tabs to share it with. */
export function defaultTokens(name: string): TokenStore {
  return globalThis.window ? browserTokens(name) : memoryTokens();
}

function onStorage(key: string, changed: () => void): () => void {
  const listener = (event: StorageEvent) => {
    // Without a key everything was cleared. The other storage tells nobody but its own tab.
    if (event.key === key || event.key === null) changed();
  };
  globalThis.window?.addEventListener?.('storage', listener);
  return () => globalThis.window?.removeEventListener?.('storage', listener);
}

/** What somebody else has written there, or an older version, counts as nothing. */
function parse(text: string | null): StoredTokens | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isStoredTokens(value) ? value : null;
  } catch {
    return null;
  }
}

function isStoredTokens(value: unknown): value is StoredTokens {
  return (
    typeof value === 'object' &&
    value !== null &&
    'login' in value &&
    typeof value.login === 'string' &&
    'accessToken' in value &&
    typeof value.accessToken === 'string' &&
    'renewAt' in value &&
    typeof value.renewAt === 'number' &&
    (!('refreshToken' in value) || typeof value.refreshToken === 'string')
  );
}
