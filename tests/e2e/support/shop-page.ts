import { expect, type Locator, type Page, type Response } from '@playwright/test';
import type { MockServer } from './mock-server';

/** What the three banners of the shop say. */
export const BANNERS = {
  discount: /10% off your next purchase!.*SAVE10/,
  cartAbandonment: /Don't forget your items in cart!/,
  freeShipping: /Free shipping on orders over \$100!.*FREE/,
};

/** The shop as a shopper sees it, and the answers of its server. */
export class ShopPage {
  readonly page: Page;
  readonly banners: Locator;
  readonly productDialog: Locator;
  readonly cart: Locator;
  readonly #server: MockServer;

  constructor(page: Page, server: MockServer) {
    this.page = page;
    this.#server = server;
    this.banners = page.getByRole('status');
    this.productDialog = page.locator('dialog#product');
    this.cart = page.getByRole('complementary', { name: 'Your cart' });
  }

  /** Opens the shop and waits until it hears of interventions. */
  async open(): Promise<void> {
    await this.page.goto(this.#server.origin);
    await this.isConnected();
  }

  /** Waits until the plugin's stream is open. */
  async isConnected(): Promise<void> {
    await expect(this.page.locator('#connection-state')).toHaveText('open', { timeout: 15_000 });
  }

  card(productId: string): Locator {
    return this.page.locator(`[data-product-id="${productId}"]`);
  }

  banner(text: RegExp): Locator {
    return this.banners.filter({ hasText: text });
  }

  /** Opens a product's details and waits until the collector has taken the product view. */
  async openProduct(productId: string): Promise<void> {
    await this.#andCollect('product_view', () => this.card(productId).click());
    await expect(this.productDialog).toBeVisible();
  }

  /** Opens and closes the details of products. */
  async viewProducts(...productIds: string[]): Promise<void> {
    for (const id of productIds) {
      await this.openProduct(id);
      await this.closeProduct();
    }
  }

  async closeProduct(): Promise<void> {
    await this.productDialog.getByRole('button', { name: 'Close product' }).click();
    await expect(this.productDialog).toBeHidden();
    // The address follows a moment later; a reload before that would open the product again.
    await expect(this.page).not.toHaveURL(/#/);
  }

  /** Puts a product into the cart and waits until the collector knows. Looking at it first is a product view. */
  async addToCart(productId: string): Promise<void> {
    await this.openProduct(productId);
    await this.#andCollect('add_to_cart', () =>
      this.page.getByRole('button', { name: 'Add to cart' }).click(),
    );
    await this.closeProduct();
  }

  /** Becomes a new shopper, and waits until both the collector and the stream know. */
  async resetUserData(): Promise<void> {
    const before = await this.domainUserId();
    const streamOfNewShopper = this.page.waitForRequest(
      (request) => request.resourceType() === 'eventsource' && !request.url().includes(before),
    );
    await this.#andCollect('"e":"pv"', () =>
      this.page.getByRole('button', { name: 'Reset user data' }).click(),
    );
    await streamOfNewShopper;
    await this.isConnected();
  }

  domainUserId(): Promise<string> {
    return this.page.locator('#domain-userid').innerText();
  }

  /** Names of the interventions received since the page was loaded, oldest first. */
  async received(): Promise<string[]> {
    const titles = await this.page.locator('#interventions .log-title').allTextContents();
    return titles.map((title) => title.replace(/ v\d+$/, '')).reverse();
  }

  /**
   * Waits until everything that the server has sent so far has arrived: a stream keeps its order, so that what was not
   * received before an intervention pushed now was never sent.
   */
  async settle(): Promise<void> {
    const id = await this.page.locator('#domain-userid').textContent();
    const count = (await this.received()).filter((name) => name === 'settled').length;
    await this.#server.push('settled', id ?? '');
    await expect
      .poll(async () => (await this.received()).filter((name) => name === 'settled').length)
      .toBe(count + 1);
  }

  /** Does something that sends an event containing `text`, and waits until the collector has processed it. */
  async #andCollect(text: string, action: () => Promise<void>): Promise<void> {
    const collected = this.page.waitForResponse((response) => isCollected(response, text));
    await action();
    await collected;
  }
}

function isCollected(response: Response, text: string): boolean {
  const request = response.request();
  const body = request.method() === 'POST' ? request.postData() : null;
  // Events inside events are JSON in JSON: their quotes are escaped.
  return response.ok() && (body?.replaceAll('\\', '').includes(text) ?? false);
}
