import type { BrowserPlugin } from '@snowplow/browser-tracker';
import { bannerHandler } from '../../js/banner/index.js';
import type { ConnectionChange, Intervention } from '../../js/types.js';

declare global {
  interface Window {
    /** What the script tag brought; missing if it could not be loaded. */
    snowplowSignals?: typeof import('../../js/api.js');
  }
}

interface SignalsOptions {
  signalsUrl: string;
  onIntervention: (intervention: Intervention) => void;
  onConnectionChange: (change: ConnectionChange) => void;
}

/** The plugins that receive interventions: none where the script tag could not be loaded, as the shop works without. */
export function signalsPlugins(): BrowserPlugin[] {
  if (window.snowplowSignals) return [window.snowplowSignals.SignalsPlugin()];
  console.error('[shop] signals-interventions.js is missing: no interventions will be received');
  return [];
}

/** Subscribes to interventions, logs them, and shows banners for the ones the shop has words for. */
export function receiveInterventions({
  signalsUrl,
  onIntervention,
  onConnectionChange,
}: SignalsOptions): void {
  const signals = window.snowplowSignals;
  if (!signals) return;
  signals.onConnectionChange(onConnectionChange);
  signals.addInterventionHandlers({ activity: onIntervention, banner: showBanners });
  signals.subscribeToInterventions({ endpoint: signalsUrl });
}

const showBanners = bannerHandler({
  // The cart is at one side, the activity drawer at the other.
  position: 'bottom',
  templates: {
    discount: { message: '10% off your next purchase!', code: 'SAVE10', tone: 'success' },
    cart_abandonment: { message: "Don't forget your items in cart!", tone: 'warning' },
    free_shipping: { message: 'Free shipping on orders over $100!', code: 'FREE', tone: 'info' },
  },
});
