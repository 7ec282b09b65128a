import { Activity } from './activity';
import { liveAgenticContexts } from './agentic-contexts';
import { liveAttributes } from './attributes';
import { find } from './dom';
import { quietBehindDialogs } from './live-regions';
import { loadSettings } from './settings';
import { Shop } from './shop';
import { receiveInterventions, signalsPlugins } from './signals';
import { Tracking } from './tracking';
import { showActivity } from './views/activity-drawer';
import { showCart } from './views/cart-panel';
import { orderDialog } from './views/order-dialog';
import { ProductDialog } from './views/product-dialog';
import { wireSettingsDialog } from './views/settings-dialog';
import { showShelf } from './views/shelf';
import { Tour } from './views/tour';

const settings = loadSettings();
const activity = new Activity();
const tracking = new Tracking({
  collectorUrl: settings.collectorUrl,
  plugins: signalsPlugins(),
  onEvent: ({ title, detail }) => activity.eventSent(title, detail),
  // When the collector answers, the events have been processed.
  onCollected: () => {
    void attributes.mayHaveChanged();
    void agenticContexts.mayHaveChanged();
  },
  onFailure: (reason) => activity.eventSent('not delivered', reason),
});
const attributes = liveAttributes({
  signalsUrl: settings.signalsUrl,
  domainUserId: () => tracking.shopper.domainUserId,
});
const agenticContexts = liveAgenticContexts({
  signalsUrl: settings.signalsUrl,
  domainSessionId: () => tracking.shopper.domainSessionId,
});
const shop = new Shop(tracking);
const tour = new Tour();

const productDialog = new ProductDialog(shop);
showShelf((product) => productDialog.open(product));
showCart(shop, orderDialog());
showActivity({ activity, attributes, agenticContexts, currentShopper: () => tracking.shopper });
wireSettingsDialog(settings);
quietBehindDialogs();
find(HTMLElement, '#reset-user-data').addEventListener('click', () => {
  tour.startOver();
  shop.startOver();
});

receiveInterventions({
  signalsUrl: settings.signalsUrl,
  onIntervention: (intervention) => {
    activity.interventionReceived(intervention);
    tour.tickOff(intervention);
  },
  onConnectionChange: (change) => activity.connectionChanged(change),
});
// The tracker measures the page. A separate task does not delay the first paint.
setTimeout(() => {
  tracking.pageView();
  productDialog.followAddress();
});
