import { shopDir } from '../../scripts/support/project.mjs';
import { MockServer } from './support/mock-server';
import { BANNERS } from './support/shop-page';
import { test as base, expect } from './support/test';

/** With a server that guarantees no more than hosted Signals. */
const test = base.extend<{ server: MockServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs.
  server: async ({}, use) => {
    const flags = ['--hosted', '--processing-delay', '2000'];
    const server = await MockServer.start(shopDir, undefined, flags);
    await use(server);
    await server.stop();
  },
});

test('the shop shows its banners on a server that keeps nothing for later, and nothing twice', async ({
  shop,
  server,
}) => {
  await shop.open();
  const id = await shop.domainUserId();
  await shop.viewProducts('kettle', 'globe', 'cactus');
  await shop.openProduct('lantern');
  // The collector has answered, and processes the view later.
  expect(await server.instances(id)).toEqual([]);
  await shop.closeProduct();
  await expect(shop.banner(BANNERS.discount)).toBeVisible();
  await shop.addToCart('backpack');
  await expect(shop.banner(BANNERS.cartAbandonment)).toBeVisible();
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible();

  const reconnected = shop.page.waitForRequest((request) => request.resourceType() === 'eventsource');
  await shop.page.reload();
  expect((await reconnected).url()).not.toContain('last_event_id');
  await shop.isConnected();
  await shop.settle();
  expect(await shop.received()).toEqual(['settled']);

  await shop.page.goto('about:blank');
  await expect.poll(() => server.openStreams()).toBe(0);
  await server.push('while_nobody_listened', id);
  await shop.open();
  await shop.settle();
  expect(await shop.received()).toEqual(['settled']);
});
