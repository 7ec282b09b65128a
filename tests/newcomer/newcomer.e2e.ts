// The first ten minutes of a newcomer: an empty folder, the packed packages, the sample of the README, one command, a banner.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect } from '@playwright/test';
import { attempt, run } from '../../scripts/support/report.mjs';
import { Problems } from '../e2e/support/problems';
import { samplesOf } from '../e2e/support/samples';
import { tarballs } from './pack.mjs';

const CREATE_VITE = '9.3.0';
const TRACKER = '4.10.1';

/** An empty folder, and what was started there. */
class Desk {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'newcomer-'));
  readonly #started: ChildProcess[] = [];

  /** Runs a command to its end. */
  async run(command: string, folder = this.folder): Promise<string> {
    return run(command.split(' '), { cwd: folder });
  }

  /** Starts a command that keeps running, and gives the address that it prints. */
  async start(command: string, folder: string): Promise<string> {
    const [program = '', ...args] = command.split(' ');
    // A group of its own: npx and npm leave behind what they started.
    const child = spawn(program, args, {
      cwd: folder,
      detached: true,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    let output = '';
    child.stderr.on('data', (text) => (output += text));
    for await (const line of createInterface(child.stdout)) {
      output += `${line}\n`;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (!address) continue;
      child.stdout.resume();
      return address;
    }
    throw new Error(`${command} printed no address:\n${output}`);
  }

  async clear(): Promise<void> {
    for (const child of this.#started) {
      if (child.pid === undefined || child.exitCode !== null) continue;
      const ended = once(child, 'close');
      process.kill(-child.pid, 'SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const test = base.extend<{ desk: Desk }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs.
  desk: async ({}, use) => {
    const desk = new Desk();
    await use(desk);
    await desk.clear();
  },
});

// They download packages.
test.describe.configure({ mode: 'default', timeout: 300_000 });

/** The tarballs in a folder, as arguments of npm. */
const packed = (folder: string) => readdirSync(folder).map((name) => path.join(folder, name));

/** The first complete sample that shows a banner: of the README, or else of the guide that it leads to. */
function sample(): string {
  const needed = [/from "signals-interventions\/banner"/, /newTracker\(/, /subscribeToInterventions\(/];
  const complete = ['README.md', 'docs/getting-started.md']
    .flatMap(samplesOf)
    .find(({ language, code }) => /^[jt]s$/.test(language) && needed.every((part) => part.test(code)));
  if (!complete) throw new Error('neither the README nor the guide has a complete sample with a banner');
  return complete.code;
}

test('a newcomer sees a banner', async ({ context, desk, page }) => {
  const began = performance.now();
  await desk.run(`npm create --yes vite@${CREATE_VITE} shop -- --template vanilla --no-interactive`);
  const shop = path.join(desk.folder, 'shop');
  const packages = [tarballs.plugin, tarballs.server].flatMap(packed);
  await desk.run(
    `npm install --no-audit --no-fund @snowplow/browser-tracker@${TRACKER} ${packages.join(' ')}`,
    shop,
  );
  const signals = await desk.start('npx signals-mock-server --port 0', shop);
  const code = sample().replaceAll(/https:\/\/(collector|signals)\.example\.com/g, signals);
  expect(code).toContain(signals);
  appendFileSync(path.join(shop, 'src', 'main.js'), `\n${code}`);
  const address = await desk.start('npm run dev -- --host 127.0.0.1 --port 0', shop);

  const problems = new Problems(context, address);
  problems.expect(new RegExp(`^request elsewhere: ${signals}`));
  await page.goto(address);
  const inspector = await context.newPage();
  await inspector.goto(`${signals}/inspector`);
  await expect(inspector.getByLabel('Id', { exact: true })).not.toHaveValue('');
  await inspector.getByRole('button', { name: 'Push' }).click();
  await expect(page.getByRole('status')).toContainText('10% off your next purchase!');
  console.log(`a newcomer sees a banner after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  expect(problems.unexpected).toEqual([]);
});

test('the packages of the mock server are well-formed', async () => {
  for (const tarball of packed(tarballs.server)) {
    const { code, output } = await attempt(['publint', 'run', tarball, '--strict']);
    expect(code, output).toBe(0);
    expect(output).toContain('All good!');
  }
});

test('npx signals-mock-server serves the demo shop, runs commands and ends with their exit code', async ({
  desk,
  page,
}) => {
  await desk.run(`npm install --no-audit --no-fund ${packed(tarballs.server).join(' ')}`);
  const command = path.join(desk.folder, 'node_modules', '.bin', 'signals-mock-server');
  const address = await desk.start('npx signals-mock-server --port 0', desk.folder);
  await page.goto(address);
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();

  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  const trigger = await attempt([command, 'trigger', 'discount', '--id', id, '--url', address]);
  expect(trigger.code).toBe(0);
  expect(trigger.output).toContain('undelivered');
  const { code, output } = await attempt([command, 'check', 'missing.json']);
  expect(code).toBe(1);
  expect(output).toContain('missing.json');
});

test('a signal to the launcher of the mock server ends the server in order', async ({ desk }) => {
  await desk.run(`npm install --no-audit --no-fund ${packed(tarballs.server).join(' ')}`);
  const command = path.join(desk.folder, 'node_modules', '.bin', 'signals-mock-server');
  const launcher = spawn(command, ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(launcher, 'exit');
  // The output ends when the server does.
  const silent = once(launcher.stdout, 'end');
  launcher.stdout.once('data', () => launcher.kill('SIGTERM'));
  launcher.stdout.resume();
  expect(await ended).toEqual([0, null]);
  await silent;
});

test('npx signals-mock-server says when the program of the platform is missing', async ({ desk }) => {
  const [launcher = ''] = packed(tarballs.server).filter((file) =>
    /signals-mock-server-\d/.test(path.basename(file)),
  );
  await desk.run(`npm install --no-audit --no-fund --omit=optional ${launcher}`);
  const command = path.join(desk.folder, 'node_modules', '.bin', 'signals-mock-server');
  const { code, output } = await attempt([command, '--version']);
  expect(code).toBe(1);
  expect(output).toContain('install signals-mock-server again, without --omit=optional');
});
