/** The currency of every price, ISO 4217. */
export const CURRENCY = 'USD';

const SHIPPING = 8;
const FREE_SHIPPING_OVER = 100;

/** The price of an order, in US dollars. */
export interface Totals {
  subtotal: number;
  discount: number;
  shipping: number;
  total: number;
}

/** The effect of a voucher on an order, and its message to the shopper. */
interface Voucher {
  says: string;
  apply(subtotal: number): Partial<Pick<Totals, 'discount' | 'shipping'>>;
}

/** The codes in the banners. */
const VOUCHERS: Readonly<Record<string, Voucher>> = {
  SAVE10: {
    says: '10% off, with pleasure.',
    apply: (subtotal) => ({ discount: roundToCents(subtotal * 0.1) }),
  },
  FREE: {
    says: `Free shipping on orders over $${FREE_SHIPPING_OVER}.`,
    apply: (subtotal) => (subtotal > FREE_SHIPPING_OVER ? { shipping: 0 } : {}),
  },
};

/** The message of the voucher `code`, or `undefined` if there is no such voucher. */
export function describeVoucher(code: string): string | undefined {
  return findVoucher(code)?.says;
}

/** Computes the price of an order. An unknown code changes nothing. */
export function addUp(subtotal: number, code: string | null): Totals {
  const { discount = 0, shipping = SHIPPING } = (code !== null && findVoucher(code)?.apply(subtotal)) || {};
  return { subtotal, discount, shipping, total: roundToCents(subtotal - discount + shipping) };
}

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: CURRENCY });
const wholeDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: CURRENCY,
  maximumFractionDigits: 0,
});

/** `64` → `$64`, `64.5` → `$64.50`. */
export function formatPrice(price: number): string {
  return (Number.isInteger(price) ? wholeDollars : dollars).format(price);
}

function findVoucher(code: string): Voucher | undefined {
  return Object.hasOwn(VOUCHERS, code) ? VOUCHERS[code] : undefined;
}

function roundToCents(price: number): number {
  return Math.round(price * 100) / 100;
}
