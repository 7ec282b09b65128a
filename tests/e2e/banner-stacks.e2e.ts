import type { Page } from '@playwright/test';
import type { BannerPosition } from '../../js/banner/index.js';
import { BODY, offer, openBannerPage, show } from './support/banner-page';
import { expect, test } from './support/test';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
});

/** Shows a banner that says `message`, from a handler of its own, in the element that `container` finds. */
const say = (
  page: Page,
  message: string,
  { position = 'bottom-end' as BannerPosition, container = '' } = {},
) =>
  page.evaluate(
    ([message, position, container]) => {
      const element = container ? document.querySelector(container) : null;
      const handle = window.banners.bannerHandler({
        templates: { offer: { message } },
        position,
        storageKey: message,
        ...(element && { container: element }),
      });
      handle({ intervention_id: message, name: 'offer', version: 1, attributes: {} });
    },
    [message, position, container] as const,
  );

const banner = (page: Page, message: string) => page.locator('.banner').filter({ hasText: message });
const messages = (page: Page) => page.locator('.message');
const close = (page: Page, message: string) =>
  banner(page, message).getByRole('button', { name: 'Close' }).click();

/** The banner's edges, once it is there and moves no more. */
async function edges(page: Page, message: string) {
  await expect(banner(page, message)).toBeVisible();
  return banner(page, message).evaluate(async (element) => {
    await Promise.all(element.getAnimations().map(({ finished }) => finished));
    const { top, bottom } = element.getBoundingClientRect();
    return { top, bottom };
  });
}

test.describe('several handlers', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
  });

  for (const position of ['bottom-end', 'top'] as const) {
    test(`at ${position} pile up: no banner covers another`, async ({ page }) => {
      await say(page, 'first', { position });
      await say(page, 'second', { position, container: 'body' });
      const [first, second] = [await edges(page, 'first'), await edges(page, 'second')];
      if (position === 'top') expect(second.top).toBeGreaterThan(first.bottom);
      else expect(second.bottom).toBeLessThan(first.top);
      await close(page, 'first');
      await expect
        .poll(() => edges(page, 'second'))
        .toEqual(expect.objectContaining(position === 'top' ? { top: first.top } : { bottom: first.bottom }));
      await close(page, 'second');
      await expect(page.locator('signals-banners')).toHaveCount(0);
    });
  }

  test('share the room on the screen: what one gives up, another takes', async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 200 });
    await say(page, 'first');
    await expect(messages(page)).toHaveText(['first']);
    await say(page, 'second, which is long enough to need more than a line of a small screen');
    await say(page, 'third, which is long enough to need more than a line of a small screen');
    await expect(messages(page)).toHaveText(['first']);
    await close(page, 'first');
    await expect(messages(page)).toHaveText([/^second/]);
    await page.setViewportSize({ width: 320, height: 900 });
    await expect(messages(page)).toHaveText([/^third/, /^second/]);
  });

  test('have one Escape key: the newest banner goes, wherever it is', async ({ page }) => {
    await say(page, 'older', { position: 'top' });
    await say(page, 'middle', { position: 'bottom' });
    await say(page, 'newest', { position: 'top' });
    await expect(messages(page)).toHaveCount(3);
    for (const left of [['older', 'middle'], ['older'], []]) {
      await page.keyboard.press('Escape');
      await expect(messages(page)).toHaveText(left);
    }
  });

  test('have one Escape key: the banner that has the focus goes before newer ones elsewhere', async ({
    page,
  }) => {
    await say(page, 'newer', { position: 'top' });
    await say(page, 'focused', { position: 'bottom' });
    await say(page, 'newest', { position: 'top' });
    await banner(page, 'focused').getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Escape');
    await expect(messages(page)).toHaveText(['newer', 'newest']);
  });

  test('give the focus back to the page, through however many banners it went', async ({ page }) => {
    await say(page, 'above', { position: 'top' });
    await say(page, 'below', { position: 'bottom' });
    await page.locator('#field').focus();
    await banner(page, 'above').getByRole('button', { name: 'Close' }).focus();
    await banner(page, 'below').getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Enter');
    await expect(messages(page)).toHaveText(['above']);
    await expect(page.locator('#field')).toBeFocused();
  });
});

test.describe('the container', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server, `<main dir="rtl">${BODY}</main>`);
  });

  test('hands down its direction and custom properties', async ({ page }) => {
    // A banner that still moves in is smaller.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.locator('main').evaluate((main) => main.style.setProperty('--signals-banner-width', '200px'));
    await say(page, 'inside', { container: 'main' });
    await expect(page.locator('main > signals-banners')).toHaveCount(1);
    const box = await banner(page, 'inside').boundingBox();
    expect(box?.width).toBe(200);
    expect(box?.x).toBeLessThan(100);
  });

  test('is done without when the page has thrown it away', async ({ page }) => {
    await page.evaluate(() => {
      const main = document.querySelector('main') ?? document.body;
      const handle = window.banners.bannerHandler({
        templates: { offer: { message: 'late' } },
        container: main,
      });
      main.remove();
      handle({ intervention_id: 'a', name: 'offer', version: 1, attributes: {} });
    });
    await expect(banner(page, 'late')).toBeInViewport({ ratio: 1 });
  });

  test('may go with everything around it: banners on the screen stay there, usable', async ({ page }) => {
    await say(page, 'above', { container: 'main' });
    await say(page, 'below', { container: 'main' });
    const before = await edges(page, 'above');
    await edges(page, 'below');
    // As libraries do that load the next page into this one.
    await page.evaluate(() => document.body.replaceWith(document.createElement('body')));
    await expect(banner(page, 'above')).toBeInViewport({ ratio: 1 });
    await expect.poll(() => edges(page, 'above')).toEqual(before);
    await close(page, 'above');
    await close(page, 'below');
    await expect(page.locator('signals-banners')).toHaveCount(0);
  });
});

test.describe('a banner that changes its size', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
    await say(page, 'first');
    await say(page, 'second');
    await edges(page, 'first');
    await edges(page, 'second');
  });

  test('pushes the next one out of its way, also where the screen stays as it is', async ({ page }) => {
    // As when its font arrives.
    await banner(page, 'first').evaluate((element) => {
      element.style.minHeight = '150px';
    });
    await expect
      .poll(async () => (await edges(page, 'first')).top - (await edges(page, 'second')).bottom)
      .toBeGreaterThan(0);
  });

  test('leaves no gap when it has become smaller than it was at first', async ({ page }) => {
    await page.setViewportSize({ width: 200, height: 800 });
    const long = 'third, which needs more than a line of a narrow screen and less of a wide one';
    await say(page, long);
    await edges(page, long);
    await page.setViewportSize({ width: 1280, height: 800 });
    await say(page, 'fourth');
    await edges(page, 'fourth');
    const all = ['first', 'second', long, 'fourth'];
    const gaps = async () => {
      const places = await Promise.all(all.map((message) => edges(page, message)));
      return places.slice(1).map(({ bottom }, i) => Math.round((places[i]?.top ?? 0) - bottom));
    };
    await expect.poll(async () => new Set(await gaps()).size).toBe(1);
  });
});

test('a gap is closed at once where people want less motion', async ({ page, server }) => {
  await openBannerPage(page, server);
  await say(page, 'first');
  await say(page, 'second');
  await edges(page, 'first');
  const second = await edges(page, 'second');
  // In one task, as animations would be over after some.
  const animations = await banner(page, 'first').evaluate((element) => {
    element.querySelector<HTMLElement>('.close')?.click();
    return document.querySelector('signals-banners')?.shadowRoot?.getAnimations().length;
  });
  expect(animations).toBe(0);
  expect((await edges(page, 'second')).bottom).toBeGreaterThan(second.bottom);
});

test.describe('of two dialogs', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(
      page,
      server,
      '<dialog id="one" aria-label="One"><button>In one</button></dialog>' +
        '<dialog id="two" aria-label="Two"><button>In two</button></dialog>',
    );
  });
  const open = (page: Page, id: string) =>
    page.evaluate((id) => (document.getElementById(id) as HTMLDialogElement).showModal(), id);

  for (const [first, second] of [
    ['one', 'two'],
    ['two', 'one'],
  ] as const) {
    test(`the one on top has the banners: ${second}, opened after ${first}`, async ({ page }) => {
      await open(page, first);
      await open(page, second);
      await show(page, offer);
      await page.getByRole('button', { name: 'Close' }).click();
      await expect(page.getByRole('status')).toHaveCount(0);
    });
  }

  test('a banner in one that closes goes on in the page, and its time with it', async ({ page }) => {
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await open(page, 'one');
    await show(page, offer);
    await page.clock.runFor(100);
    await page.getByRole('button', { name: 'Close' }).focus();
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect(page.getByRole('status')).toBeInViewport();
    await expect(page.getByRole('button', { name: 'Close' })).toBeFocused();
    await page.getByRole('button', { name: 'Close' }).blur();
    await page.clock.runFor(60_000);
    await expect(page.getByRole('status')).toHaveCount(0);
  });
});
