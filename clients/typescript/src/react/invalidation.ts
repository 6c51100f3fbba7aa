import type { Query, QueryClient } from '@tanstack/react-query';
import type { ServerEvent } from '../frames.js';

/** Events that arrive within so many milliseconds are answered together. */
const PAUSE = 50;

/** How long a list of several parts is left alone for each of them after it was read, in milliseconds. */
const REST = 100;

/** The operations that events concern, and which of their answers an event may have changed. */
const CONCERNED: ReadonlyMap<unknown, (event: ServerEvent, query: Query) => boolean> = new Map([
  ['listItems', (event: ServerEvent) => 'item' in event],
  ['listUsers', (event: ServerEvent) => 'user' in event],
  ['getItem', isOfPath],
  ['getUser', isOfPath],
  ['getMe', (event: ServerEvent, { state }: Query) => hasId(state.data, idOf(event))],
]);

/** Reads queries of the generated options anew, as soon as what they have read may have changed. */
export class Invalidation {
  readonly #queries: QueryClient;
  #changed: Array<ServerEvent> = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those whose running fetch is waited for. */
  readonly #awaited = new Set<Query>();
  /** Those that are to be read once they have been left alone for long enough. */
  readonly #resting = new Set<Query>();

  /** Of what is cached there. */
  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  /** After this event: the lists that the row may stand in, and the row itself. */
  after(event: ServerEvent): void {
    this.#changed.push(event);
    this.#timer ??= setTimeout(() => this.#flush(), PAUSE);
  }

  /** Whatever events may concern: nobody knows which of them were missed. */
  missed(): void {
    this.#invalidate((query) => CONCERNED.has(operation(query)));
  }

  /** Whatever the server has answered: it would answer something else to whom it is asked by now. */
  all(): void {
    this.#invalidate((query) => operation(query) !== undefined);
  }

  #flush(): void {
    const changed = this.#changed;
    this.#changed = [];
    this.#timer = undefined;
    this.#invalidate((query) => {
      const concerns = CONCERNED.get(operation(query));
      return concerns !== undefined && changed.some((event) => concerns(event, query));
    });
  }

  #invalidate(concerned: (query: Query) => boolean): void {
    // Before anything is fetched on account of this.
    for (const query of this.#queries.getQueryCache().findAll({ predicate: concerned })) {
      this.#again(query);
      this.#rest(query);
    }
    this.#refetch((query) => concerned(query) && !this.#resting.has(query));
    this.#refetch((query) => concerned(query) && this.#resting.has(query), 'none');
  }

  /** Puts off the next reading of a list of many parts, each of which is a request: changes may go on and on. */
  #rest(query: Query): void {
    const wait = query.state.dataUpdatedAt + REST * (parts(query) - 1) - Date.now();
    if (wait <= 0 || this.#resting.has(query)) return;
    this.#resting.add(query);
    setTimeout(() => {
      this.#resting.delete(query);
      // Unless somebody else has had it read.
      if (query.state.isInvalidated) this.#refetch((each) => each === query);
    }, wait);
  }

  /**
   * Invalidates it once more after the fetch that is running: its answer may be older than the change, and would count as
   * fresh. The fetch is not started anew: where changes come faster than answers, none would ever arrive.
   */
  #again(query: Query): void {
    const { promise, state } = query;
    if (!promise || state.fetchStatus === 'idle' || this.#awaited.has(query)) return;
    this.#awaited.add(query);
    const isIt = (each: Query) => each === query;
    promise
      .finally(() => this.#awaited.delete(query))
      .then(
        () => this.#invalidate(isIt),
        // Whoever shows it has been told of the failure.
        () => this.#refetch(isIt, 'none'),
      );
  }

  #refetch(predicate: (query: Query) => boolean, refetchType: 'active' | 'none' = 'active'): void {
    void this.#queries.invalidateQueries({ predicate, refetchType }, { cancelRefetch: false });
  }
}

/** The name of the operation that a query of the generated options calls; undefined for any other query. */
function operation({ queryKey: [key] }: Query): unknown {
  return typeof key === 'object' && key !== null && '_id' in key ? key._id : undefined;
}

/** How many parts an infinite query has; 1 for any other. */
function parts({ state: { data } }: Query): number {
  if (typeof data !== 'object' || data === null || !('pages' in data)) return 1;
  return Array.isArray(data.pages) ? data.pages.length : 1;
}

function isOfPath(event: ServerEvent, { queryKey: [key] }: Query): boolean {
  return typeof key === 'object' && key !== null && 'path' in key && hasId(key.path, idOf(event));
}

function idOf(event: ServerEvent): string {
  return 'item' in event ? event.item.id : event.user.id;
}

function hasId(value: unknown, id: string): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && value.id === id;
}
