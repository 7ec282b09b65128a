// The existing JavaScript plugin, as it is on npm, with the real tracker against the mock server: it cannot tell the difference.
import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

interface Received {
  name: string;
  version: number;
  attributes: Record<string, unknown>;
  target_attribute_key: { name: string; id: string };
}

declare global {
  interface Window {
    shopping: {
      received: Received[];
      domainUserId: () => string;
      viewProducts: (count: number) => void;
      addToCart: (price: number) => void;
    };
  }
}

/** Major versions of the tracker that the plugin supports, and where this project has them from. */
const TRACKERS = { 3: 'browser-tracker-3', 4: '@snowplow/browser-tracker' };

const script = (tracker: string) => `
  import { newTracker, trackSelfDescribingEvent } from '${tracker}';
  import { SignalsPlugin, addInterventionHandlers, subscribeToInterventions } from '@snowplow/signals-browser-plugin';

  const received = [];
  const tracker = newTracker('peer', location.origin, { appId: 'peer', cookieSecure: false, plugins: [SignalsPlugin()] });
  addInterventionHandlers({ test: (intervention) => { received.push(intervention); } });
  subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { user_id: 'ada' } });

  const act = (type, context) => trackSelfDescribingEvent({
    event: {
      schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2',
      data: { type },
    },
    context,
  }, ['peer']);
  const product = (price) => ({
    schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0',
    data: { id: 'lamp', name: 'Lamp', category: 'Desk', price, currency: 'USD' },
  });
  window.shopping = {
    received,
    domainUserId: () => tracker.getDomainUserId(),
    viewProducts: (count) => {
      for (let view = 0; view < count; view++) act('product_view', [product(10)]);
    },
    addToCart: (price) => act('add_to_cart', [product(price)]),
  };
`;

/** Opens a page with the existing plugin, subscribed. */
async function open(page: Page, server: MockServer, tracker = TRACKERS[4]): Promise<void> {
  const opened = page.waitForResponse((response) => response.request().resourceType() === 'eventsource');
  await openBarePage(page, server, {
    script: script(tracker),
    policy: "default-src 'self'; img-src data:",
  });
  expect((await opened).status()).toBe(200);
}

const received = (page: Page) => page.evaluate(() => window.shopping.received);
const names = async (page: Page) => (await received(page)).map(({ name }) => name);

/** Calls the server's API with its token. */
async function call(server: MockServer, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${server.origin}${path}`, {
    method,
    headers: { authorization: 'Bearer sandbox', 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
  return response.headers.get('content-type')?.includes('json') ? response.json() : response.text();
}

for (const [version, tracker] of Object.entries(TRACKERS)) {
  test(`it receives the tutorial's interventions with tracker ${version}`, async ({ page, server }) => {
    await open(page, server, tracker);
    await page.evaluate(() => window.shopping.viewProducts(3));
    await page.evaluate(() => window.shopping.addToCart(60));
    await expect.poll(() => names(page)).toEqual(['cart_abandonment']);
    await page.evaluate(() => window.shopping.viewProducts(1));
    await expect.poll(() => names(page)).toEqual(['cart_abandonment', 'discount']);
    await page.evaluate(() => window.shopping.addToCart(60));
    await expect.poll(() => names(page)).toEqual(['cart_abandonment', 'discount', 'free_shipping']);

    const [, discount] = await received(page);
    expect(discount).toMatchObject({
      version: 1,
      attributes: { count_product_views: 4, count_add_to_cart: 1, total_cart_value: 60 },
      target_attribute_key: {
        name: 'domain_userid',
        id: await page.evaluate(() => window.shopping.domainUserId()),
      },
    });
  });
}

test('what it measures arrives at the collector as good events', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(() => window.shopping.addToCart(10));
  const id = await page.evaluate(() => window.shopping.domainUserId());
  const tracked = async () => {
    const state = (await call(server, 'GET', `/mock/state?key=domain_userid&id=${id}`)) as {
      events: { event_name: string }[];
    };
    return state.events.map(({ event_name }) => event_name);
  };
  await expect
    .poll(tracked)
    .toEqual(['snowplow_ecommerce_action', 'intervention_receive', 'intervention_handle']);
  expect(await call(server, 'GET', '/mock/bad-rows')).toEqual([]);
});

test('it receives direct interventions for an id that the page gave', async ({ page, server }) => {
  await open(page, server);
  await server.push('welcome_back', 'ada', 'user_id');
  await expect.poll(() => names(page)).toEqual(['welcome_back']);
  expect((await received(page))[0]).toMatchObject({
    attributes: {},
    target_attribute_key: { name: 'user_id', id: 'ada' },
  });
});

test('it receives by rules that are published while it listens, and no more once they are unpublished', async ({
  page,
  server,
}) => {
  await open(page, server);
  const rule = (isPublished: boolean) => ({
    name: 'any_view',
    version: 1,
    is_published: isPublished,
    criteria: { attribute: 'ecom_attributes:count_product_views', operator: 'changed' },
    target_attribute_keys: [{ name: 'domain_userid' }],
  });
  await call(server, 'POST', '/api/v1/registry/interventions/', rule(true));
  await page.evaluate(() => window.shopping.viewProducts(2));
  await expect.poll(() => names(page)).toEqual(['any_view', 'any_view']);

  await call(server, 'PUT', '/api/v1/registry/interventions/any_view/versions/1', rule(false));
  await page.evaluate(() => window.shopping.viewProducts(2));
  // The next intervention shows that there was none before.
  await expect.poll(() => names(page)).toEqual(['any_view', 'any_view', 'discount']);
});

test('its browser reconnects to a server that ended the stream, and gets what it missed', async ({
  page,
  problems,
  server,
}) => {
  await open(page, server);
  problems.expect(/ERR_INCOMPLETE_CHUNKED_ENCODING/, /Error fetching interventions/, /eventsource/i);
  await server.push('before', 'ada', 'user_id');
  await expect.poll(() => names(page)).toEqual(['before']);
  await call(server, 'POST', '/mock/faults', { stream: { drop_after_events: 0 } });
  await call(server, 'DELETE', '/mock/faults');
  await server.push('meanwhile', 'ada', 'user_id');
  await expect.poll(() => names(page)).toEqual(['before', 'meanwhile']);
});
