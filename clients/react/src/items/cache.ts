import type { Item, PageItem } from '@plinth/client';
import { listItemsInfiniteQueryKey } from '@plinth/client/query';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { type ItemOrder, toQuery } from './filters';

/** A list as far as it was scrolled. */
type Pages = InfiniteData<PageItem>;

/** The orders in which a new item is the first. */
const NEWEST_FIRST: ReadonlyArray<ItemOrder> = ['-created_at', '-updated_at'];

/** Every list of items: the key without a query is the beginning of all of them. */
const lists = () => ({ queryKey: listItemsInfiniteQueryKey() });

/**
 * Changes an item, or takes it out (null), in every list that shows it, before the server has agreed or after. Returns
 * the item as it was shown before, if it was.
 */
export async function changeInLists(
  queries: QueryClient,
  id: string,
  change: (item: Item) => Item | null,
): Promise<Item | undefined> {
  // An answer on its way would bring the old state back.
  await queries.cancelQueries(lists());
  let before: Item | undefined;
  queries.setQueriesData<Pages>(lists(), (pages) =>
    mapRows(pages, (rows) =>
      rows.flatMap((row) => {
        if (row.id !== id) return [row];
        before = row;
        return change(row) ?? [];
      }),
    ),
  );
  return before;
}

/** Puts a new item on top of the lists where the newest stand first and every item of its owner stands. */
export function addToLists(queries: QueryClient, item: Item): void {
  for (const order of NEWEST_FIRST) {
    for (const owner of [undefined, item.owner_id]) {
      const queryKey = listItemsInfiniteQueryKey({ query: toQuery({ search: '', order }, owner) });
      queries.setQueryData<Pages>(queryKey, (pages) => {
        // The event of its making may have been faster.
        if (!pages || hasItem(pages, item.id)) return pages;
        return mapRows(pages, (rows, page) => (page === 0 ? [item, ...rows] : rows));
      });
    }
  }
}

/** Reads the lists anew: a change may move a row, or take it out of a search. */
export function refreshLists(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries(lists());
}

/** Whether a list that is looked at has the item, as far as it was scrolled. */
export function isInSight(queries: QueryClient, id: string): boolean {
  const shown = queries.getQueriesData<Pages>({ ...lists(), type: 'active' });
  return shown.some(([, pages]) => pages && hasItem(pages, id));
}

function hasItem({ pages }: Pages, id: string): boolean {
  return pages.some(({ items }) => items.some((item) => item.id === id));
}

function mapRows(
  pages: Pages | undefined,
  map: (rows: Array<Item>, page: number) => Array<Item>,
): Pages | undefined {
  if (!pages) return pages;
  return { ...pages, pages: pages.pages.map((page, at) => ({ ...page, items: map(page.items, at) })) };
}
