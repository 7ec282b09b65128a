// The packed package in storefronts of its users: each is built by its own tool, and shows a banner.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { build as bundle } from 'esbuild';
import { MockServer } from '../e2e/support/mock-server';
import { Problems } from '../e2e/support/problems';
import { consumersDir } from './install.mjs';

declare global {
  interface Window {
    snowplowSignals?: typeof import('../../js/api.js');
  }
}

const out = (name: string) => path.join(consumersDir, 'out', name);

/** Waits for the connection, has the server send an intervention, and expects its banner. */
async function showsABanner(page: Page, server: MockServer): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('data-connection', 'open');
  await server.push('discount', 'ada', 'user_id');
  await expect(page.getByRole('status')).toContainText('10% off your next purchase!');
  await expect(page.getByRole('status')).toContainText('SAVE10');
}

for (const tool of ['vite', 'webpack', 'rollup', 'esbuild', 'react-ssr']) {
  test(`a storefront made with ${tool} shows a banner`, async ({ context, page }) => {
    const server = await MockServer.start(out(tool));
    const problems = new Problems(context, server.origin);
    await page.goto(server.origin);
    await showsABanner(page, server);
    expect(problems.unexpected).toEqual([]);
    await server.stop();
  });
}

test('a page rendered on a server comes to life as it is', async ({ context, page }) => {
  const server = await MockServer.start(out('react-ssr'));
  const problems = new Problems(context, server.origin);
  const html = await (await fetch(server.origin)).text();
  expect(html).toContain('<main data-alive="false"><h1>Store</h1></main>');
  await page.goto(server.origin);
  // React would report a difference between the two as an error.
  await expect(page.locator('main')).toHaveAttribute('data-alive', 'true');
  expect(problems.unexpected).toEqual([]);
  await server.stop();
});

test.describe('in development', () => {
  // One after the other: both keep their copies of dependencies in the same folder.
  test.describe.configure({ mode: 'default' });

  // Version 8 bundles dependencies differently in development.
  for (const tool of ['vite', 'vite-8']) {
    test(`a storefront shows a banner on the development server of ${tool}`, async ({ context, page }) => {
      const server = await MockServer.start();
      const { createServer: createVite } = await import(
        path.join(consumersDir, `node_modules/${tool}/dist/node/index.js`)
      );
      const proxied = ['/api', '/com.snowplowanalytics.snowplow'];
      const vite = await createVite({
        root: path.join(consumersDir, 'vite'),
        configFile: false,
        logLevel: 'error',
        server: {
          host: '127.0.0.1',
          port: 0,
          proxy: Object.fromEntries(proxied.map((start) => [start, server.origin])),
        },
      });
      await vite.listen();
      const origin = new URL(vite.resolvedUrls.local[0]).origin;
      const problems = new Problems(context, origin);
      // Its own connection for hot reloading.
      problems.expect(/^console error: WebSocket/);
      await page.goto(origin);
      await showsABanner(page, server);
      expect(problems.unexpected).toEqual([]);
      await vite.close();
      await server.stop();
    });
  }
});

test('a plain page with script tags shows a banner under a strict policy, from another origin than the API', async ({
  context,
  page,
}) => {
  const api = await MockServer.start();
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${api.origin}; img-src data:`;
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.wasm': 'application/wasm',
  };
  const pages = createServer(async (request, response) => {
    const name = path.basename(new URL(request.url ?? '/', 'http://page').pathname) || 'index.html';
    const content = await readFile(path.join(out('script-tag'), name)).catch(() => null);
    const headers = {
      'content-type': types[path.extname(name)] ?? 'text/plain',
      'content-security-policy': policy,
    };
    response.writeHead(content ? 200 : 404, headers).end(content);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const { port } = pages.address() as AddressInfo;

  const problems = new Problems(context, `http://127.0.0.1:${port}`);
  problems.expect(new RegExp(`^request elsewhere: ${api.origin}`));
  await page.goto(`http://127.0.0.1:${port}/?endpoint=${api.origin}`);
  await showsABanner(page, api);
  expect(problems.unexpected).toEqual([]);
  pages.closeAllConnections();
  pages.close();
  await api.stop();
});

test.describe('a script tag with the hash of the release', () => {
  const installed = (file: string) =>
    path.join(consumersDir, 'node_modules/signals-interventions/dist', file);

  /** Opens a page that takes the package's files from a CDN, each after `forge` had a look at it. */
  async function openWithCdn(page: Page, forge: (file: string, content: Buffer) => Buffer): Promise<void> {
    const pages = 'http://pages.test';
    const cdn = 'http://cdn.test';
    const { 'signals-interventions.js': integrity } = JSON.parse(
      await readFile(installed('integrity.json'), 'utf8'),
    );
    await page.route(`${pages}/`, (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: {
          'content-security-policy': `default-src 'none'; script-src ${cdn} 'wasm-unsafe-eval'; connect-src ${cdn}; img-src data:`,
        },
        body: `<!doctype html><title>Store</title><link rel="icon" href="data:,">
          <script src="${cdn}/signals-interventions.js" integrity="${integrity}" crossorigin="anonymous"></script>`,
      }),
    );
    await page.route(`${cdn}/*`, async (route) => {
      const file = path.basename(new URL(route.request().url()).pathname);
      await route.fulfill({
        contentType: file.endsWith('.wasm') ? 'application/wasm' : 'text/javascript',
        headers: { 'access-control-allow-origin': '*' },
        body: forge(file, await readFile(installed(file))),
      });
    });
    await page.goto(pages);
  }

  test('loads everything from a CDN under a strict policy', async ({ page }) => {
    await openWithCdn(page, (_, content) => content);
    await page.evaluate(() => window.snowplowSignals?.init());
  });

  test('refuses a script that is not the released one', async ({ page }) => {
    const refused = page.waitForEvent('console', (message) => message.text().includes('integrity'));
    await openWithCdn(page, (_, content) => Buffer.concat([content, Buffer.from(';')]));
    await refused;
    expect(await page.evaluate(() => 'snowplowSignals' in window)).toBe(false);
  });
});

test.describe('a bundler keeps', () => {
  const bundled = async (code: string): Promise<string> => {
    const { outputFiles } = await bundle({
      stdin: { contents: code, resolveDir: consumersDir },
      bundle: true,
      format: 'esm',
      external: ['./core.js'],
      write: false,
    });
    return outputFiles[0]?.text.trim() ?? '';
  };

  test('nothing of an import that nothing uses', async () => {
    const code = await bundled(`
      import { SignalsPlugin } from 'signals-interventions';
      import { bannerHandler } from 'signals-interventions/banner';
    `);
    expect(code).toBe('');
  });

  test('of one function all that it needs to load the rest', async () => {
    const code = await bundled(`
      import { subscribeToInterventions } from 'signals-interventions';
      subscribeToInterventions({ endpoint: 'signals.example.com' });
    `);
    expect(code).toContain('./core.js');
    expect(code).toContain('./signals-interventions.wasm');
  });

  test('the script-tag file, which nothing is imported from', async () => {
    expect(
      await bundled(`import './node_modules/signals-interventions/dist/signals-interventions.js';`),
    ).toContain('snowplowSignals');
  });
});
