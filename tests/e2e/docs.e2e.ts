// Runs every sample in the documents.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { inProject, serverBinary } from '../../scripts/support/project.mjs';
import { run } from '../../scripts/support/report.mjs';
import type { MockServer } from './support/mock-server';
import { DOCUMENTS, type Sample, samplesOf, textOf } from './support/samples';
import { expect, test } from './support/test';

const samples = DOCUMENTS.flatMap(samplesOf);
const of = (...languages: string[]) => samples.filter(({ language }) => languages.includes(language));

/** Languages that nothing here runs. `tests/contract/test_guide.py` runs Python, and `docker.e2e.ts` checks Dockerfiles. */
const NOT_RUN_HERE = ['', 'text', 'diff', 'css', 'python', 'dockerfile'];

/** What the samples call the servers that readers have. */
const at = (origin: string, code: string) =>
  code.replaceAll(/(https:\/\/)?(collector|signals)\.example\.com/g, origin);

test('every sample is of a language that is run', () => {
  const run = ['js', 'ts', 'html', 'sh', 'yaml', 'json'];
  expect(samples.filter(({ language }) => ![...run, ...NOT_RUN_HERE].includes(language))).toEqual([]);
});

test('the samples pass the strict type check', async () => {
  const folder = inProject('target', 'samples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { where, code } of of('js', 'ts')) {
    // The comment makes a module of a sample that imports nothing, and names it where something is wrong.
    const file = `${where.replaceAll(/\W/g, '-')}.ts`;
    writeFileSync(path.join(folder, file), `${code}\nexport {};\n`);
  }
  const config = { extends: '../../tsconfig.json', compilerOptions: { rootDir: '../..' }, include: ['*.ts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  await run(['tsc', '--project', folder]);
});

for (const sample of of('js', 'ts')) {
  test(`the sample at ${sample.where} works`, async ({ page, server }) => {
    const { outputFiles } = await build({
      stdin: { contents: at(server.origin, sample.code), resolveDir: inProject(), loader: 'ts' },
      outdir: '/sample',
      bundle: true,
      splitting: true,
      format: 'esm',
      write: false,
    });
    for (const { path: file, text } of outputFiles) {
      const url = `${server.origin}/sample/${path.basename(file)}`;
      await page.route(url, (route) => route.fulfill({ contentType: 'text/javascript', body: text }));
    }
    const html = '<!doctype html><main id="shop"></main><script type="module" src="stdin.js"></script>';
    await works(
      page,
      server,
      sample,
      html,
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
    );
  });
}

for (const sample of of('html')) {
  test(`the page at ${sample.where} works`, async ({ page, server }) => {
    await works(page, server, sample, at(server.origin, sample.code));
  });
}

/** Opens a page with the sample. If it subscribes, it must receive an intervention; what it does about it must show. */
async function works(page: Page, server: MockServer, sample: Sample, html: string, policy = '') {
  const subscribes = /subscribeToInterventions\(|createInterventionsClient\(/.test(sample.code);
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  await page.route(`${server.origin}/sample/`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: policy ? { 'content-security-policy': policy } : {},
      body: html.includes('rel="icon"') ? html : `<link rel="icon" href="data:,">${html}`,
    }),
  );
  for (const [pattern, folder] of [
    [/\/(signals|sample)\/[\w-]+\.wasm$|\/signals\/[\w-]+\.js$/, 'dist'],
    [/\/tracker\.js$/, 'node_modules/@snowplow/browser-tracker/dist'],
  ] as const) {
    await page.route(
      (url) => url.origin === server.origin && pattern.test(url.pathname),
      async (route) => {
        const name = path.basename(new URL(route.request().url()).pathname);
        await route.fulfill({ path: inProject(folder, name === 'tracker.js' ? 'index.umd.min.js' : name) });
      },
    );
  }
  const stream = subscribes
    ? page.waitForResponse((response) => response.request().resourceType() === 'eventsource')
    : undefined;
  await page.goto(`${server.origin}/sample/`);
  if (!stream) return;
  const response = await stream;
  expect(response.status()).toBe(200);
  const [[key, id] = ['', '']] = [...new URL(response.url()).searchParams];
  const before = messages.length;
  await server.push('discount', id, key, { count_product_views: 4, cart_value: 120 });
  if (sample.code.includes('bannerHandler(')) await expect(page.getByRole('status').first()).toBeVisible();
  if (/console\.log/.test(sample.code)) await expect.poll(() => messages.length).toBeGreaterThan(before);
}

const uses = (script: string) => /^(signals-server|signals-mock-server|curl|openssl) /m.test(script);

for (const document of DOCUMENTS) {
  const scripts = samplesOf(document).filter(({ language, code }) => language === 'sh' && uses(code));
  if (scripts.length === 0) continue;
  test(`the commands in ${document} work, one after the other`, async () => {
    await inShell(document, async (shell) => {
      for (const { code } of scripts) await shell.run(code);
    });
  });
}

for (const { where, code } of of('yaml')) {
  test(`the commands in the workflow at ${where} work`, async () => {
    const steps = [...code.matchAll(/^( *)- run: \|\n((?:\1 {4}.*\n)+)/gm)];
    const scripts = steps.map(([, , script = '']) => script.replaceAll(/^ +/gm, '')).filter(uses);
    expect(scripts).not.toEqual([]);
    await inShell(where, async (shell) => {
      for (const script of scripts) await shell.run(script);
    });
  });
}

/** Gives `work` a shell in a folder of its own, which has the definitions and the files that the document shows. */
async function inShell(document: string, work: (shell: Shell) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signals-commands-'));
  const shell = new Shell(folder, await freePort());
  try {
    symlinkSync(inProject('definitions'), path.join(folder, 'definitions'));
    for (const { where, file, code } of samples) {
      if (file && where.startsWith(document)) writeFileSync(path.join(folder, file), code);
    }
    await work(shell);
  } finally {
    shell.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('every npm script and file that the documents name is there', () => {
  const { scripts } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const missing: string[] = [];
  for (const document of DOCUMENTS) {
    const text = textOf(document);
    for (const [, name = ''] of text.matchAll(
      /npm (?:run )?(?!install|pack|ci|i |start|test|view)([\w:-]+)/g,
    )) {
      if (text.includes(`npm run ${name}`) && !(name in scripts))
        missing.push(`${document}: npm run ${name}`);
    }
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      if (!existsSync(path.join(inProject(path.dirname(document)), target)))
        missing.push(`${document}: ${target}`);
    }
  }
  expect(missing).toEqual([]);
});

/** Runs scripts one after the other, with the server's program at hand; what they leave running ends with it. */
class Shell {
  readonly #folder: string;
  readonly #port: number;
  readonly #started: ChildProcess[] = [];

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  async run(script: string): Promise<void> {
    const binary = process.env.SIGNALS_MOCK_SERVER ?? serverBinary;
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script.replaceAll('8787', String(this.#port))], {
      cwd: this.#folder,
      // A group of its own, with what it starts in the background.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${path.dirname(binary)}:${process.env.PATH}`,
        SIGNALS_PORT: String(this.#port),
        SIGNALS_URL: `http://127.0.0.1:${this.#port}`,
      },
    });
    this.#started.push(shell);
    let output = '';
    for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (text) => (output += text));
    const [code] = await once(shell, 'exit');
    expect(code, `${script}\n${output}`).toBe(0);
  }

  end(): void {
    for (const { pid } of this.#started) {
      try {
        if (pid) process.kill(-pid);
      } catch {
        // Nothing of it was left.
      }
    }
  }
}

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
