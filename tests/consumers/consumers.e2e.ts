// The packed package in storefronts of its users: each is built by its own tool, and shows a banner.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { MockServer } from '../e2e/support/mock-server';
import { Problems } from '../e2e/support/problems';
import { consumersDir } from './install.mjs';

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

test("a storefront shows a banner on Vite's development server", async ({ context, page }) => {
  const server = await MockServer.start();
  const { createServer: createVite } = await import(
    path.join(consumersDir, 'node_modules/vite/dist/node/index.js')
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
