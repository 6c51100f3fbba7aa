import type { Item, ItemCreate, ItemUpdate } from '@plinth/client';
import { formatPrice } from './format';

/** What can be typed of an item. A price is text while it is none, or not one yet. */
export type Draft = {
  title: string;
  description: string;
  price: number | string;
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
  // JSON has no such number: it would be sent as null, which is no price.
  price: (price: number | string) => (Number.isFinite(Number(price)) ? null : 'Enter a number'),
};

/** Of an item as it is. */
export function toDraft({ title, description, price }: Item): Draft {
  return { title, description: description ?? '', price: price ?? '' };
}

/** What the server is sent for it. */
export function toBody({ title, description, price }: Draft): Required<ItemCreate> {
  return {
    title: title.trim(),
    description: description.trim() === '' ? null : description,
    price: price === '' ? null : Number(price),
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

/** A field that stands otherwise here and on the server. */
export interface Difference {
  readonly field: Field;
  /** As it was typed here, or, when it was not touched, as it was. */
  readonly mine: string;
  /** As it is on the server. */
  readonly theirs: string;
  /** Whether it was changed here; if not, theirs stays whatever is decided. */
  readonly touched: boolean;
}

/** How `changes` of `base` differ from what the item has become in the meantime. */
export function differences(base: Item, changes: ItemUpdate, theirs: Item): ReadonlyArray<Difference> {
  const mine = { ...base, ...changes };
  const fields: ReadonlyArray<Field> = ['title', 'description', 'price'];
  return fields
    .filter((field) => mine[field] !== theirs[field])
    .map((field) => ({
      field,
      mine: show(mine[field]),
      theirs: show(theirs[field]),
      touched: field in changes,
    }));
}

function show(value: string | number | null): string {
  return typeof value === 'number' ? formatPrice(value) : (value ?? '');
}
