// A shop in the manner of the public tutorial's demo app: the same calls with the same settings in the same order, when the page
// is shown, when a product is viewed, and when one is added to the cart. Only React is missing.
import {
  SnowplowEcommercePlugin,
  trackAddToCart,
  trackProductView,
} from '@snowplow/browser-plugin-snowplow-ecommerce';
import { clearUserData, newTracker, setUserId } from '@snowplow/browser-tracker';
import {
  addInterventionHandlers,
  type Intervention,
  SignalsPlugin,
  subscribeToInterventions,
} from '@snowplow/signals-browser-plugin';

const BANNERS: Record<string, { message: string; code?: string }> = {
  cart_abandonment: { message: "Don't forget your items in cart!" },
  discount: { message: '10% off your next purchase!', code: 'SAVE10' },
  free_shipping: { message: 'Free shipping on orders over $100!', code: 'FREE' },
};

const PRODUCTS = [
  { id: 1, title: 'Mascara', category: 'beauty', price: 9.99 },
  { id: 2, title: 'Eyeshadow', category: 'beauty', price: 19.99 },
  { id: 3, title: 'Lipstick', category: 'beauty', price: 12.99 },
  { id: 4, title: 'Perfume', category: 'fragrances', price: 129.99 },
];

const banner = document.createElement('output');
const button = (text: string, click: () => void) => {
  const element = document.createElement('button');
  element.textContent = text;
  element.addEventListener('click', click);
  return element;
};

function start(): void {
  newTracker('sp', location.origin, {
    appId: 'ai_demo',
    discoverRootDomain: true,
    cookieSameSite: 'Lax',
    contexts: { webPage: true },
    plugins: [SnowplowEcommercePlugin(), SignalsPlugin()],
  });
  subscribeToInterventions({
    endpoint: location.origin,
    attributeKeyTargets: { user_id: '/user_id' },
  });
  addInterventionHandlers({
    handler: ({ name }: Intervention) => {
      const { message, code } = BANNERS[name] ?? { message: `unknown: ${name}` };
      banner.textContent = code ? `${message} Use code: ${code}` : message;
    },
  });
}

function view({ id, title: name, category, price }: (typeof PRODUCTS)[number]): void {
  trackProductView({ id: String(id), name, brand: 'N/A', category, price, currency: 'USD' });
}

function addToCart({ id, title: name, category, price }: (typeof PRODUCTS)[number]): void {
  trackAddToCart({
    products: [{ id: String(id), name, brand: 'N/A', category, price, currency: 'USD' }],
    total_value: price,
    currency: 'USD',
  });
}

start();
document.body.append(
  banner,
  ...PRODUCTS.flatMap((product) => [
    button(`View ${product.title}`, () => view(product)),
    button(`Add ${product.title}`, () => addToCart(product)),
  ]),
  button('Be somebody else', () => {
    clearUserData();
    setUserId('somebody-else');
    banner.textContent = '';
  }),
);
