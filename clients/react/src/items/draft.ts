import type { Item, ItemCreate, ItemUpdate } from '@plinth/client';
import { formatPrice, PRICE_EXAMPLE, parsePrice, typePrice } from './format';

/** What can be typed of an item. */
export type Draft = {
  title: string;
  description: string;
  price: string;
};

/** A field that can be changed. */
export type Field = keyof Draft;

/** What fields are called. */
export const FIELDS: Readonly<Record<Field, string>> = {
  title: 'Title',
  description: 'Description',
  price: 'Price',
};

/** Of an item that is to be made. */
export const EMPTY_DRAFT: Draft = { title: '', description: '', price: '' };

/** What is wrong with a draft, as far as it cannot be sent at all; the rest is the server's to say. */
export const validateDraft = {
  title: (title: string) => (title.trim() === '' ? 'Enter a title' : null),
  // Said, and not put right: a price that is taken for another one is worse than one that is typed twice.
  price: (price: string) =>
    Number.isNaN(parsePrice(price))
      ? `Enter digits, with at most two decimals and nothing between thousands: ${PRICE_EXAMPLE}`
      : null,
};

/** Of an item as it is. */
export function toDraft({ title, description, price }: Item): Draft {
  return { title, description: description ?? '', price: price === null ? '' : typePrice(price) };
}

/** What the server is sent for it. */
export function toBody({ title, description, price }: Draft): Required<ItemCreate> {
  return {
    title: title.trim(),
    description: description.trim() === '' ? null : description,
    price: parsePrice(price),
  };
}

/** What a draft changes of the item that it was made of. */
export function changesOf(base: Item, draft: Draft): ItemUpdate {
  const { title, description, price } = toBody(draft);
  return {
    ...(title !== base.title && { title }),
    ...(description !== base.description && { description }),
    ...(price !== base.price && { price }),
  };
}

/** A field that was changed elsewhere, and stands otherwise here. */
export interface Difference {
  readonly field: Field;
  /** As it was typed here, or, when it was not touched, as it was. */
  readonly mine: string;
  /** As it is on the server. */
  readonly theirs: string;
  /** Whether it was changed here; if not, theirs stays whatever is decided. */
  readonly touched: boolean;
}

/**
 * How `changes` of `known` differ from what that has become in the meantime. `typed` is what was typed as a price, in
 * case it is none.
 */
export function differences(
  known: Item,
  changes: ItemUpdate,
  theirs: Item,
  typed = '',
): ReadonlyArray<Difference> {
  const mine = { ...known, ...changes };
  const fields: ReadonlyArray<Field> = ['title', 'description', 'price'];
  return fields
    .filter((field) => theirs[field] !== known[field] && theirs[field] !== mine[field])
    .map((field) => ({
      field,
      mine: Number.isNaN(mine[field]) ? typed : show(mine[field]),
      theirs: show(theirs[field]),
      touched: field in changes,
    }));
}

/** Whether an item is already as `changes` would make it. */
export function isAsWanted(item: Item, changes: ItemUpdate): boolean {
  const wanted = { ...item, ...changes };
  return (
    wanted.title === item.title && wanted.description === item.description && wanted.price === item.price
  );
}

function show(value: string | number | null): string {
  return typeof value === 'number' ? formatPrice(value) : (value ?? '');
}
