import type { Page } from '@playwright/test';
import { openBannerPage, show } from './support/banner-page';
import { openBarePage } from './support/bare-page';
import { STRICT_POLICY } from './support/hostile-page';
import { TAKE_WHAT_OLDEST_BROWSERS_LACK } from './support/oldest-browsers';
import { expect, test } from './support/test';

declare global {
  interface Window {
    oldest: { states: string[]; outcomes: string[]; view: (id: string) => void };
  }
}

test.beforeEach(async ({ context, page }) => {
  await context.addInitScript(TAKE_WHAT_OLDEST_BROWSERS_LACK);
  await page.emulateMedia({ reducedMotion: 'reduce' });
});

const status = (page: Page) => page.getByRole('status');

test('what the oldest supported browsers lack is gone, so that these tests mean something', async ({
  page,
  server,
}) => {
  await openBannerPage(page, server);
  const found = await page.evaluate(() => ({
    canParse: 'canParse' in URL,
    adoptedStyleSheets: 'adoptedStyleSheets' in document,
    popover: 'popover' in document.body,
    requestIdleCallback: 'requestIdleCallback' in window,
    iteratorHelpers: 'map' in Object.getPrototypeOf(Object.getPrototypeOf([].values())),
  }));
  expect(Object.entries(found).filter(([, isThere]) => isThere)).toEqual([]);
  const construct = page.evaluate(() => new CSSStyleSheet());
  await expect(construct).rejects.toThrow('Illegal constructor');
});

test('an oldest supported browser shows what its shopper has earned, under a strict policy', async ({
  page,
  server,
}) => {
  await openBarePage(page, server, {
    body: '<script src="signals/signals-interventions.js"></script>',
    policy: STRICT_POLICY,
    script: `
      import { newTracker, trackPageView } from '@snowplow/browser-tracker';
      import { SnowplowEcommercePlugin, trackProductView } from '@snowplow/browser-plugin-snowplow-ecommerce';

      const { SignalsPlugin, addInterventionHandlers, bannerHandler, onConnectionChange, subscribeToInterventions } = window.snowplowSignals;
      window.oldest = { states: [], outcomes: [] };
      const tracker = newTracker('sp', location.origin, {
        cookieSecure: false,
        plugins: [SignalsPlugin(), SnowplowEcommercePlugin()],
      });
      onConnectionChange(({ state }) => void window.oldest.states.push(state));
      addInterventionHandlers({
        banner: bannerHandler({
          templates: {
            discount: { message: '10% off', code: 'SAVE10', action: { label: 'To the cart', href: '#cart' } },
          },
          frequency: 'once',
          minIntervalMs: 1_000,
          tracker: ({ event }) => window.oldest.outcomes.push(event.data.outcome),
        }),
      });
      subscribeToInterventions({ endpoint: location.origin });
      trackPageView();
      window.oldest.view = (id) => trackProductView({ id, name: id, category: 'home', price: 5, currency: 'USD' });
    `,
  });
  await expect.poll(() => page.evaluate(() => window.oldest.states.at(-1))).toBe('open');
  await page.evaluate(() => {
    for (const id of ['kettle', 'globe', 'cactus', 'notebook']) window.oldest.view(id);
  });
  await expect(status(page)).toContainText('SAVE10');
  await page.getByRole('link', { name: 'To the cart' }).click();
  await expect(page).toHaveURL(/#cart$/);
  await expect(status(page)).toHaveCount(0);
  expect(await page.evaluate(() => window.oldest.outcomes)).toEqual(['shown', 'clicked']);
});

test.describe('where style sheets cannot be adopted', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
  });
  const say = (page: Page, position: 'bottom-end' | 'top-start', message: string) =>
    show(
      page,
      {
        templates: {
          offer: {
            message,
            code: 'SAVE10',
            tone: 'success',
            action: { label: 'To the cart', href: '/cart' },
          },
        },
        position,
        storageKey: message,
      },
      'offer',
    );
  const card = (page: Page, message: string) => page.locator('.banner').filter({ hasText: message });

  test('banners look as they do elsewhere', async ({ page, browser, server }, info) => {
    await say(page, 'bottom-end', 'Ten percent off');
    await expect(card(page, 'Ten percent off')).toBeVisible();
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const newer = await context.newPage();
    await openBannerPage(newer, server);
    await say(newer, 'bottom-end', 'Ten percent off');
    await expect(card(newer, 'Ten percent off')).toBeVisible();
    const look = (page: Page) =>
      page.locator('signals-banners').evaluate((host) =>
        [host, ...(host.shadowRoot?.querySelectorAll('*') ?? [])].map((element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          const { color, font, padding, borderRadius, display, direction } = getComputedStyle(element);
          return {
            class: element.getAttribute('class'),
            x,
            y,
            width,
            height,
            color,
            font,
            padding,
            borderRadius,
            display,
            direction,
          };
        }),
      );
    await page.screenshot({ path: info.outputPath('oldest.png') });
    await page.setViewportSize({ width: 1280, height: 720 });
    await newer.setViewportSize({ width: 1280, height: 720 });
    expect(await look(page)).toEqual(await look(newer));
    await context.close();
  });

  test('banners pile up, close their gaps and follow dialogs and fullscreen', async ({ page }) => {
    await say(page, 'bottom-end', 'first');
    await expect(card(page, 'first')).toBeVisible();
    await say(page, 'bottom-end', 'second');
    await say(page, 'top-start', 'above');
    await expect(status(page)).toHaveCount(3);
    await expect(card(page, 'second')).toBeVisible();
    const [first, second, above] = await Promise.all(
      ['first', 'second', 'above'].map((message) => card(page, message).boundingBox()),
    );
    if (!first || !second || !above) throw new Error('a banner is not there');
    expect(second.y + second.height).toBeLessThan(first.y);
    expect(first.x).toBeGreaterThan(600);
    expect([above.x, above.y]).toEqual([16, 16]);
    await card(page, 'first').getByRole('button', { name: 'Close' }).click();
    await expect.poll(async () => (await card(page, 'second').boundingBox())?.y).toBe(first.y);

    await page.evaluate(() => document.querySelector('dialog')?.showModal());
    await card(page, 'second').getByRole('button', { name: 'Close' }).click();
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await page.locator('#text').evaluate((text) => text.requestFullscreen());
    await expect(page.locator('#text > signals-banners')).toHaveCount(1);
    await card(page, 'above').getByRole('button', { name: 'Close' }).click();
    await expect(page.locator('signals-banners')).toHaveCount(0);
  });

  test('the button that copied shows so in the same size', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await say(page, 'bottom-end', 'Ten percent off');
    await page.getByRole('button', { name: 'Copy code' }).click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    const { width, height } = (await page.locator('.copy svg').boundingBox()) ?? {};
    expect([width, height]).toEqual([16, 16]);
  });
});
