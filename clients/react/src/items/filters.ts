import type { ListItemsData } from '@plinth/client';
import { type ChangeView, useView } from '../shared/use-view';

type ItemQuery = NonNullable<ListItemsData['query']>;

/** An order that the server knows. */
export type ItemOrder = NonNullable<ItemQuery['sort']>;

/** The orders that are offered, as options of a select. */
export const ORDERS: ReadonlyArray<{ readonly value: ItemOrder; readonly label: string }> = [
  { value: '-created_at', label: 'Newest first' },
  { value: 'created_at', label: 'Oldest first' },
  { value: '-updated_at', label: 'Recently changed' },
  { value: 'title', label: 'Title, A to Z' },
  { value: 'price', label: 'Price, low to high' },
  { value: '-price', label: 'Price, high to low' },
];

/** What is shown, and in which order. */
export interface ItemFilters {
  readonly search: string;
  readonly order: ItemOrder;
  /** Those of others too, for whoever may see them. */
  readonly everyone: boolean;
}

/** The filters, as the address says, and how to change them. */
export function useItemFilters(): readonly [ItemFilters, ChangeView<ItemFilters>] {
  return useView(read, write);
}

/** What to ask the server for. `owner` is whose items to list; undefined for all that may be seen. */
export function toQuery(
  { search, order }: Omit<ItemFilters, 'everyone'>,
  owner: string | undefined,
): ItemQuery {
  return {
    page_size: 20,
    sort: order,
    ...(search && { search }),
    ...(owner && { owner_id: owner }),
  };
}

function read(params: URLSearchParams): ItemFilters {
  const order = ORDERS.find(({ value }) => value === params.get('sort'))?.value ?? '-created_at';
  return { search: params.get('q')?.trim() ?? '', order, everyone: params.get('of') === 'everyone' };
}

function write({ search, order, everyone }: ItemFilters): URLSearchParams {
  const params = new URLSearchParams();
  if (search) params.set('q', search);
  if (order !== '-created_at') params.set('sort', order);
  if (everyone) params.set('of', 'everyone');
  return params;
}
