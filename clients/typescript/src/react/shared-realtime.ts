import type { QueryClient } from '@tanstack/react-query';
import type { Frame } from '../frames.js';
import type { Plinth } from '../plinth.js';
import type { Realtime, RealtimeOptions, RealtimeStatus } from '../realtime.js';
import { tell } from '../tell.js';
import { Invalidation } from './invalidation.js';

/** How long a connection outlives the last component that uses it, in milliseconds: another one may be about to mount. */
const LINGER = 1_000;

/** One connection for all components that use one, open as long as there are any. */
export class SharedRealtime {
  readonly #plinth: Plinth;
  readonly #invalidation: Invalidation;
  readonly #users = new Set<RealtimeOptions>();
  readonly #watchers = new Set<() => void>();
  #connection: Realtime | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;
  /** How many components have joined each channel. */
  readonly #channels = new Map<string, number>();

  /** To that server; what events concern is read anew there. */
  constructor(plinth: Plinth, queries: QueryClient) {
    this.#plinth = plinth;
    this.#invalidation = new Invalidation(queries);
  }

  /** How it is; closed while nobody uses it. */
  get status(): RealtimeStatus {
    return this.#connection?.status ?? 'closed';
  }

  /** Calls `changed` when {@link status} has changed. Returns what ends that. */
  readonly watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  /** Keeps it open, and tells `user` what arrives. Returns what ends that. */
  use(user: RealtimeOptions): () => void {
    this.#users.add(user);
    clearTimeout(this.#closing);
    if (this.status === 'closed') this.#open();
    return () => {
      this.#users.delete(user);
      if (this.#users.size > 0) return;
      this.#closing = setTimeout(() => this.#connection?.close(), LINGER);
    };
  }

  /** See {@link Realtime.send}. */
  readonly send = (frame: Frame): boolean => this.#connection?.send(frame) ?? false;

  /** Joins a channel, as long as any component wants it. Returns what leaves it. */
  join(channel: string): () => void {
    const before = this.#channels.get(channel) ?? 0;
    this.#channels.set(channel, before + 1);
    if (before === 0) this.#connection?.join(channel);
    return () => {
      const left = (this.#channels.get(channel) ?? 1) - 1;
      if (left > 0) {
        this.#channels.set(channel, left);
        return;
      }
      this.#channels.delete(channel);
      this.#connection?.leave(channel);
    };
  }

  /** Goes on with another connection, since this one is somebody else's. */
  reopen(): void {
    this.#connection?.close();
    if (this.#users.size > 0) this.#open();
  }

  #open(): void {
    this.#connection = this.#plinth.realtime({
      onEvent: (event) => {
        this.#invalidation.after(event);
        this.#tell((user) => user.onEvent?.(event));
      },
      onResync: () => {
        this.#invalidation.all();
        this.#tell((user) => user.onResync?.());
      },
      onMessage: (message) => this.#tell((user) => user.onMessage?.(message)),
      onRefusal: (refusal) => this.#tell((user) => user.onRefusal?.(refusal)),
      onStatus: (status) => {
        this.#tell((user) => user.onStatus?.(status));
        this.#changed();
      },
    });
    for (const channel of this.#channels.keys()) this.#connection.join(channel);
    this.#changed();
  }

  #changed(): void {
    for (const changed of [...this.#watchers]) tell(changed);
  }

  #tell(each: (user: RealtimeOptions) => void): void {
    for (const user of [...this.#users]) tell(() => each(user));
  }
}
