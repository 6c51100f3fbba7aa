/**
 * Options of TanStack Query for every operation, generated: `useQuery(listItemsOptions({ query }))`,
 * `useMutation(createItemMutation())`, `useInfiniteQuery({ ...listItemsInfiniteOptions(), ...byCursor })`.
 *
 * @packageDocumentation
 */
import { isProblem } from './problem.js';

export * from './generated/@tanstack/react-query.gen.js';

/** A part of a list, as every list of the server is answered. */
interface Part {
  readonly next_cursor: string | null;
}

/** Where a part of a list begins. */
interface FromCursor {
  readonly query: { readonly cursor: string };
}

/** Goes through a list by its cursors, which stay right while rows come and go: spread it over the infinite options. */
export const byCursor = {
  // Else `data` would be typed as always there: the generated options seem to have some to begin with.
  initialData: () => undefined,
  // Empty: from the beginning, without counting.
  initialPageParam: { query: { cursor: '' } },
  getNextPageParam: ({ next_cursor }: Part): FromCursor | undefined =>
    next_cursor ? { query: { cursor: next_cursor } } : undefined,
};

/**
 * For the option `retry`: tries three times more what failed for want of the server or the network, and nothing that
 * the server has refused.
 */
export function retryTransient(failures: number, error: unknown): boolean {
  const refused = isProblem(error) && error.status < 500 && error.status !== 408;
  return !refused && failures < 3;
}
