import {
  SnowplowEcommercePlugin,
  type Product as TrackedProduct,
  trackAddToCart,
  trackProductView,
  trackRemoveFromCart,
  trackTransaction,
} from '@snowplow/browser-plugin-snowplow-ecommerce';
import {
  type BrowserPlugin,
  type BrowserTracker,
  clearUserData,
  enableActivityTracking,
  newTracker,
  trackPageView,
} from '@snowplow/browser-tracker';
import { type Cart, subtotal } from './cart';
import type { Product } from './catalogue';
import { describeEvent, type EventDescription } from './event-description';
import { CURRENCY, type Totals } from './pricing';

const SECONDS_BETWEEN_PAGE_PINGS = 10;

/** The shopper's ids. */
export interface Shopper {
  domainUserId: string;
  domainSessionId: string;
}

interface TrackingOptions {
  collectorUrl: string;
  /** More plugins for the tracker. */
  plugins: BrowserPlugin[];
  /** Called with every event that the tracker has accepted. */
  onEvent: (event: EventDescription) => void;
  /** Called when the collector has accepted events. */
  onCollected: () => void;
  /** Called when the collector did not accept an event. The tracker retries if that can help. */
  onFailure: (reason: string) => void;
}

/** Tracks the shopper's actions with the real Snowplow tracker. */
export class Tracking {
  readonly #tracker: BrowserTracker;

  constructor({ collectorUrl, plugins, onEvent, onCollected, onFailure }: TrackingOptions) {
    const overTls = location.protocol === 'https:';
    const tracker = newTracker('shop', collectorUrl, {
      appId: 'pocket-and-pine',
      eventMethod: 'post',
      bufferSize: 1,
      encodeBase64: false,
      // The defaults are for cross-site collectors with TLS. A laptop or a LAN has no TLS.
      cookieSecure: overTls,
      cookieSameSite: 'Lax',
      contexts: { webPage: true },
      onRequestSuccess: onCollected,
      onRequestFailure: ({ message }) => onFailure(message ?? 'no answer'),
      plugins: [
        SnowplowEcommercePlugin(),
        ...plugins,
        { afterTrack: (payload) => onEvent(describeEvent(payload)) },
      ],
    });
    if (!tracker) throw new Error('the page already has a tracker called shop');
    this.#tracker = tracker;
    enableActivityTracking({
      minimumVisitLength: SECONDS_BETWEEN_PAGE_PINGS,
      heartbeatDelay: SECONDS_BETWEEN_PAGE_PINGS,
    });
  }

  get shopper(): Shopper {
    const info = this.#tracker.getDomainUserInfo();
    return { domainUserId: info[1], domainSessionId: info[6] ?? '' };
  }

  pageView(): void {
    trackPageView();
  }

  productView(product: Product): void {
    trackProductView(tracked(product));
  }

  addToCart(product: Product, quantity: number, cart: Cart): void {
    trackAddToCart({
      products: [tracked(product, quantity)],
      total_value: subtotal(cart),
      currency: CURRENCY,
    });
  }

  removeFromCart(product: Product, quantity: number, cart: Cart): void {
    trackRemoveFromCart({
      products: [tracked(product, quantity)],
      total_value: subtotal(cart),
      currency: CURRENCY,
    });
  }

  transaction(orderId: string, cart: Cart, totals: Totals, voucher: string | null): void {
    trackTransaction({
      transaction_id: orderId,
      revenue: totals.total,
      currency: CURRENCY,
      payment_method: 'demo',
      shipping: totals.shipping,
      ...(voucher !== null && { discount_code: voucher, discount_amount: totals.discount }),
      products: cart.map(({ product, quantity }) => tracked(product, quantity)),
    });
  }

  /** Turns the shopper into a new one, with a new session. */
  forgetShopper(): void {
    clearUserData({ preserveUser: false, preserveSession: false });
    // Plugins and the collector learn the new ids from an event.
    trackPageView();
  }
}

function tracked({ id, name, category, price }: Product, quantity?: number): TrackedProduct {
  return { id, name, category, price, currency: CURRENCY, ...(quantity !== undefined && { quantity }) };
}
