'use client';

import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { Frame } from '../frames.js';
import type { Plinth } from '../plinth.js';
import type { RealtimeOptions, RealtimeStatus } from '../realtime.js';
import { type Auth, usePlinthContext } from './context.js';

/** Who is signed in, and what changes that. */
export function useAuth(): Auth {
  return usePlinthContext().auth;
}

/** The server that the provider above was given. */
export function usePlinth(): Plinth {
  return usePlinthContext().plinth;
}

/** What {@link useRealtime} listens to. */
export interface UseRealtimeOptions extends RealtimeOptions {
  /** Channels to be a member of while the component is there. */
  readonly channels?: ReadonlyArray<string> | undefined;
}

/** A connection, for a component. */
export interface LiveConnection {
  /** How it is. */
  readonly status: RealtimeStatus;
  /** Sends to a user, a channel or everybody; whether it was sent. */
  send(frame: Frame): boolean;
}

/**
 * Keeps a realtime connection open while the component is there, and half a minute longer, and somebody is signed in: one
 * for all components. When an item or a user changes, the queries of the generated options that it concerns are read anew.
 */
export function useRealtime(options: UseRealtimeOptions = {}): LiveConnection {
  const { auth, realtime } = usePlinthContext();
  const signedIn = auth.status === 'signed_in';
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    if (!signedIn) return;
    // Whatever the component listens to by then, without a new connection for a new function.
    return realtime.use({
      onEvent: (event) => latest.current.onEvent?.(event),
      onOtherEvent: (event) => latest.current.onOtherEvent?.(event),
      onResync: () => latest.current.onResync?.(),
      onMessage: (message) => latest.current.onMessage?.(message),
      onRefusal: (refusal) => latest.current.onRefusal?.(refusal),
      onStatus: (status) => latest.current.onStatus?.(status),
    });
  }, [realtime, signedIn]);
  // As text: an array is another one at every render. Names of channels have no control characters.
  const channels = (options.channels ?? []).join('\n');
  useEffect(() => {
    if (!signedIn || !channels) return;
    const leaving = channels.split('\n').map((channel) => realtime.join(channel));
    return () => {
      for (const leave of leaving) leave();
    };
  }, [realtime, signedIn, channels]);
  const status = useSyncExternalStore(
    realtime.watch,
    () => realtime.status,
    () => 'closed' as const,
  );
  return { status, send: realtime.send };
}
