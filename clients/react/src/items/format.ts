const PRICE = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** What stands before the decimals where the user is, as far as it can be typed here. */
const SEPARATOR = PRICE.formatToParts(0.5).some(({ type, value }) => type === 'decimal' && value === ',')
  ? ','
  : '.';

/** A price as it is typed: in hundredths at the finest, and without anything between thousands. */
const TYPED = /^\d+(?:[.,]\d{1,2})?$/;

/** A price as it is written where the user is. It has no currency. */
export function formatPrice(price: number): string {
  return PRICE.format(price);
}

/** How a price can be typed where the user is. */
export const PRICE_EXAMPLE = `1234${SEPARATOR}50`;

/** A price as it could have been typed. */
export function typePrice(price: number): string {
  return String(price).replace('.', SEPARATOR);
}

/**
 * What was typed as a price; null for nothing, NaN for what is none. A point and a comma both stand before decimals:
 * what could also be meant as thousands (`1,250`) is no price, and not a guess.
 */
export function parsePrice(text: string): number | null {
  const typed = text.trim();
  if (typed === '') return null;
  const price = TYPED.test(typed) ? Number(typed.replace(',', '.')) : Number.NaN;
  // JSON has no other numbers.
  return Number.isFinite(price) ? price : Number.NaN;
}
