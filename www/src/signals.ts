import type { BrowserPlugin } from '@snowplow/browser-tracker';
import { bannerHandler } from '../../js/banner/index.js';
import type { ConnectionChange, Intervention } from '../../js/types.js';

declare global {
  interface Window {
    /** The global of the script tag. Undefined if the script could not be loaded. */
    snowplowSignals?: typeof import('../../js/api.js');
  }
}

interface SignalsOptions {
  signalsUrl: string;
  onIntervention: (intervention: Intervention) => void;
  onConnectionChange: (change: ConnectionChange) => void;
}

/** The plugins that receive interventions. None if the script could not be loaded, because the shop works without it. */
export function signalsPlugins(): BrowserPlugin[] {
  if (window.snowplowSignals) return [window.snowplowSignals.SignalsPlugin()];
  console.error('[shop] signals-interventions.js could not be loaded, so the shop receives no interventions');
  return [];
}

/** Subscribes to interventions, logs them, and shows banners for those that have a template. */
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
  // The cart is on one side, and the activity drawer on the other.
  position: 'bottom',
  templates: {
    discount: { message: '10% off your next purchase!', code: 'SAVE10', tone: 'success' },
    cart_abandonment: { message: "Don't forget your items in cart!", tone: 'warning' },
    free_shipping: { message: 'Free shipping on orders over $100!', code: 'FREE', tone: 'info' },
  },
});
