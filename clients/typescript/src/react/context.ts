'use client';

import { createContext, use } from 'react';
import type { Register, User } from '../generated/types.gen.js';
import type { Plinth } from '../plinth.js';
import type { Credentials } from '../session.js';
import type { SharedRealtime } from './shared-realtime.js';

/** Whether somebody is signed in: not known yet, nobody, somebody, or the server does not say who. */
export type AuthStatus = 'loading' | 'signed_out' | 'signed_in' | 'unavailable';

/** Who is signed in, and what changes that. */
export interface Auth {
  readonly status: AuthStatus;
  /** Who is signed in; null with any other status than `signed_in`. */
  readonly user: User | null;
  /** Why the server did not say who is signed in; null with any other status than `unavailable`. */
  readonly error: unknown;
  /** Signs in. Throws what {@link AuthSession.signIn} throws. */
  login(credentials: Credentials): Promise<void>;
  /** Makes an account and signs in with it. Throws a problem, such as `email_taken` or `invalid_fields`. If signing in
   * fails, the account is there all the same. */
  register(account: Register): Promise<void>;
  /** Ends the session. Throws if the server cannot be reached; then the session lives on. */
  logout(): Promise<void>;
  /** Asks the server again, at once: while the status is `unavailable` it is asked every ten seconds anyway. */
  retry(): void;
}

/** What the provider hands down. */
export interface PlinthContext {
  readonly plinth: Plinth;
  readonly auth: Auth;
  readonly realtime: SharedRealtime;
}

/** Filled by `AuthProvider`. */
export const Context = createContext<PlinthContext | null>(null);

/** What the provider above hands down. */
export function usePlinthContext(): PlinthContext {
  const context = use(Context);
  if (!context) throw new Error('useAuth and its like work below an AuthProvider only');
  return context;
}
