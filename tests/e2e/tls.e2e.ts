import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base, expect } from '@playwright/test';
import { shopDir } from '../../scripts/support/project.mjs';
import { MockServer } from './support/mock-server';

/** A server with a certificate of the test's own, which the browser takes all the same. */
const test = base.extend<{ server: MockServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs.
  server: async ({}, use) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'signals-tls-'));
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost'
        .split(' ')
        .concat('-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert),
      { stdio: 'ignore' },
    );
    const server = await MockServer.start(shopDir, undefined, ['--tls-cert', cert, '--tls-key', key]);
    await use(server);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  },
});
test.use({ ignoreHTTPSErrors: true });

test('more streams than HTTP/1.1 has connections are open at once, and requests still get through', async ({
  page,
  server,
}) => {
  await page.goto(`${server.origin}/docs`);
  const opened = await page.evaluate(async () => {
    const streams = Array.from({ length: 8 }, () => {
      const id = crypto.randomUUID();
      return new EventSource(`/api/v1/interventions?domain_userid=${id}`);
    });
    await Promise.all(streams.map((stream) => new Promise((open) => stream.addEventListener('open', open))));
    const { status } = await fetch('/openapi.json');
    const [entry] = performance.getEntriesByName(`${location.origin}/openapi.json`).slice(-1);
    return { status, protocol: (entry as PerformanceResourceTiming).nextHopProtocol };
  });
  expect(opened).toEqual({ status: 200, protocol: 'h2' });
});

test('the shop receives over TLS', async ({ page, server }) => {
  await page.goto(server.origin);
  await expect(page.locator('#connection-state')).toHaveText('open');
  const id = await page.locator('#domain-userid').innerText();
  const answer = await page.request.post(`${server.origin}/api/v1/interventions?domain_userid=${id}`, {
    headers: { authorization: 'Bearer sandbox' },
    data: { name: 'hello_over_tls', version: 1 },
  });
  expect(await answer.json()).toEqual({ status: 'success' });
  await expect(page.locator('#interventions .log-title')).toHaveText(['hello_over_tls v1']);
});
