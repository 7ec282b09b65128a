// Records docs/images/shop.gif: a shopper earns the three banners of the demo shop and opens the activity drawer. Run `npm run
// build` first. Needs Chromium.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import gifenc from 'gifenc';
import { PNG } from 'pngjs';
import { CHROMIUM_FLAGS, findChromium } from './support/browser.mjs';
import { inProject, serverBinary, shopDir } from './support/project.mjs';
import { entryPoint, Failure } from './support/report.mjs';

const { applyPalette, GIFEncoder, quantize } = gifenc;

const RECORDING = inProject('docs', 'images', 'shop.gif');
const MAX_KILOBYTES = 1000;
const SIZE = { width: 1100, height: 720 };
const COLOURS = 128;
/** How long to show each picture, in milliseconds. */
const GLANCE_MS = 900;
const READ_MS = 2000;

await entryPoint(async () => {
  const server = spawn(process.env.SIGNALS_MOCK_SERVER ?? serverBinary, ['--port', '0', '--www', shopDir]);
  const browser = await chromium.launch({
    executablePath: findChromium() ?? undefined,
    args: CHROMIUM_FLAGS,
  });
  const frames = [];
  try {
    const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
    await page.goto(await originOf(server));
    await shop(page, async (ms) => frames.push({ ms, png: await page.screenshot() }));
  } finally {
    await browser.close();
    server.kill();
  }
  const gif = animate(frames);
  mkdirSync(path.dirname(RECORDING), { recursive: true });
  writeFileSync(RECORDING, gif);
  const kilobytes = Math.ceil(gif.length / 1024);
  console.log(`${path.relative(inProject(), RECORDING)}: ${frames.length} pictures, ${kilobytes} KB`);
  if (kilobytes > MAX_KILOBYTES)
    throw new Failure(`the recording is larger than ${MAX_KILOBYTES} KB: lower COLOURS or SIZE`);
});

async function originOf(server) {
  for await (const line of createInterface(server.stdout)) {
    const [, origin] = /^listening on (\S+)$/.exec(line) ?? [];
    if (origin) return origin;
  }
  throw new Failure('the mock server did not start');
}

/** Follows the shop's three steps. Calls `show` with a duration for each picture. */
async function shop(page, show) {
  const banner = (text) => page.getByRole('status').filter({ hasText: text });
  await page.locator('[data-product-id="kettle"] img').waitFor();
  await show(READ_MS);
  for (const id of ['kettle', 'globe', 'tent']) await look(page, id, show);
  await look(page, 'enamel-mug', show, async () => {
    await banner('10% off').waitFor();
    await show(READ_MS);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await banner('items in cart').waitFor();
  });
  await show(READ_MS);
  await look(page, 'backpack', show, async () => {
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await banner('Free shipping').waitFor();
  });
  await show(READ_MS);
  await page.getByRole('button', { name: 'Activity' }).click();
  await page.locator('#attributes dd').first().waitFor();
  await show(READ_MS);
}

/** Opens a product, shows it, calls `more`, and goes back. */
async function look(page, id, show, more = async () => {}) {
  const card = page.locator(`[data-product-id="${id}"]`);
  await card.scrollIntoViewIfNeeded();
  await card.click();
  await page.locator('#product img').waitFor();
  await show(GLANCE_MS);
  await more();
  await page.keyboard.press('Escape');
  await page.locator('#product').waitFor({ state: 'hidden' });
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  await page.mouse.move(0, 0);
}

/** A looping GIF of the pictures. Each picture has its own palette. */
function animate(frames) {
  const gif = GIFEncoder();
  for (const { ms, png } of frames) {
    const { data, width, height } = PNG.sync.read(png);
    const palette = quantize(data, COLOURS);
    gif.writeFrame(applyPalette(data, palette), width, height, { palette, delay: ms });
  }
  gif.finish();
  return gif.bytes();
}
