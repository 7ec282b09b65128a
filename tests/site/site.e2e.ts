// The documentation site, as it is published.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { inProject, siteDir } from '../../scripts/support/project.mjs';
import { MockServer } from '../e2e/support/mock-server';
import { Problems } from '../e2e/support/problems';

/** The site on a server of its own. Every problem in its pages, and every request elsewhere, fails the test. */
const test = base.extend<{ site: string }>({
  site: async ({ context }, use) => {
    const server = await MockServer.start(siteDir);
    const problems = new Problems(context, server.origin);
    await use(server.origin);
    // Pages load the files of links in view ahead of a click, and may still be at it.
    await Promise.all(context.pages().map((page) => page.goto('about:blank')));
    await server.stop();
    expect(problems.unexpected, 'problems in the page').toEqual([]);
  },
});

/** The pages that VitePress made: rustdoc checks its own. */
const PAGES = readdirSync(siteDir, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.html') && !name.startsWith('rust/') && name !== '404.html',
);

const html = (file: string) => readFileSync(path.join(siteDir, file), 'utf8');

/** What a page links to on this site, as paths from its root. */
function linksOf(file: string): string[] {
  return [...html(file).matchAll(/\s(?:href|src)="([^"]+)"/g)]
    .map(([, address = '']) => new URL(address.replaceAll('&amp;', '&'), `http://site.test/${file}`))
    .filter(({ host }) => host === 'site.test')
    .map(({ pathname, hash }) => decodeURIComponent(`${pathname.slice(1)}${hash}`));
}

/** Whether the site has the file, and the file the anchor. */
function leadsSomewhere(link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const file = target === '' || target.endsWith('/') ? `${target}index.html` : target;
  if (!existsSync(path.join(siteDir, file))) return false;
  return !anchor || file.startsWith('rust/') || html(file).includes(`id="${anchor}"`);
}

test('every link of the site leads somewhere', () => {
  const dead = PAGES.flatMap((page) =>
    linksOf(page)
      .filter((link) => !leadsSomewhere(link))
      .map((link) => `${page}: ${link}`),
  );
  expect(dead).toEqual([]);
});

test('every guide is in the menu, and so are the APIs', () => {
  const guides = readdirSync(inProject('docs')).filter((name) => name.endsWith('.md') && name !== 'index.md');
  const wanted = [
    ...guides.map((name) => name.replace('.md', '.html')),
    'overview.html',
    'changelog.html',
    'security.html',
    'typescript/signals-interventions/functions/subscribeToInterventions.html',
    'rust/signals_mock_server/index.html',
  ];
  const linked = linksOf('getting-started.html');
  expect(wanted.filter((page) => !linked.includes(page))).toEqual([]);
});

async function search(page: Page, words: string): Promise<void> {
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('searchbox').fill(words);
}

test('the search finds an option in the guides and in the TypeScript API', async ({ page, site }) => {
  await page.goto(site);
  await search(page, 'attributeKeyTargets');
  const results = page.getByRole('listbox').getByRole('link');
  await expect(results.and(page.locator('[href*="/attribute-keys.html"]')).first()).toBeVisible();
  const inApi = results.and(page.locator('[href*="SubscriptionConfiguration.html#attributekeytargets"]'));
  await inApi.first().click();
  await expect(page.getByRole('heading', { name: 'attributeKeyTargets?' })).toBeInViewport();
});

test('the menu opens a page of rustdoc', async ({ page, site }) => {
  await page.goto(`${site}/reference.html`);
  await page.getByRole('main').getByRole('link', { name: 'signals-engine' }).click();
  await expect(page.getByRole('heading', { name: 'Crate signals_engine' })).toBeVisible();
});

test('the home page shows the demo shop and leads to the first banner', async ({ page, site }) => {
  await page.goto(site);
  const picture = page.getByRole('img', { name: 'The demo shop with three banners' });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await page.getByRole('main').getByRole('link', { name: 'Getting started' }).click();
  await expect(page.getByRole('heading', { name: 'Getting started', level: 1 })).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true });

  test('no page is wider than the screen', async ({ page, site }) => {
    test.setTimeout(300_000);
    const wide: string[] = [];
    for (const name of PAGES) {
      await page.goto(`${site}/${name}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 375) wide.push(`${name}: ${width} px`);
    }
    expect(wide).toEqual([]);
  });

  test('a wide table scrolls inside its box', async ({ page, site }) => {
    await page.goto(`${site}/benchmarks.html`);
    const widths = await page
      .locator('main table')
      .evaluateAll((tables) =>
        tables.map(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth] as const),
      );
    expect(widths.some(([content, box]) => content > box)).toBe(true);
    expect(widths.filter(([, box]) => box > 375)).toEqual([]);
  });
});
