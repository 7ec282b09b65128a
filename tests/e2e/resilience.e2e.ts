import { BANNERS } from './support/shop-page';
import { expect, test } from './support/test';

test('the page reconnects by itself after a server restart, and banners come again', async ({
  shop,
  server,
  problems,
}) => {
  problems.expect(/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED_ENCODING/, /ERR_EMPTY_RESPONSE/);
  await shop.open();
  await shop.viewProducts('kettle');

  await server.stop();
  await expect(shop.page.locator('#connection-state')).toContainText('retrying');
  await server.startAgain();
  await shop.isConnected();

  // The new server knows nothing of the first view.
  await shop.viewProducts('globe', 'cactus', 'notebook');
  await shop.settle();
  expect(await shop.received()).toEqual(['settled']);
  await shop.viewProducts('kite');
  await expect(shop.banner(BANNERS.discount)).toBeVisible();
});

test('a server that takes longer to answer than the time-out is reached in the end', async ({
  shop,
  server,
}) => {
  // Every attempt within the default of 2.5 seconds would be given up.
  await server.fault({ delay_headers_ms: 4_000 });
  await shop.open();
  await shop.isConnected();
  await shop.viewProducts('kettle', 'globe', 'cactus', 'notebook');
  await expect(shop.banner(BANNERS.discount)).toBeVisible();
});

test('events made while the server is away are delivered when it is back', async ({
  shop,
  server,
  problems,
}) => {
  problems.expect(/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED_ENCODING/, /ERR_EMPTY_RESPONSE/);
  await shop.open();
  await server.stop();
  await shop.card('tent').click();
  await shop.page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(
    shop.page.locator('#events .log-title').filter({ hasText: 'not delivered' }).first(),
  ).toBeAttached();
  await server.startAgain();
  await shop.closeProduct();
  await shop.viewProducts('kettle');
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible({ timeout: 15_000 });
});

test('the shop works on when the WebAssembly cannot be loaded, and says so once', async ({
  shop,
  server,
  problems,
}) => {
  const complaint = /console error: .*could not be loaded.*signals-interventions\.wasm/s;
  problems.expect(
    /failed request: net::ERR_FAILED .*\.wasm$/,
    /console error: Failed to load resource: .*\.wasm\)$/,
    complaint,
  );
  await shop.page.route('**/*.wasm', (route) => route.abort());
  await shop.page.goto(server.origin);
  await expect.poll(() => problems.count(complaint)).toBe(1);

  await shop.viewProducts('kettle', 'globe', 'cactus', 'notebook');
  await shop.addToCart('tent');
  await expect(shop.cart).toContainText('Two-person Tent');
  await shop.page.getByRole('button', { name: 'Checkout' }).click();
  await expect(shop.page.getByRole('dialog', { name: 'Thank you!' })).toBeVisible();
  expect(problems.count(complaint)).toBe(1);
});

test('the shop works without the plugin', async ({ shop, server, problems }) => {
  problems.expect(/signals-interventions\.js/);
  await shop.page.route('**/signals-interventions.js', (route) => route.abort());
  await shop.page.goto(server.origin);
  await shop.addToCart('tent');
  await expect(shop.cart).toContainText('Two-person Tent');
  expect(problems.count(/signals-interventions\.js could not be loaded/)).toBe(1);
});
