import type { Page } from '@playwright/test';
import type { BannerTemplate } from '../../js/banner/index.js';
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
  plain: { message: "Don't forget your items.", action: { label: 'To the cart', href: '/cart' } },
};

const SCRIPT = `
  import { bannerHandler } from './js/banner/index';
  window.shifts = [];
  new PerformanceObserver((list) => {
    // What follows a click is what the shopper asked for.
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifts.push(value);
  }).observe({ type: 'layout-shift', buffered: true });
  const handle = bannerHandler({ templates: ${JSON.stringify(TEMPLATES)} });
  window.offer = (name) => handle({ intervention_id: name, name, version: 1, attributes: {} });
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
    // What the page itself does while it loads is not the banners' doing.
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await page.evaluate(() => Object.assign(window, { shifts: [] }));
    const placeOfPage = () => page.locator('main').evaluate((main) => main.getBoundingClientRect().toJSON());
    const before = await placeOfPage();
    await page.evaluate((names) => {
      const { offer } = window as unknown as { offer: (name: string) => void };
      for (const name of names) offer(name);
    }, Object.keys(TEMPLATES));
    await expect(page.getByRole('button', { name: 'Close' })).toHaveCount(3);
    await page.screenshot({ path: info.outputPath('banners.png') });

    const heights = await page
      .locator('.banner')
      .evaluateAll((banners) => banners.map((banner) => banner.getBoundingClientRect().height));
    const leavesRoom = heights.reduce((sum, one) => sum + one) < 0.6 * height;
    expect(await placeOfPage()).toEqual(before);
    const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
    // Banners that come in different frames may move one another: by less than browsers call good (web.dev/cls), except where
    // they fill most of the screen.
    if (leavesRoom) expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.1);
    expect(await page.evaluate(flaws)).toEqual([]);
    expect(await axe(page)).toEqual([]);
    // All of them can be reached, also where they are higher than the screen.
    for (const name of ['Close', 'Copy code']) {
      for (const button of await page.getByRole('button', { name }).all()) {
        await button.focus();
        await expect(button).toBeInViewport({ ratio: 0.9 });
      }
    }
    for (const close of (await page.getByRole('button', { name: 'Close' }).all()).reverse())
      await close.click();
    await expect(page.getByRole('status')).toHaveCount(0);
  });
}

test('the page below the banners can be used between them', async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 300 });
  await openBarePage(page, server, { body: BODY, script: SCRIPT, policy: POLICY });
  await page.evaluate(() => (window as unknown as { offer: (name: string) => void }).offer('offer'));
  const box = await page.locator('.banner').boundingBox();
  const below = await page.evaluate(
    ([x = 0, y = 0]) => document.elementFromPoint(x, y)?.localName,
    [Number(box?.x) - 5, Number(box?.y) + 5],
  );
  expect(below).not.toBe('signals-banners');
});

/** What is wrong with the geometry of the banners in this page. Runs in it. */
function flaws(): string[] {
  const host = document.querySelector('signals-banners');
  const shadow = host?.shadowRoot;
  if (!host || !shadow) return ['there is no banner'];
  const found: string[] = [];
  const viewport = document.documentElement;
  const banners = [...shadow.querySelectorAll('.banner')];
  if (banners.length !== 3) found.push(`there are ${banners.length} banners`);
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
