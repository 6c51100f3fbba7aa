'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { getMeOptions } from '../generated/@tanstack/react-query.gen.js';
import { register } from '../generated/sdk.gen.js';
import type { User } from '../generated/types.gen.js';
import type { Plinth } from '../plinth.js';
import { type Auth, Context } from './context.js';
import { Invalidation } from './invalidation.js';
import { Ownership } from './ownership.js';
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
 * dropped when somebody signs in or out, in whichever tab, and queries of the generated options are read anew when their
 * role changes. While the server cannot say who is signed in it is asked again every ten seconds. What is rendered on a
 * server is `loading`: only the page knows whether somebody is signed in.
 */
export function AuthProvider({ plinth, children }: AuthProviderProps) {
  const { client, session } = plinth;
  const queries = useQueryClient();
  const me = useMemo(() => getMeOptions({ client }), [client]);
  const { ownership, realtime } = useMemo(() => {
    const invalidation = new Invalidation(queries);
    const ownership = new Ownership(plinth, queries, invalidation);
    // Before anything below reads: somebody may have signed in or out while there was no provider.
    ownership.claim();
    return { ownership, realtime: new SharedRealtime(plinth, invalidation) };
  }, [plinth, queries]);
  useEffect(() => {
    // Or since this was rendered.
    ownership.claim();
    // Before the change is rendered.
    return session.subscribe(() => ownership.claim());
  }, [session, ownership]);
  useEffect(() => ownership.watch(() => realtime.reopen()), [ownership, realtime]);
  useEffect(() => realtime.keep(), [realtime]);
  const subscribe = useCallback((changed: () => void) => session.subscribe(changed), [session]);
  const login = useSyncExternalStore(
    subscribe,
    () => session.loginId,
    // On a server, and in the page until it has taken over what the server has made of it.
    () => null,
  );

  const { data, error, errorUpdateCount, refetch } = useQuery({
    ...me,
    enabled: Boolean(login),
    refetchInterval: ({ state }) => state.status === 'error' && PAUSE,
    refetchOnReconnect: true,
  });
  // After whatever is below has been rendered for them, or has gone.
  useEffect(() => ownership.shown(login, data), [ownership, login, data]);
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
