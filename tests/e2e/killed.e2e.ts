// A server with a data file that is killed while shoppers browse. `npm test` kills it twice in front of a few of them;
// KILLED_SHOPPERS=50 KILLED_TIMES=20 is the long form.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { shopDir } from '../../scripts/support/project.mjs';
import { openBarePage } from './support/bare-page';
import { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

declare global {
  interface Window {
    shopper: { shown: string[]; state: string; view: () => void; add: () => void };
  }
}

const SHOPPERS = Number(process.env.KILLED_SHOPPERS ?? 4);
const TIMES = Number(process.env.KILLED_TIMES ?? 2);
/** How long pages may take to recover: their back-off is up to 30 seconds. */
const RECOVERY_MS = 60_000;
const ALL = ['cart_abandonment', 'discount', 'free_shipping'];

const SCRIPT = `
  import { SnowplowEcommercePlugin, trackAddToCart, trackProductView } from '@snowplow/browser-plugin-snowplow-ecommerce';
  import { newTracker } from '@snowplow/browser-tracker';

  const { SignalsPlugin, addInterventionHandlers, subscribeToInterventions, onConnectionChange } = window.snowplowSignals;
  newTracker('sp', location.origin, { cookieSecure: false, plugins: [SnowplowEcommercePlugin(), SignalsPlugin()] });
  const product = { id: 'kettle', name: 'Kettle', category: 'kitchen', price: 60, currency: 'USD' };
  window.shopper = {
    shown: [],
    state: '',
    view: () => trackProductView(product),
    add: () => trackAddToCart({ products: [product], total_value: 60, currency: 'USD' }),
  };
  addInterventionHandlers({ show: ({ name }) => void window.shopper.shown.push(name) });
  onConnectionChange(({ state }) => { window.shopper.state = state; });
  subscribeToInterventions({ endpoint: location.origin });
`;

/** A new browser for a shopper who was never in the shop before. */
async function newShopper(browser: Browser, server: MockServer): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await openBarePage(page, server, {
    body: '<script src="signals/signals-interventions.js"></script>',
    script: SCRIPT,
    policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  });
  return page;
}

const allReceive = (pages: Page[]) =>
  Promise.all(
    pages.map((page) =>
      page.waitForFunction(() => window.shopper.state === 'open', null, { timeout: RECOVERY_MS }),
    ),
  );

test('a server that is killed while shoppers browse shows nobody a banner twice, and all of them recover', async ({
  browser,
}) => {
  test.setTimeout((TIMES + 2) * RECOVERY_MS);
  const folder = await mkdtemp(path.join(tmpdir(), 'signals-killed-'));
  const server = await MockServer.start(shopDir, path.join(folder, 'data'));
  const pages: Page[] = [];
  while (pages.length < SHOPPERS) pages.push(await newShopper(browser, server));
  await allReceive(pages);

  for (let time = 0; time < TIMES; time++) {
    // Every shopper does something; the server dies in front of a different one each time, while the others go on.
    for (const [index, page] of pages.entries()) {
      await page.evaluate(
        (adds) => (adds ? window.shopper.add() : window.shopper.view()),
        (index + time) % 3 === 0,
      );
      if (index === (time * 7) % pages.length) server.kill();
    }
    await server.startAgain();
    await allReceive(pages);
  }

  const shown = (page: Page) => page.evaluate(() => [...window.shopper.shown].sort());
  for (const page of pages) {
    const hasAll = async () => {
      // The tracker sends failed events again with the next event.
      await page.evaluate(() => [window.shopper.view(), window.shopper.add()]);
      return new Set(await shown(page)).size === ALL.length;
    };
    await expect.poll(hasAll, { timeout: RECOVERY_MS }).toBe(true);
  }
  // Everything that is under way arrives before what is pushed now.
  for (const page of pages) {
    const id = await page.evaluate(() => document.cookie.match(/_sp_id\.[^=]*=([^.]*)/)?.[1] ?? '');
    await server.push('the end', id);
    await expect.poll(() => shown(page)).toEqual([...ALL, 'the end']);
  }
  await Promise.all(pages.map((page) => page.context().close()));
  await server.stop();
  await rm(folder, { recursive: true });
});
