const PRICE = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A price as it is written where the user is. It has no currency. */
export function formatPrice(price: number): string {
  return PRICE.format(price);
}

/** What stands between the whole number and its decimals where the user is. */
export const DECIMAL_SEPARATOR =
  PRICE.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.';
