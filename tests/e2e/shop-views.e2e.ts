import type { Page } from '@playwright/test';
import { axe } from './support/axe';
import { BANNERS, type ShopPage } from './support/shop-page';
import { expect, test } from './support/test';

/** Ways to every view that the shop has. */
const VIEWS: Record<string, (shop: ShopPage) => Promise<void>> = {
  'the shelf': async () => {},
  'an empty search': async ({ page }) => {
    await page.getByRole('searchbox').fill('submarine');
    await expect(page.getByText('Nothing here goes by that name')).toBeVisible();
  },
  'a product': (shop) => shop.openProduct('tent'),
  'the cart with a voucher and three banners': async (shop) => {
    await shop.viewProducts('kettle', 'globe', 'kite');
    await shop.addToCart('tent');
    await shop.cart.getByRole('textbox', { name: 'Voucher code' }).fill('SAVE10');
    await shop.cart.getByRole('button', { name: 'Apply' }).click();
    for (const banner of Object.values(BANNERS)) await expect(shop.banner(banner)).toBeVisible();
  },
  'a completed order': async (shop) => {
    await shop.addToCart('notebook');
    await shop.page.getByRole('button', { name: 'Checkout' }).click();
    await expect(shop.page.getByRole('dialog', { name: 'Thank you!' })).toBeVisible();
  },
  'settings that were refused': async ({ page }) => {
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('textbox', { name: 'Collector URL' }).fill('nowhere');
    await page.getByRole('button', { name: 'Save and reload' }).click();
    await expect(page.getByText('A web address such as')).toBeVisible();
  },
  'the activity drawer': async (shop) => {
    await shop.addToCart('notebook');
    await shop.page.getByRole('button', { name: 'Activity' }).click();
    await expect(shop.page.locator('#attributes')).toContainText('total_cart_value14');
  },
};

const SCREENS = {
  'a desktop in light colours': { width: 1280, height: 800, colorScheme: 'light' },
  'a phone in dark colours': { width: 390, height: 844, colorScheme: 'dark' },
} as const;

/** What sticks out of the page sideways. */
const sticksOut = (page: Page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 0.5)
      .map((element) => element.outerHTML.slice(0, 80));
  });

for (const [screen, { width, height, colorScheme }] of Object.entries(SCREENS)) {
  test(`every view is accessible and fits on ${screen}`, async ({ shop, server, problems }) => {
    const { page } = shop;
    // The shop is loaded anew before its icon need have arrived.
    problems.expect(/ERR_ABORTED .*\.svg$/);
    await page.setViewportSize({ width, height });
    // Colours are checked as they are, not on their way in.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [view, go] of Object.entries(VIEWS)) {
      await test.step(view, async () => {
        await page.goto(server.origin);
        await page.evaluate(() => localStorage.clear());
        await page.context().clearCookies();
        await page.reload();
        await shop.isConnected();
        await go(shop);
        expect(await axe(page), view).toEqual([]);
        expect(await sticksOut(page), view).toEqual([]);
      });
    }
  });
}

test('the shop fits on 320 pixels, as at 400% zoom, with the cart in reach of its button', async ({
  shop,
}) => {
  const { page } = shop;
  await page.setViewportSize({ width: 320, height: 256 });
  await shop.open();
  await shop.addToCart('tent');
  expect(await sticksOut(page)).toEqual([]);
  const brand = await page.getByRole('link', { name: 'Pocket & Pine' }).evaluate((link) => {
    const range = document.createRange();
    range.selectNodeContents(link);
    return range.getBoundingClientRect().right;
  });
  const jump = page.getByRole('link', { name: 'Cart 1 item, $219' });
  const box = await jump.boundingBox();
  expect(box?.x).toBeGreaterThan(brand);
  await jump.click();
  await expect(shop.cart).toBeInViewport();
});

test('the page stays where it is while it loads and banners come', async ({ page, shop }) => {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[])
        if (!entry.hadRecentInput) shifts.push(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await shop.open();
  await shop.addToCart('tent');
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible();
  // The latest entries are delivered with the frames that follow.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts)).toEqual([]);
});
