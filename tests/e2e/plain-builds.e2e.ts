// What the usual tools make of the crate works in a page, without a build script of this project: the glue and the WebAssembly
// of wasm-pack, and of cargo with wasm-bindgen.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { root, targetDir, toolEnv } from '../../scripts/support/project.mjs';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

const run = promisify(execFile);
const USER = '218e8926-3858-431d-b2ed-66da03a1cbe5';
const TARGET = 'wasm32-unknown-unknown';

interface Builder {
  title: string;
  build(outDir: string): Promise<unknown>;
}

const cargo = (...args: string[]) => run('cargo', args, { cwd: root, env: toolEnv });

const BUILDERS: Builder[] = [
  {
    title: 'wasm-pack build --target web',
    build: (outDir) =>
      run('wasm-pack', ['build', '--target', 'web', '--out-dir', outDir], { cwd: root, env: toolEnv }),
  },
  {
    title: `cargo build --release --target ${TARGET}, and wasm-bindgen`,
    async build(outDir) {
      await cargo('build', '--release', '--locked', '--target', TARGET, '--package', 'signals-interventions');
      const wasm = path.join(targetDir, TARGET, 'release', 'signals_interventions.wasm');
      await run('wasm-bindgen', [wasm, '--target', 'web', '--out-dir', outDir], { env: toolEnv });
    },
  },
];

let outDir: string;

test.beforeEach(() => {
  outDir = mkdtempSync(path.join(tmpdir(), 'plain-build-'));
});

test.afterEach(() => rmSync(outDir, { recursive: true, force: true }));

// One after the other: they share cargo's folder.
test.describe.configure({ mode: 'serial' });

for (const { title, build } of BUILDERS) {
  test(`the module of ${title} receives an intervention`, async ({ page, server }) => {
    test.setTimeout(600_000);
    await build(outDir);
    await open(page, server);
    await page.evaluate(
      ([user, endpoint]) => window.start(String(user), String(endpoint)),
      [USER, server.origin],
    );
    await expect.poll(() => server.openStreams()).toBe(1);
    await server.push('discount', USER);
    await expect.poll(() => page.evaluate(() => window.received)).toEqual(['discount']);
  });
}

declare global {
  interface Window {
    received: string[];
    start(user: string, endpoint: string): Promise<void>;
  }
}

/** A page that starts the module by hand, as the facade does, with a tracker that tracks nothing. */
async function open(page: Page, server: MockServer): Promise<void> {
  const script = `
    import initialise, { Plugin } from './signals_interventions.js';
    window.received = [];
    window.start = async (user, endpoint) => {
      await initialise();
      const plugin = new Plugin((event) => event);
      const tracker = {
        id: 'sp',
        namespace: 'sp',
        core: { track() {} },
        getDomainUserInfo: () => ['0', user, 0, 0, 0, 0, ''],
      };
      const note = ({ name }) => window.received.push(name);
      plugin.activate(tracker, { handlers: { note } });
      plugin.subscribe({ endpoint }, null);
    };`;
  await page.route(`${server.origin}/plain/*`, (route) => {
    const name = path.basename(new URL(route.request().url()).pathname);
    if (name === 'index.html') {
      const body = `<!doctype html><title>Plain build</title><link rel="icon" href="data:,"><script type="module">${script}</script>`;
      return route.fulfill({ contentType: 'text/html', body });
    }
    return route.fulfill({ path: path.join(outDir, name) });
  });
  await page.goto(`${server.origin}/plain/index.html`);
  await page.waitForFunction(() => window.start !== undefined);
}
