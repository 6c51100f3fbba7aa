import { useEffect } from 'react';
import { expect } from 'vitest';
import { type LiveConnection, type UseRealtimeOptions, useRealtime } from '../../src/react/index.js';

let shown: LiveConnection | undefined;

/** A component that is live, and shows nothing. */
export function Live(options: UseRealtimeOptions) {
  const connection = useRealtime(options);
  useEffect(() => {
    shown = connection;
    return () => {
      shown = undefined;
    };
  });
  return null;
}

/** The connection, as of the last time that a component of {@link Live} was shown. */
export function live(): LiveConnection | undefined {
  return shown;
}

/** Until it is open. */
export async function opened(): Promise<void> {
  await expect.poll(() => shown?.status).toBe('open');
}
