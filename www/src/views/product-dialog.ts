import { quantityOf } from '../cart';
import type { Product } from '../catalogue';
import { find, wireCloseButtons } from '../dom';
import { formatPrice } from '../pricing';
import type { Shop } from '../shop';
import { fillTile } from './tile';

/** The details of a product. Its id is in the fragment of the page's address, so that people can share it. */
export class ProductDialog {
  readonly #shop: Shop;
  readonly #dialog = find(HTMLDialogElement, '#product');
  readonly #inCart = find(HTMLElement, '#product-in-cart');
  #product: Product | undefined;

  constructor(shop: Shop) {
    this.#shop = shop;
    wireCloseButtons(this.#dialog);
    this.#dialog.addEventListener('close', () => this.#onClose());
    find(HTMLElement, '#add-to-cart').addEventListener('click', () => {
      if (this.#product) shop.add(this.#product);
    });
    shop.cart.observe(() => this.#showQuantity());
    addEventListener('popstate', () => this.followAddress());
  }

  /** Opens the details of `product`. */
  open(product: Product): void {
    history.pushState(null, '', `#${product.id}`);
    this.followAddress();
  }

  /** Shows the product in the address, or none. */
  followAddress(): void {
    const id = location.hash.slice(1);
    if (id === this.#product?.id) return;
    this.#product = this.#shop.viewProduct(id);
    if (!this.#product) {
      this.#dialog.close();
      return;
    }
    this.#show(this.#product);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #show(product: Product): void {
    fillTile(this.#dialog, product);
    find(HTMLElement, '#product-category').textContent = product.category;
    find(HTMLElement, '#product-name').textContent = product.name;
    find(HTMLElement, '#product-description').textContent = product.description;
    find(HTMLElement, '#product-price').textContent = formatPrice(product.price);
    this.#showQuantity();
  }

  #showQuantity(): void {
    const quantity = this.#product ? quantityOf(this.#shop.cart.value, this.#product) : 0;
    this.#inCart.textContent = quantity > 0 ? `${quantity} in your cart` : '';
  }

  #onClose(): void {
    if (!this.#product) return;
    this.#product = undefined;
    history.replaceState(null, '', location.pathname + location.search);
  }
}
