import type { Item, PageItem } from '@plinth/client';
import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query';

/** A list as far as it was scrolled. */
type Pages = InfiniteData<PageItem>;

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
  await queries.cancelQueries({ predicate: isItemList });
  let before: Item | undefined;
  queries.setQueriesData<Pages>({ predicate: isItemList }, (pages) =>
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
  const predicate = (query: Query) => isItemList(query) && beginsWith(query, item);
  queries.setQueriesData<Pages>({ predicate }, (pages) => {
    // The event of its making may have been faster.
    if (!pages || pages.pages.some(({ items }) => items.some(({ id }) => id === item.id))) return pages;
    return mapRows(pages, (rows, page) => (page === 0 ? [item, ...rows] : rows));
  });
}

/** Reads the lists anew: a change may move a row, or take it out of a search. */
export function refreshLists(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({ predicate: isItemList });
}

function mapRows(
  pages: Pages | undefined,
  map: (rows: Array<Item>, page: number) => Array<Item>,
): Pages | undefined {
  if (!pages) return pages;
  return { ...pages, pages: pages.pages.map((page, at) => ({ ...page, items: map(page.items, at) })) };
}

/** The keys of the generated infinite options: `[{ _id, _infinite, query, baseUrl }]`. */
function isItemList({ queryKey: [key] }: Query): boolean {
  return isObject(key) && key['_id'] === 'listItems' && key['_infinite'] === true;
}

/** Whether a new item is the first of that list. */
function beginsWith({ queryKey: [key] }: Query, item: Item): boolean {
  const query = isObject(key) && isObject(key['query']) ? key['query'] : {};
  const newestFirst = query['sort'] === '-created_at' || query['sort'] === '-updated_at';
  const ofOwner = query['owner_id'] === undefined || query['owner_id'] === item.owner_id;
  return newestFirst && ofOwner && query['search'] === undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
