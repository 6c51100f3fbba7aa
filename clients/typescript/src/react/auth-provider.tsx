'use client';

import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { getMeOptions } from '../generated/@tanstack/react-query.gen.js';
import { register } from '../generated/sdk.gen.js';
import type { User } from '../generated/types.gen.js';
import type { Plinth } from '../plinth.js';
import type { AuthSession } from '../session.js';
import { type Auth, Context } from './context.js';
import { SharedRealtime } from './shared-realtime.js';

/** How long after a failure the server is asked again who is signed in, in milliseconds. */
const PAUSE = 10_000;

/** What {@link AuthProvider} needs. */
export interface AuthProviderProps {
  /** The server. */
  readonly plinth: Plinth;
  readonly children: ReactNode;
}

/**
 * Knows who is signed in and tells whatever is below it. Stands below a `QueryClientProvider`; what that has cached is
 * dropped when somebody signs in or out, in whichever tab. While the server cannot say who is signed in it is asked again
 * every ten seconds. What is rendered on a server is `loading`: only the page knows whether somebody is signed in.
 */
export function AuthProvider({ plinth, children }: AuthProviderProps) {
  const { client, session } = plinth;
  const queries = useQueryClient();
  const realtime = useMemo(() => new SharedRealtime(plinth, queries), [plinth, queries]);
  // Before the change is rendered: nobody is to see what was read for somebody else.
  useEffect(() => session.subscribe(() => drop(queries, session.signedIn)), [session, queries]);
  const me = useMemo(() => getMeOptions({ client }), [client]);
  useEffect(() => {
    const changed = () => {
      drop(queries, session.signedIn);
      realtime.reopen();
    };
    return watchUser(queries, session, me.queryKey, changed);
  }, [session, queries, me, realtime]);
  const subscribe = useCallback((changed: () => void) => session.subscribe(changed), [session]);
  const login = useSyncExternalStore(
    subscribe,
    () => session.login,
    // On a server, and in the page until it has taken over what the server has made of it.
    () => null,
  );

  const { data, error, errorUpdateCount, refetch } = useQuery({
    ...me,
    enabled: Boolean(login),
    refetchInterval: ({ state }) => state.status === 'error' && PAUSE,
    refetchOnReconnect: true,
  });
  // There is none while the server is asked again.
  const [failure, setFailure] = useState<unknown>(null);
  if (error && error !== failure) setFailure(error);
  const auth = useMemo<Auth>(
    () => ({
      ...state(login, data, errorUpdateCount > 0 ? failure : null),
      login: (credentials) => session.signIn(credentials),
      register: async (account) => {
        await register({ client, body: account });
        await session.signIn({ email: account.email, password: account.password });
      },
      logout: () => session.signOut(),
      retry: () => {
        // From the beginning, to be seen.
        if (!data) queries.getQueryCache().find({ queryKey: me.queryKey })?.reset();
        void refetch();
      },
    }),
    [client, session, queries, me, login, data, errorUpdateCount, failure, refetch],
  );
  const context = useMemo(() => ({ plinth, auth, realtime }), [plinth, auth, realtime]);
  return <Context value={context}>{children}</Context>;
}

/** Drops what was read. What is on the page whoever is signed in is read anew, if there is somebody to read it for. */
function drop(queries: QueryClient, signedIn: boolean): void {
  queries.getMutationCache().clear();
  const cache = queries.getQueryCache();
  for (const query of cache.getAll()) {
    // Whoever shows one goes on with the same, and would not notice that it has been removed.
    if (query.getObserversCount() > 0) query.reset();
    else cache.remove(query);
  }
  if (signedIn) void queries.refetchQueries({ type: 'active' });
}

/**
 * Calls `changed` when another user is signed in than before, without a login. The cookie that keeps the refresh token
 * belongs to the server's host: another app there, or a page that tries the API out, puts its own in its place.
 */
function watchUser(
  queries: QueryClient,
  session: AuthSession,
  queryKey: ReturnType<typeof getMeOptions>['queryKey'],
  changed: () => void,
): () => void {
  const cache = queries.getQueryCache();
  const read = () => ({ login: session.login, id: queries.getQueryData(queryKey)?.id });
  let known = read();
  return cache.subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success') return;
    if (event.query !== cache.find({ queryKey })) return;
    const now = read();
    const another = known.id !== undefined && known.login === now.login && known.id !== now.id;
    known = now;
    // After this update of the cache, and before it is rendered.
    if (another) queueMicrotask(changed);
  });
}

function state(
  login: string | null | undefined,
  user: User | undefined,
  failure: unknown,
): Pick<Auth, 'status' | 'user' | 'error'> {
  if (login === undefined) return { status: 'signed_out', user: null, error: null };
  if (login && user) return { status: 'signed_in', user, error: null };
  if (login && failure) return { status: 'unavailable', user: null, error: failure };
  return { status: 'loading', user: null, error: null };
}
