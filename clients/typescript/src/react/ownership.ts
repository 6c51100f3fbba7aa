import type { Query, QueryClient } from '@tanstack/react-query';
import { getMeQueryKey } from '../generated/@tanstack/react-query.gen.js';
import type { Role, User } from '../generated/types.gen.js';
import type { Plinth } from '../plinth.js';
import type { Invalidation } from './invalidation.js';

/** For whom a cache was read. */
interface Owner {
  login: string | undefined;
  /** Known once the server has said who that is. */
  id?: string | undefined;
  /** What they were when the page last showed them. */
  role?: Role | undefined;
  /** Whether what was dropped is still to be read for them. */
  dropped: boolean;
}

/** By cache, and by server: what was read outlives a provider, and providers of two servers may share a cache. */
const OWNERS = new WeakMap<QueryClient, Map<string, Owner>>();

/** Sees to it that nobody is shown what was read for somebody else. */
export class Ownership {
  readonly #plinth: Plinth;
  readonly #queries: QueryClient;
  readonly #invalidation: Invalidation;
  readonly #owner: Owner;

  /** Of what is cached there. */
  constructor(plinth: Plinth, queries: QueryClient, invalidation: Invalidation) {
    this.#plinth = plinth;
    this.#queries = queries;
    this.#invalidation = invalidation;
    const owners = OWNERS.get(queries) ?? new Map<string, Owner>();
    const server = plinth.client.getConfig().baseUrl ?? '';
    this.#owner = owners.get(server) ?? { login: plinth.session.loginId, dropped: false };
    OWNERS.set(queries, owners.set(server, this.#owner));
  }

  /** Drops what was read for another login than that of now. */
  claim(): void {
    const { loginId } = this.#plinth.session;
    if (loginId !== this.#owner.login) this.#passTo(loginId);
  }

  /**
   * Drops what was read, and calls `another`, when another user is signed in than before, without a login. The cookie that
   * keeps the refresh token belongs to the server's host: another app there, or a page that tries the API out, puts its own
   * in its place. Returns what ends that.
   */
  watch(another: () => void): () => void {
    const cache = this.#queries.getQueryCache();
    const queryKey = getMeQueryKey({ client: this.#plinth.client });
    const read = () => this.#queries.getQueryData<User>(queryKey)?.id;
    this.#owner.id ??= read();
    return cache.subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'success') return;
      if (event.query !== cache.find({ queryKey })) return;
      const before = this.#owner.id;
      this.#owner.id = read();
      if (before === undefined || before === this.#owner.id) return;
      // After this update of the cache, and before it is rendered.
      queueMicrotask(() => {
        this.#passTo(this.#plinth.session.loginId, this.#owner.id);
        this.#restore();
        another();
      });
    });
  }

  /**
   * Reads anew what is still on the page, now that it shows this login and user: whatever was not for them has gone from it,
   * and would only be refused. So is what was read with another role.
   */
  shown(login: string | null | undefined, user: User | undefined): void {
    // Else what it shows is of before a change.
    if (login !== this.#owner.login) return;
    this.#restore();
    if (!user) return;
    if (this.#owner.role !== undefined && this.#owner.role !== user.role) this.#invalidation.all();
    this.#owner.role = user.role;
  }

  #restore(): void {
    if (!this.#owner.dropped) return;
    this.#owner.dropped = false;
    const predicate = (query: Query) => !query.isFetched();
    void this.#queries.refetchQueries({ type: 'active', predicate }, { cancelRefetch: false });
  }

  #passTo(login: string | undefined, id?: string): void {
    Object.assign(this.#owner, { login, id, role: undefined, dropped: true } satisfies Owner);
    this.#queries.getMutationCache().clear();
    const cache = this.#queries.getQueryCache();
    for (const query of cache.getAll()) {
      // Whoever shows one goes on with the same, and would not notice that it has been removed.
      if (query.getObserversCount() > 0) query.reset();
      else cache.remove(query);
    }
  }
}
