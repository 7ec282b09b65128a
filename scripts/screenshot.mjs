// Takes docs/images/shop.png: the demo e-shop with its three banners. Needs what `npm run build` makes, and Chromium.

import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { CHROMIUM_FLAGS, findChromium } from './support/browser.mjs';
import { inProject, serverBinary, shopDir } from './support/project.mjs';
import { entryPoint, Failure } from './support/report.mjs';

const IMAGE = inProject('docs', 'images', 'shop.png');
const MAX_KILOBYTES = 300;
const BANNERS = 3;

await entryPoint(async () => {
  const server = spawn(process.env.SIGNALS_MOCK_SERVER ?? serverBinary, ['--port', '0', '--www', shopDir]);
  const browser = await chromium.launch({
    executablePath: findChromium() ?? undefined,
    args: CHROMIUM_FLAGS,
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    await page.goto(await originOf(server));
    await earnBanners(page);
    mkdirSync(path.dirname(IMAGE), { recursive: true });
    await page.screenshot({ path: IMAGE });
  } finally {
    await browser.close();
    server.kill();
  }
  const kilobytes = Math.ceil(statSync(IMAGE).size / 1024);
  console.log(`${path.relative(inProject(), IMAGE)}: ${kilobytes} KB`);
  if (kilobytes > MAX_KILOBYTES) throw new Failure(`the image is larger than ${MAX_KILOBYTES} KB`);
});

async function originOf(server) {
  for await (const line of createInterface(server.stdout)) {
    const [, origin] = /^listening on (\S+)$/.exec(line) ?? [];
    if (origin) return origin;
  }
  throw new Failure('the mock server did not start');
}

/** Does what the shop's tour suggests. */
async function earnBanners(page) {
  for (const id of ['kettle', 'globe', 'enamel-mug', 'backpack']) {
    await page.locator(`[data-product-id="${id}"]`).click();
    if (id === 'enamel-mug' || id === 'backpack')
      await page.getByRole('button', { name: 'Add to cart' }).click();
    await page.keyboard.press('Escape');
  }
  await page
    .getByRole('status')
    .nth(BANNERS - 1)
    .getByRole('button', { name: 'Close' })
    .waitFor();
  // They glide to their places.
  await page
    .getByRole('status')
    .first()
    .evaluate((banner) =>
      Promise.all(
        banner
          .getRootNode()
          .getAnimations()
          .map(({ finished }) => finished),
      ),
    );
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    document.activeElement?.blur();
    scrollTo({ top: 0, behavior: 'instant' });
  });
}
