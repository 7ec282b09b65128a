import type { Page } from '@playwright/test';
import type { BannerPosition, BannerTemplate } from '../../js/banner/index.js';
import { axe } from './support/axe';
import { openBarePage } from './support/bare-page';
import { expect, test } from './support/test';

/** One of each kind, and German as it is written. */
const TEMPLATES: Record<string, BannerTemplate> = {
  long: {
    message:
      'Die Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz-Sonderausgabe ist versandkostenfrei erhältlich!',
    code: 'SOMMERSCHLUSSVERKAUF2026',
    action: { label: 'Zur Geschwindigkeitsbegrenzungsübersicht', href: '/lang' },
    tone: 'warning',
  },
  offer: { message: 'Ten percent off your next purchase!', code: 'SAVE10', tone: 'success' },
  brief: { message: 'Welcome back.' },
  plain: { message: "Don't forget your items.", action: { label: 'To the cart', href: '/cart' } },
};

declare global {
  interface Window {
    /** Layout shifts as the browser counts them, since the page was quiet. */
    shifts: number[];
    /** Hands an instance of each name to a handler, in one task. */
    offer: (position: BannerPosition, ...names: string[]) => void;
  }
}

const SCRIPT = `
  import { bannerHandler } from './js/banner/index';
  window.shifts = [];
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value)))
    .observe({ type: 'layout-shift', buffered: true });
  const handlers = {};
  window.offer = (position, ...names) => {
    handlers[position] ??= bannerHandler({ position, templates: ${JSON.stringify(TEMPLATES)} });
    for (const name of names) handlers[position]({ intervention_id: name, name, version: 1, attributes: {} });
  };
`;

const ARTICLE = Array.from({ length: 40 }, () => '<p>Some text for a page that scrolls.</p>').join('');
const BODY = `<style>:root { color-scheme: light dark }</style><main><h1>Page</h1>${ARTICLE}</main>`;
const POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:";

interface Screen {
  width: number;
  height: number;
  media?: Parameters<Page['emulateMedia']>[0];
  /** What the page itself sets. */
  root?: { dir: string; style?: never } | { style: string; dir?: never };
}

const SCREENS: Record<string, Screen> = {
  'a desktop': { width: 1280, height: 800 },
  'a desktop in dark colours': { width: 1280, height: 800, media: { colorScheme: 'dark' } },
  'a phone': { width: 390, height: 844 },
  'a phone in dark colours': { width: 390, height: 844, media: { colorScheme: 'dark' } },
  'a phone, from right to left': { width: 390, height: 844, root: { dir: 'rtl' } },
  'a desktop, from right to left': { width: 1280, height: 800, root: { dir: 'rtl' } },
  'a small phone': { width: 320, height: 640 },
  // Zooming halves the CSS pixels of a screen.
  'a desktop at 200% zoom': { width: 640, height: 400 },
  'a desktop at 400% zoom': { width: 320, height: 256 },
  'a phone with text twice the size': { width: 390, height: 844, root: { style: 'font-size: 200%' } },
  'a desktop in forced colours': { width: 1280, height: 800, media: { forcedColors: 'active' } },
};

for (const [screen, { width, height, media, root }] of Object.entries(SCREENS)) {
  test(`banners can be seen, read and used on ${screen}`, async ({ page, server }, info) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ reducedMotion: 'reduce', ...media });
    await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
    await page.evaluate(
      ({ dir, style }) => {
        if (dir) document.documentElement.dir = dir;
        if (style) document.documentElement.style.cssText = style;
      },
      { dir: root?.dir ?? '', style: root?.style ?? '' },
    );
    await settled(page, { forget: true });
    const placeOfPage = () => page.locator('main').evaluate((main) => main.getBoundingClientRect().toJSON());
    const before = await placeOfPage();
    await page.evaluate((names) => window.offer('bottom-end', ...names), Object.keys(TEMPLATES));

    const all = Object.keys(TEMPLATES).length;
    for (let left = all, shown = 0; left > 0; left -= shown) {
      await expect(page.locator('.banner')).not.toHaveCount(0);
      await expect(page.locator('.region:empty')).toHaveCount(0);
      await page.screenshot({ path: info.outputPath(`${left}-left.png`) });
      expect(await page.evaluate(flaws)).toEqual([]);
      expect(await axe(page)).toEqual([]);
      for (const name of ['Close', 'Copy code']) {
        for (const button of await page.getByRole('button', { name }).all()) {
          await button.focus();
          await expect(button).toBeInViewport({ ratio: 1 });
        }
      }
      // By a script: layout shifts after a shopper's click would not count.
      shown = await page.locator('.close').evaluateAll((buttons: HTMLElement[]) => {
        for (const button of buttons) button.click();
        return buttons.length;
      });
    }
    await expect(page.getByRole('status')).toHaveCount(0);
    expect(await placeOfPage()).toEqual(before);
    await settled(page);
    expect(await page.evaluate(() => window.shifts)).toEqual([]);
  });
}

for (const position of ['bottom-end', 'top-start'] as const) {
  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    test(`at ${position}, a banner that comes moves no other, and one that goes shifts none (motion: ${reducedMotion})`, async ({
      page,
      server,
    }) => {
      await page.emulateMedia({ reducedMotion });
      await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
      await settled(page, { forget: true });
      const banner = (name: string) => page.locator('.region', { hasText: TEMPLATES[name]?.message });
      const place = async (name: string) => (await banner(name).boundingBox())?.y ?? Number.NaN;
      const come = async (name: string) => {
        await page.evaluate(([position, name]) => window.offer(position, name), [position, name] as const);
        await expect(banner(name)).toBeVisible();
      };

      await come('plain');
      const first = await place('plain');
      await come('offer');
      const second = await place('offer');
      await come('brief');
      expect([await place('plain'), await place('offer')]).toEqual([first, second]);
      expect(Math.sign(second - first)).toBe(position === 'top-start' ? 1 : -1);

      // Nothing moves away under the pointer.
      await banner('offer').hover();
      await banner('plain')
        .locator('.close')
        .evaluate((button: HTMLElement) => button.click());
      await expect(banner('plain')).toHaveCount(0);
      await settled(page);
      expect(await place('offer')).toBe(second);
      await page.mouse.move(640, 400);
      await expect.poll(async () => Math.abs((await place('offer')) - first)).toBeLessThan(60);

      await settled(page);
      expect(await page.evaluate(() => window.shifts)).toEqual([]);
    });
  }
}

test('banners that fill much of a screen wait for room, and come when there is some', async ({
  page,
  server,
}) => {
  await page.setViewportSize({ width: 640, height: 400 });
  await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
  await page.evaluate(() => window.offer('bottom', 'long', 'offer', 'plain'));
  const messages = page.locator('.message');
  await expect(messages).toHaveText([/^Die Rindfleisch/]);
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(messages).toHaveText([/^Don't forget/, /^Ten percent/]);
});

test('banners that found no room come when the screen grows, and all can be reached when it shrinks', async ({
  page,
  server,
}) => {
  await page.setViewportSize({ width: 640, height: 400 });
  await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
  await page.evaluate(() => window.offer('bottom', 'long', 'offer', 'plain'));
  await expect(page.locator('.message')).toHaveCount(1);
  await page.setViewportSize({ width: 640, height: 1000 });
  await expect(page.locator('.message')).toHaveCount(3);
  await page.setViewportSize({ width: 320, height: 250 });
  for (const close of await page.getByRole('button', { name: 'Close' }).all()) {
    await close.focus();
    await expect(close).toBeInViewport({ ratio: 1 });
  }
});

test('the page below the banners can be used between them', async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 300 });
  await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
  await page.evaluate(() => window.offer('bottom-end', 'offer'));
  const box = await page.locator('.banner').boundingBox();
  const below = await page.evaluate(
    ([x = 0, y = 0]) => document.elementFromPoint(x, y)?.localName,
    [Number(box?.x) - 5, Number(box?.y) + 5],
  );
  expect(below).not.toBe('signals-banners');
});

/** Waits until the page's current work is drawn. Layout shifts during loading do not count, because banners do not cause them. */
async function settled(page: Page, { forget = false } = {}) {
  await page.evaluate(async (forget) => {
    const animations = document.querySelector('signals-banners')?.shadowRoot?.getAnimations() ?? [];
    await Promise.all(animations.map(({ finished }) => finished));
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    if (forget) window.shifts.length = 0;
  }, forget);
}

/** Finds errors in the geometry of the banners. Runs in the page. */
function flaws(): string[] {
  const host = document.querySelector('signals-banners');
  const shadow = host?.shadowRoot;
  if (!host || !shadow) return ['there is no banner'];
  const found: string[] = [];
  const viewport = document.documentElement;
  const banners = [...shadow.querySelectorAll('.banner')];
  if (viewport.scrollWidth > viewport.clientWidth) found.push('the page scrolls sideways');
  if (host.scrollWidth > host.clientWidth) found.push('the banners scroll sideways');
  const outer = host.getBoundingClientRect();
  if (outer.top < -0.5 || outer.bottom > innerHeight + 0.5) found.push('the stack leaves the screen');

  const overlap = (a: DOMRect, b: DOMRect) =>
    a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const check = (elements: Element[], what: string) => {
    elements.forEach((one, i) => {
      for (const other of elements.slice(i + 1)) {
        if (overlap(one.getBoundingClientRect(), other.getBoundingClientRect()))
          found.push(`${what} overlap: ${one.className} and ${other.className}`);
      }
    });
  };
  check(banners, 'banners');
  for (const banner of banners) {
    check([...banner.children], 'parts');
    const { left, right, top, bottom } = banner.getBoundingClientRect();
    if (left < 0 || right > viewport.clientWidth) found.push('a banner leaves the screen sideways');
    // The text itself: its box may be smaller.
    const range = document.createRange();
    for (const part of banner.querySelectorAll('.message, .code, .action')) {
      range.selectNodeContents(part);
      for (const line of range.getClientRects()) {
        if (line.left < left || line.right > right || line.top < top || line.bottom > bottom)
          found.push(`text leaves its banner: ${part.textContent}`);
      }
    }
    const message = banner.querySelector('.message');
    if (message && message.clientWidth < 5 * Number.parseFloat(getComputedStyle(message).fontSize))
      found.push('the message is squeezed');
    check([...banner.querySelectorAll('.message, .offer')], 'parts');
    check([...banner.querySelectorAll('.code, .copy')], 'parts');
    for (const button of banner.querySelectorAll('button, .action')) {
      const { width, height } = button.getBoundingClientRect();
      if (width < 24 || height < 24) found.push(`a button is too small for fingers: ${button.className}`);
    }
  }
  return found;
}
