// What every storefront here does, whatever it is made with.
import { newTracker, trackPageView } from '@snowplow/browser-tracker';
import {
  addInterventionHandlers,
  onConnectionChange,
  SignalsPlugin,
  subscribeToInterventions,
} from 'signals-interventions';
import { bannerHandler } from 'signals-interventions/banner';

/** Tracks to, and receives from, the server that the page came from. */
export function startStore(): void {
  newTracker('sp', location.origin, { appId: 'store', cookieSecure: false, plugins: [SignalsPlugin()] });
  addInterventionHandlers({
    banner: bannerHandler({
      templates: { discount: { message: '10% off your next purchase!', code: 'SAVE10' } },
    }),
  });
  onConnectionChange(({ state }) => {
    document.documentElement.dataset.connection = state;
  });
  subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { user_id: 'ada' } });
  trackPageView();
}
