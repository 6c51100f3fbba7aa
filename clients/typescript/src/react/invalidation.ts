import type { Query, QueryClient } from '@tanstack/react-query';
import type { ServerEvent } from '../frames.js';

/** Events that arrive within so many milliseconds are answered together. */
const PAUSE = 50;

/** Reads anew what events say has changed: the lists that it may stand in, and the row itself. */
export class Invalidation {
  readonly #queries: QueryClient;
  #changed: Array<ServerEvent> = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those whose running fetch is waited for. */
  readonly #awaited = new Set<Query>();

  /** Of what is cached there. */
  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  /** After this event. */
  after(event: ServerEvent): void {
    this.#changed.push(event);
    this.#timer ??= setTimeout(() => this.#flush(), PAUSE);
  }

  /** Everything: nobody knows what was missed. */
  all(): void {
    this.#invalidate(() => true);
  }

  #flush(): void {
    const changed = this.#changed;
    this.#changed = [];
    this.#timer = undefined;
    this.#invalidate((query) => changed.some((event) => concerns(event, query)));
  }

  #invalidate(concerned: (query: Query) => boolean): void {
    // Before anything is fetched on account of this.
    for (const query of this.#queries.getQueryCache().findAll({ predicate: concerned })) this.#again(query);
    void this.#queries.invalidateQueries({ predicate: concerned });
  }

  /** Invalidates it after the fetch that is running, if that goes on: its answer may be older than the change, and would
   * count as fresh. Only that of a query which has data and is shown is started anew. */
  #again(query: Query): void {
    const { promise, state } = query;
    const restarted = state.data !== undefined && query.isActive();
    if (!promise || state.fetchStatus === 'idle' || restarted || this.#awaited.has(query)) return;
    this.#awaited.add(query);
    const settle = (refetchType: 'active' | 'none') => {
      this.#awaited.delete(query);
      void this.#queries.invalidateQueries({ predicate: (each) => each === query, refetchType });
    };
    promise.then(
      () => settle('active'),
      // Whoever shows it has been told of the failure.
      () => settle('none'),
    );
  }
}

/** Whether an event may have changed what a query of a generated option has read. */
function concerns(event: ServerEvent, { queryKey, state }: Query): boolean {
  const [key] = queryKey;
  if (typeof key !== 'object' || key === null || !('_id' in key)) return false;
  const id = 'item' in event ? event.item.id : event.user.id;
  switch (key._id) {
    case 'listItems':
      return 'item' in event;
    case 'listUsers':
      return 'user' in event;
    case 'getItem':
    case 'getUser':
      return 'path' in key && hasId(key.path, id);
    case 'getMe':
      return hasId(state.data, id);
    default:
      return false;
  }
}

function hasId(value: unknown, id: string): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && value.id === id;
}
