import { findProduct, type Product } from './catalogue';

/** One product in the cart, and how many of it: at least 1. */
export interface CartLine {
  product: Product;
  quantity: number;
}

/** Lines in the order in which their products were added. */
export type Cart = readonly CartLine[];

/** `cart` with `change` more (or, if negative, fewer) of `product`. Removes a line that falls to 0. */
export function changeQuantity(cart: Cart, product: Product, change: number): Cart {
  const quantity = quantityOf(cart, product) + change;
  if (quantity <= 0) return cart.filter((line) => line.product.id !== product.id);
  const line = { product, quantity };
  if (quantityOf(cart, product) === 0) return [...cart, line];
  return cart.map((present) => (present.product.id === product.id ? line : present));
}

/** How many of `product` are in the cart. */
export function quantityOf(cart: Cart, product: Product): number {
  return cart.find((line) => line.product.id === product.id)?.quantity ?? 0;
}

/** How many items are in the cart. */
export function countItems(cart: Cart): number {
  return cart.reduce((count, { quantity }) => count + quantity, 0);
}

/** The total price of the items in the cart, in US dollars. */
export function subtotal(cart: Cart): number {
  return cart.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
}

/** The cart in its stored form. */
export function packCart(cart: Cart): unknown {
  return cart.map(({ product, quantity }) => [product.id, quantity]);
}

/** Reads the stored form. Leaves out malformed entries and products that are no longer in the catalogue. */
export function unpackCart(packed: unknown): Cart {
  if (!Array.isArray(packed)) return [];
  return packed.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [id, quantity] = entry;
    const product = typeof id === 'string' ? findProduct(id) : undefined;
    return product && Number.isInteger(quantity) && quantity > 0 ? [{ product, quantity }] : [];
  });
}
