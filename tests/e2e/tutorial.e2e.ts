// The tutorial's demo app, as it is and with only the import of the plugin changed.
import path from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { inProject } from '../../scripts/support/project.mjs';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

const EXISTING = '@snowplow/signals-browser-plugin';

/** Opens the app with its plugin imported from `plugin`, built as bundlers build. */
async function open(page: Page, server: MockServer, plugin: string): Promise<void> {
  const alias: Record<string, string> = plugin === EXISTING ? {} : { [EXISTING]: inProject('dist/index.js') };
  const { outputFiles } = await build({
    entryPoints: [inProject('tests/e2e/support/tutorial-app.ts')],
    alias,
    outdir: '/app',
    bundle: true,
    splitting: true,
    format: 'esm',
    write: false,
  });
  const files = new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
  await page.route(`${server.origin}/app/**`, async (route) => {
    const name = path.basename(new URL(route.request().url()).pathname);
    const body = files.get(name);
    if (body !== undefined) return route.fulfill({ contentType: 'text/javascript', body });
    if (name.endsWith('.wasm')) return route.fulfill({ path: inProject('dist', name) });
    const html =
      '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="tutorial-app.js"></script>';
    return route.fulfill({ contentType: 'text/html', body: html });
  });
  const opened = page.waitForResponse((response) => response.request().resourceType() === 'eventsource');
  await page.goto(`${server.origin}/app/`);
  expect((await opened).status()).toBe(200);
}

for (const plugin of [EXISTING, 'signals-interventions']) {
  test(`with ${plugin}, the demo app shows its three banners`, async ({ page, server }) => {
    await open(page, server, plugin);
    const banner = page.getByRole('status');
    const click = (name: string) => page.getByRole('button', { name }).click();

    for (const product of ['Mascara', 'Eyeshadow', 'Lipstick', 'Perfume']) await click(`View ${product}`);
    await expect(banner).toHaveText('10% off your next purchase! Use code: SAVE10');
    await click('Add Mascara');
    await expect(banner).toHaveText("Don't forget your items in cart!");
    await click('Add Perfume');
    await expect(banner).toHaveText('Free shipping on orders over $100! Use code: FREE');
  });
}

test('a shopper who becomes somebody else in the demo app begins anew', async ({ page, server }) => {
  await open(page, server, 'signals-interventions');
  const banner = page.getByRole('status');
  const click = (name: string) => page.getByRole('button', { name }).click();
  await click('Add Mascara');
  await expect(banner).toHaveText("Don't forget your items in cart!");
  await click('Be somebody else');
  await expect(banner).toHaveText('');
  await click('Add Lipstick');
  await expect(banner).toHaveText("Don't forget your items in cart!");
});
