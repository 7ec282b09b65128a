// The inspector of a server that forwards interventions to a back end.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { shopDir } from '../../scripts/support/project.mjs';
import { axe } from './support/axe';
import { MockServer } from './support/mock-server';
import { expect, test as withServer } from './support/test';

const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';

/** A back end that answers with the status that the test chooses. */
class BackEnd {
  status = 200;
  readonly #server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(this.status).end());
  });

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const test = withServer.extend<{ backEnd: BackEnd }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs.
  backEnd: async ({}, use) => {
    const backEnd = new BackEnd();
    await backEnd.start();
    await use(backEnd);
    await backEnd.stop();
  },
  server: async ({ backEnd }, use) => {
    const flags = ['--forward', `${backEnd.url}?token=secret`, '--forward-secret', SECRET];
    const server = await MockServer.start(shopDir, undefined, flags);
    await use(server);
    await server.stop();
  },
});

test('the inspector shows what waits for a back end that is down, and that it gets it later', async ({
  backEnd,
  context,
  server,
  shop,
}) => {
  backEnd.status = 503;
  const inspector = await context.newPage();
  await inspector.goto(`${server.origin}/inspector`);
  const forwarding = inspector.getByRole('region', { name: 'Forwarding' });
  await expect(forwarding).toContainText('Nothing waits.');

  await shop.open();
  await shop.viewProducts('telescope', 'telescope', 'telescope', 'telescope');
  await expect(forwarding).toContainText('1 waits. Latest problem: it answered 503 Service Unavailable.');
  await expect(forwarding.locator('[data-outcome="waiting"]')).toContainText('discount v1: waits');
  expect(await axe(inspector)).toEqual([]);

  backEnd.status = 200;
  await expect(forwarding).toContainText('Nothing waits.');
  const sent = forwarding.locator('[data-outcome="sent"]');
  await expect(sent).toContainText(/discount v1: sent \(\d attempts\)/);
  await expect(sent).toContainText(await shop.domainUserId());
  await expect(forwarding.getByRole('heading', { name: backEnd.url, exact: true })).toBeVisible();
  await expect(forwarding, 'a secret in the address').not.toContainText('token');
});

test('the inspector shows why a back end refused an intervention', async ({ backEnd, page, server }) => {
  backEnd.status = 404;
  await page.goto(`${server.origin}/inspector`);
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  const view = { e: 'ue', p: 'web', tv: 'test', duid: id, ue_pr: JSON.stringify(addToCart) };
  await page.request.post(`${server.origin}/com.snowplowanalytics.snowplow/tp2`, {
    data: { schema: PAYLOAD, data: [{ ...view, co: JSON.stringify(product) }] },
  });
  const refused = page
    .getByRole('region', { name: 'Forwarding' })
    .locator('[data-outcome="refused"]')
    .first();
  await expect(refused).toContainText('refused, it answered 404 Not Found');
});

const PAYLOAD = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4';
const addToCart = {
  schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
  data: {
    schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2',
    data: { type: 'add_to_cart' },
  },
};
const product = {
  schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0',
  data: [
    {
      schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0',
      data: { id: '1', name: 'Telescope', category: 'optics', currency: 'USD', price: 20 },
    },
  ],
};
