import type { Frame } from '../frames.js';
import type { Plinth } from '../plinth.js';
import type { Realtime, RealtimeOptions, RealtimeStatus } from '../realtime.js';
import { tell } from '../tell.js';
import type { Invalidation } from './invalidation.js';

/** How long a connection outlives the last component that uses it, in milliseconds: a page that uses one may be come back
 * to, and would have to read everything anew. */
const LINGER = 30_000;

/** One connection for all components that use one, open as long as there are any, and half a minute longer. */
export class SharedRealtime {
  readonly #plinth: Plinth;
  readonly #invalidation: Invalidation;
  readonly #users = new Set<RealtimeOptions>();
  readonly #watchers = new Set<() => void>();
  #connection: Realtime | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;
  #ending: ReturnType<typeof setTimeout> | undefined;
  /** How many components have joined each channel. */
  readonly #channels = new Map<string, number>();

  /** To that server; what events concern is read anew so. */
  constructor(plinth: Plinth, invalidation: Invalidation) {
    this.#plinth = plinth;
    this.#invalidation = invalidation;
  }

  /** How it is; closed while nobody uses it, half a minute after the last. */
  get status(): RealtimeStatus {
    return this.#connection?.status ?? 'closed';
  }

  /** Calls `changed` when {@link status} has changed. Returns what ends that. */
  readonly watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  /** Lets it be kept open. Returns what ends that, unless it goes on at once, as in React's strict mode. */
  keep(): () => void {
    clearTimeout(this.#ending);
    return () => {
      this.#ending = setTimeout(() => this.#connection?.close());
    };
  }

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
        this.#invalidation.missed();
        this.#tell((user) => user.onResync?.());
      },
      onOtherEvent: (event) => this.#tell((user) => user.onOtherEvent?.(event)),
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
    tellEach(this.#watchers, (changed) => changed());
  }

  #tell(each: (user: RealtimeOptions) => void): void {
    tellEach(this.#users, each);
  }
}

/** Tells all that are there, and nobody who goes while others are told. */
function tellEach<Listener>(listeners: ReadonlySet<Listener>, how: (listener: Listener) => void): void {
  for (const listener of [...listeners]) {
    if (listeners.has(listener)) tell(() => how(listener));
  }
}
