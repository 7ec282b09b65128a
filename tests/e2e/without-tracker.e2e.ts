import { openBarePage } from './support/bare-page';
import { expect, test } from './support/test';

declare global {
  interface Window {
    lone: {
      received: string[];
      states: () => string[];
      close: () => void;
      attributes: (service: string) => Promise<unknown>;
    };
  }
}

const USER = '218e8926-3858-431d-b2ed-66da03a1cbe5';
const OTHER_USER = '0d3a8a4e-6d4c-4d07-9b43-6b9d1c1f0a55';

/** A page without any tracker, with two clients at once. */
const SCRIPT = `
  import { createInterventionsClient, getServiceAttributes, init, ServiceAttributesError } from './dist/index.js';

  init('/signals/signals-interventions.wasm');
  const received = [];
  const clientFor = (id) => {
    const client = createInterventionsClient({ endpoint: location.origin, attributeKeyIds: { domain_userid: id } });
    client.addHandlers({ note: (intervention, tracker) => { received.push(intervention.name + ' ' + tracker); } });
    return client;
  };
  const clients = [clientFor('${USER}'), clientFor('${OTHER_USER}')];
  window.lone = {
    received,
    states: () => clients.map(({ state }) => state),
    close: () => clients[0].close(),
    attributes: (service) =>
      getServiceAttributes({ endpoint: location.origin, service, attributeKey: 'domain_userid', identifier: '${USER}' })
        .catch((error) => [error instanceof ServiceAttributesError, error.status, error.detail]),
  };
`;

test.beforeEach(async ({ page, server }) => {
  await openBarePage(page, server, {
    script: SCRIPT,
    policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  });
});

test('a page without a tracker receives interventions by fixed ids, by several clients at once, until they close', async ({
  page,
  server,
}) => {
  const states = () => page.evaluate(() => window.lone.states());
  const received = () => page.evaluate(() => window.lone.received);
  await expect.poll(states).toEqual(['open', 'open']);
  await server.push('first', USER);
  await server.push('second', OTHER_USER);
  await expect.poll(received).toHaveLength(2);
  expect((await received()).sort()).toEqual(['first undefined', 'second undefined']);

  await page.evaluate(() => window.lone.close());
  expect(await states()).toEqual(['closed', 'open']);
  await server.push('for nobody', USER).catch(() => {});
  await server.push('third', OTHER_USER);
  await expect.poll(received).toContain('third undefined');
  expect(await received()).toHaveLength(3);
});

test('a page reads the attributes of a public service, and is told why it cannot read others', async ({
  page,
  server,
  problems,
}) => {
  problems.expect(/status of 404/);
  const published = await fetch(`${server.origin}/api/v1/registry/services/`, {
    method: 'POST',
    headers: { authorization: 'Bearer sandbox', 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'open_to_all',
      attribute_groups: [{ name: 'ecom_attributes', version: 1 }],
      owner: 'shop@example.com',
      is_published: true,
      access_mode: 'public',
    }),
  });
  expect(published.ok, await published.text()).toBe(true);

  const read = (service: string) => page.evaluate((name) => window.lone.attributes(name), service);
  expect(await read('open_to_all')).toMatchObject({ count_product_views: 0, total_cart_value: 0 });
  expect(await read('ecom_attributes')).toEqual([true, 404, expect.stringContaining('ecom_attributes')]);
});

test('a page that subscribes a tracker without the plugin is told which, after a while', async ({
  context,
  server,
}) => {
  const page = await context.newPage();
  await page.clock.install();
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('is waiting for')) warnings.push(message.text());
  });
  await openBarePage(page, server, {
    body: '<script src="signals/signals-interventions.js"></script>',
    script: `
      import { newTracker } from '@snowplow/browser-tracker';

      const { SignalsPlugin, subscribeToInterventions } = window.snowplowSignals;
      newTracker('sp', location.origin, { cookieSecure: false, plugins: [SignalsPlugin()] });
      // The clock is moved while the stream opens, which must not look like a time-out.
      subscribeToInterventions({ endpoint: location.origin, connectionTimeoutMs: 60_000 }, ['sp', 'ps']);
    `,
    policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  });
  await page.evaluate(() => window.snowplowSignals?.ready);
  await page.clock.fastForward(3_000);
  expect(warnings).toEqual([]);
  await page.clock.fastForward(8_000);
  await expect
    .poll(() => warnings)
    .toEqual([expect.stringMatching(/is waiting for SignalsPlugin\(\) in the plugins of: ps$/)]);
  await page.clock.fastForward(15_000);
  expect(warnings).toHaveLength(1);
});
