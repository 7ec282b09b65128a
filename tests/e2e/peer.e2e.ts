import { openBarePage } from './support/bare-page';
import { expect, test } from './support/test';

declare global {
  interface Window {
    shopping: {
      received: { name: string; attributes: Record<string, unknown> }[];
      viewProduct: () => void;
      addToCart: (price: number) => void;
    };
  }
}

const SCRIPT = `
  import { newTracker } from '@snowplow/browser-tracker';
  import * as ecommerce from '@snowplow/browser-plugin-snowplow-ecommerce';
  import { SignalsPlugin, addInterventionHandlers, subscribeToInterventions } from '@snowplow/signals-browser-plugin';

  const received = [];
  newTracker('peer', location.origin, {
    cookieSecure: false,
    plugins: [ecommerce.SnowplowEcommercePlugin(), SignalsPlugin()],
  });
  addInterventionHandlers({ test: (intervention) => { received.push(intervention); } });
  subscribeToInterventions({ endpoint: location.origin });

  const product = (price) => ({ id: 'lamp', name: 'Lamp', category: 'Desk', price, currency: 'USD' });
  window.shopping = {
    received,
    viewProduct: () => ecommerce.trackProductView(product(10)),
    addToCart: (price) => ecommerce.trackAddToCart({ products: [product(price)], total_value: price, currency: 'USD' }),
  };
`;

test('the existing JavaScript plugin receives the same interventions', async ({ page, server }) => {
  const streamOpened = page.waitForResponse(
    (response) => response.request().resourceType() === 'eventsource',
  );
  await openBarePage(page, server, { script: SCRIPT, policy: "default-src 'self'; img-src data:" });
  expect((await streamOpened).status()).toBe(200);
  const received = () => page.evaluate(() => window.shopping.received.map(({ name }) => name));

  await page.evaluate(() => {
    for (let view = 0; view < 4; view++) window.shopping.viewProduct();
  });
  await expect.poll(received).toEqual(['discount']);
  await page.evaluate(() => window.shopping.addToCart(60));
  await expect.poll(received).toEqual(['discount', 'cart_abandonment']);
  await page.evaluate(() => window.shopping.addToCart(60));
  await expect.poll(received).toEqual(['discount', 'cart_abandonment', 'free_shipping']);
  expect(await page.evaluate(() => window.shopping.received[0]?.attributes)).toMatchObject({
    count_product_views: 4,
  });
});
