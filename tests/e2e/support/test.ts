import { test as base, expect } from '@playwright/test';
import { MockServer } from './mock-server';
import { Problems } from './problems';
import { ShopPage } from './shop-page';

interface Fixtures {
  /** A mock server for this test alone. */
  server: MockServer;
  /** Fails the test for whatever goes wrong in its pages without being declared. */
  problems: Problems;
  /** The shop, not yet opened. */
  shop: ShopPage;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs.
  server: async ({}, use) => {
    const server = await MockServer.start();
    await use(server);
    await server.stop();
  },
  problems: [
    async ({ context, server }, use) => {
      const problems = new Problems(context, server.origin);
      await use(problems);
      expect(problems.unexpected, 'problems in the page').toEqual([]);
    },
    { auto: true },
  ],
  shop: async ({ page, server, problems: _ }, use) => {
    await use(new ShopPage(page, server));
  },
});

export { expect };
