import { type Cart, changeQuantity, packCart, quantityOf, subtotal, unpackCart } from './cart';
import { findProduct, type Product } from './catalogue';
import { Observable } from './observable';
import { addUp, type Totals } from './pricing';
import { recall, remember } from './storage';
import type { Tracking } from './tracking';

const CART_KEY = 'shop-cart';

/** A completed order. */
export interface Order {
  id: string;
  totals: Totals;
}

/** The shopper's actions. They change the cart and are tracked. */
export class Shop {
  readonly cart: Observable<Cart>;
  /** The voucher code for the checkout. */
  readonly voucher = new Observable<string | null>(null);
  readonly #tracking: Tracking;

  constructor(tracking: Tracking) {
    this.#tracking = tracking;
    this.cart = new Observable(unpackCart(recall(CART_KEY)));
    this.cart.observe((cart) => remember(CART_KEY, packCart(cart)));
  }

  get totals(): Totals {
    return addUp(subtotal(this.cart.value), this.voucher.value);
  }

  /** The product with this id. Tracks that the shopper views it. */
  viewProduct(id: string): Product | undefined {
    const product = findProduct(id);
    if (product) this.#tracking.productView(product);
    return product;
  }

  /** Adds one `product`. */
  add(product: Product): void {
    this.cart.set(changeQuantity(this.cart.value, product, 1));
    this.#tracking.addToCart(product, 1, this.cart.value);
  }

  /** Removes `quantity` of `product`. Default: all of it. */
  remove(product: Product, quantity = quantityOf(this.cart.value, product)): void {
    this.cart.set(changeQuantity(this.cart.value, product, -quantity));
    this.#tracking.removeFromCart(product, quantity, this.cart.value);
  }

  /** Completes the order and empties the cart. */
  checkOut(): Order {
    const order = { id: makeOrderId(), totals: this.totals };
    this.#tracking.transaction(order.id, this.cart.value, order.totals, this.voucher.value);
    this.#empty();
    return order;
  }

  /** Empties the cart and turns the shopper into a new one, so that all interventions can trigger again. */
  startOver(): void {
    this.#empty();
    this.#tracking.forgetShopper();
  }

  #empty(): void {
    this.cart.set([]);
    this.voucher.set(null);
  }
}

function makeOrderId(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0]).padStart(10, '0');
}
