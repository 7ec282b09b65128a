// `npm run bench:browser`: compares this plugin with the existing one, in the same Chromium with the real tracker, in turns.
//
//   npm run bench:browser                  everything, in about three minutes
//   npm run bench:browser -- bytes start   only these parts
//   npm run bench:browser -- --built       the package from the last build

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { inProject, targetDir } from '../scripts/support/project.mjs';
import { entryPoint, Failure, run, step } from '../scripts/support/report.mjs';
import { Chromium } from './browser/chromium.mjs';
import { BenchServer } from './browser/server.mjs';
import { publish } from './table.mjs';

const ROUNDS = 7;
/** Starting a page takes little time but varies a lot, so it needs many rounds. */
const STARTS = 41;
const BURST = 2_000;
/** The largest burst that the existing plugin survives when it tracks each intervention at once. */
const MEASURED_BURST = 100;
const SPACED = 150;
const MEASURED_SPACED = 40;
const GAP_MS = 6;
const MEASURED_GAP_MS = 25;
const PEER = '@snowplow/signals-browser-plugin';
const { values: options, positionals: wanted } = parseArgs({
  options: { built: { type: 'boolean' } },
  allowPositionals: true,
});
const folder = path.join(targetDir, 'bench', 'browser');

const median = (numbers) => quantile(numbers, 0.5);

function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

const kilobytes = (bytes) => bytes / 1024;

const figure = (number) => number.toLocaleString('en-US');

await entryPoint(async () => {
  if (!options.built) await step('building the package', () => run(['node', 'scripts/build-package.mjs']));
  await step('building the pages', buildPages);
  const server = new BenchServer(folder);
  const origin = await server.start();
  const browser = new Chromium();
  let rows;
  try {
    rows = await measureAll({ browser, server, origin });
  } finally {
    await browser.close();
    server.stop();
  }
  publish('browser', {
    title: 'The browser plugin',
    intro:
      `Compared with \`${PEER}\` 0.2.1 in the same headless Chromium, with tracker 4.10.1 and a new profile for each page.\n` +
      'Main-thread time is the processor time of tasks on the main thread, so other programs do not count.',
    command: 'npm run bench:browser',
    subject: 'this plugin',
    others: ['existing plugin'],
    ratioTo: 'ratio',
    rows,
  });
});

/** Builds one page for each plugin. Only the imported plugin differs. */
async function buildPages() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const plugins = { ours: inProject('dist/index.js'), peer: PEER };
  for (const [name, plugin] of Object.entries(plugins)) {
    await build({
      entryPoints: [inProject('benches/browser/page.mjs')],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      alias: { plugin },
      external: ['./core.js'],
      outfile: path.join(folder, name, 'app.js'),
      logLevel: 'warning',
    });
    writeFileSync(
      path.join(folder, name, 'index.html'),
      '<!doctype html><meta charset="utf-8"><title>Bench</title><link rel="icon" href="data:,">' +
        '<script type="module" src="app.js"></script><p>Bench',
    );
  }
  for (const file of ['core.js', 'signals-interventions.wasm']) {
    copyFileSync(inProject('dist', file), path.join(folder, 'ours', file));
  }
}

/** Measures everything, or only the parts named on the command line. */
async function measureAll(environment) {
  const parts = {
    bytes,
    start: startUp,
    delivery,
    measured: measuredDelivery,
    'measured-burst': measuredBurst,
    events: trackedEvents,
    latency,
    memory,
  };
  const unknown = wanted.filter((name) => !(name in parts));
  if (unknown.length > 0) {
    throw new Failure(`no part is called ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}`);
  }
  const rows = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
    rows.push(...(await step(`measuring: ${name}`, () => parts[name](environment))));
  }
  return rows;
}

async function bytes() {
  const bundle = async (entry) => {
    const { outputFiles } = await build({
      stdin: { contents: `export * from '${entry}'`, resolveDir: inProject() },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      external: ['./core.js', '@snowplow/browser-tracker*', '@snowplow/tracker-core'],
      write: false,
    });
    return outputFiles[0].contents;
  };
  const gzip = (content) => gzipSync(content, { level: 9 }).length;
  const later = ['core.js', 'signals-interventions.wasm'].map((file) =>
    readFileSync(inProject('dist', file)),
  );
  const [ours, peer] = await Promise.all([bundle('./dist/index.js'), bundle(PEER)]);
  const total = gzip(ours) + later.map(gzip).reduce((a, b) => a + b);
  const raw = ours.length + later.reduce((sum, { length }) => sum + length, 0);
  return [
    row('JavaScript that loads first, gzip', kilobytes(gzip(ours)), 'KB', kilobytes(gzip(peer)), {
      budget: '≤ 3.5 KB',
      ok: gzip(ours) <= 3.5 * 1024,
    }),
    row('all files, gzip', kilobytes(total), 'KB', kilobytes(gzip(peer)), {
      budget: '≤ 78 KB',
      ok: total <= 78 * 1024,
    }),
    row('all files, uncompressed', kilobytes(raw), 'KB', kilobytes(peer.length)),
  ];
}

async function startUp(environment) {
  const results = await interleaved(STARTS, async (plugin) => {
    const page = await open(environment, plugin);
    const navigatedAt = await page.evaluate('performance.timeOrigin');
    await page.close();
    return environment.server.streamRequestedAt - navigatedAt;
  });
  const [ours, peer] = [median(results.ours), median(results.peer)];
  return [
    row('from navigation to the request for the stream', ours, 'ms', peer, {
      budget: '≤ existing plugin + 50 ms',
      ok: ours <= peer + 50,
    }),
  ];
}

async function delivery(environment) {
  const { server } = environment;
  const burst = await interleaved(ROUNDS, (plugin) =>
    onPage(environment, plugin, async (page) => {
      return taskPerInstance(page, BURST, 'handled', BURST, () => server.burst(BURST));
    }),
  );
  const spaced = await interleaved(ROUNDS, (plugin) =>
    onPage(environment, plugin, (page) =>
      taskPerInstance(page, SPACED, 'handled', SPACED, () => server.spaced(SPACED, GAP_MS)),
    ),
  );
  return [
    compared(`main-thread time per intervention, burst of ${figure(BURST)}`, burst, 1.2, 'ms'),
    compared(`main-thread time per intervention, one every ${GAP_MS} ms`, spaced, 1.1, 'ms'),
  ];
}

async function measuredDelivery(environment) {
  const { server } = environment;
  const round = (count, send) => (plugin) =>
    onPage(
      environment,
      plugin,
      (page) => taskPerInstance(page, count, 'measured', 2 * count, send),
      'measure',
    );
  const burst = await interleaved(
    5,
    round(MEASURED_BURST, () => server.burst(MEASURED_BURST)),
  );
  const spaced = await interleaved(
    5,
    round(MEASURED_SPACED, () => server.spaced(MEASURED_SPACED, MEASURED_GAP_MS)),
  );
  return [
    compared(
      `main-thread time per intervention with measurement events, burst of ${MEASURED_BURST}`,
      burst,
      0.75,
      'ms',
    ),
    compared(
      `main-thread time per intervention with measurement events, one every ${MEASURED_GAP_MS} ms`,
      spaced,
      0.75,
      'ms',
    ),
  ];
}

/** This burst kills the tab of the existing plugin, so this compares our plugin with and without measurement. */
async function measuredBurst(environment) {
  const { server } = environment;
  const timeOfBurst = (options) =>
    onPage(
      environment,
      'ours',
      async (page) => {
        let writtenAt;
        const handled = page.evaluate(`bench.until('handled', ${BURST})`);
        let measured;
        const longest = await page.longestTask(async () => {
          writtenAt = server.burst(BURST);
          await within(60_000, handled, 'all handlers called');
          measured = options
            ? await within(
                60_000,
                page.evaluate(`bench.until('measured', ${2 * BURST}).then(() => bench.measured)`),
              )
            : 0;
        });
        return {
          handledMs: (await page.evaluate('bench.lastHandledAt')) - writtenAt,
          handled: await page.evaluate('bench.handled'),
          longest,
          measured,
        };
      },
      options,
    );
  const without = [];
  const measured = [];
  for (let round = 0; round < 3; round++) {
    without.push(await timeOfBurst(''));
    measured.push(await timeOfBurst('measure'));
  }
  const handledMs = median(measured.map(({ handledMs }) => handledMs));
  const plainMs = median(without.map(({ handledMs }) => handledMs));
  const longest = median(measured.map(({ longest }) => longest.cpu));
  const wall = median(measured.map(({ longest }) => longest.wall));
  const lost = Math.max(...measured.map(({ measured, handled }) => 2 * BURST - measured + (BURST - handled)));
  const name = `burst of ${figure(BURST)} with measurement events`;
  const others = ['crashes the tab'];
  return [
    {
      what: `${name}: until all handlers are called`,
      value: handledMs,
      unit: 'ms',
      others,
      budget: '≤ 2 × without measurement events',
      ok: handledMs <= 2 * plainMs,
      note: `${plainMs.toFixed(0)} ms without measurement events`,
    },
    {
      what: `${name}: longest task`,
      value: longest,
      unit: 'ms',
      others,
      budget: '≤ 50 ms',
      ok: longest <= 50,
      note: `processor time. The task took ${wall.toFixed(0)} ms in all`,
    },
    { what: `${name}: lost calls and events`, value: lost, unit: '', others, budget: '0', ok: lost === 0 },
  ];
}

async function trackedEvents(environment) {
  const rows = [];
  for (const [name, options] of [
    ['default pointers', 'events'],
    ['with a pointer into an entity', 'events&entity'],
  ]) {
    const results = await interleaved(ROUNDS, (plugin) =>
      onPage(
        environment,
        plugin,
        async (page) => {
          // Let the browser compile the code first, as in a page that has tracked many events.
          await page.evaluate('bench.afterTrack(40)');
          return page.evaluate('bench.afterTrack(200)');
        },
        options,
      ),
    );
    rows.push(compared(`time per tracked event, ${name}`, results, 1, 'µs'));
  }
  return rows;
}

async function latency(environment) {
  const { server } = environment;
  const count = 400;
  const all = [];
  for (let round = 0; round < 3; round++) {
    const latencies = await onPage(
      environment,
      'ours',
      async (page) => {
        const handled = page.evaluate(`bench.until('handled', ${count})`);
        await server.spaced(count, 4);
        await within(30_000, handled, 'all handlers called');
        return page.evaluate('bench.latencies');
      },
      'latency',
    );
    all.push(quantile(latencies, 0.99));
  }
  const p99 = median(all);
  return [
    {
      what: 'from a message to its handler: 99 % within',
      value: p99,
      unit: 'ms',
      budget: '≤ 2 ms',
      ok: p99 <= 2,
    },
  ];
}

async function memory(environment) {
  const { server } = environment;
  let wasmBytes = 0;
  const results = await interleaved(3, (plugin) =>
    onPage(environment, plugin, async (page) => {
      // The first interventions compile code and allocate buffers.
      const warm = page.evaluate("bench.until('handled', 20)");
      await server.spaced(20, 2);
      await within(10_000, warm);
      const before = await page.heapBytes();
      const handled = page.evaluate(`bench.until('handled', ${BURST + 20})`);
      server.burst(BURST);
      await within(60_000, handled, 'all handlers called');
      const after = await page.heapBytes();
      if (plugin === 'ours') wasmBytes = await page.evaluate('bench.wasmBytes()');
      return after - before;
    }),
  );
  const [ours, peer] = [median(results.ours), median(results.peer)];
  return [
    {
      what: `JavaScript memory kept after ${figure(BURST)} interventions`,
      value: kilobytes(ours),
      unit: 'KB',
      others: [kilobytes(peer)],
      budget: '≤ 200 KB',
      ok: ours <= 200 * 1024,
      note: `plus ${figure(Math.round(kilobytes(wasmBytes)))} KB of WebAssembly memory`,
    },
  ];
}

/** Main-thread time for each of `count` interventions in milliseconds, from the first byte until `counter` reaches `target`. */
async function taskPerInstance(page, count, counter, target, send) {
  const done = page.evaluate(`bench.until('${counter}', ${target})`);
  const before = await page.taskMs();
  await send();
  await within(60_000, done, `${counter} to come to ${target}`);
  // Let the work that the last intervention started finish.
  await page.evaluate('new Promise((resolve) => requestIdleCallback(resolve))');
  return ((await page.taskMs()) - before) / count;
}

async function onPage(environment, plugin, measure, options = '') {
  const page = await open(environment, plugin, options);
  try {
    return await measure(page);
  } finally {
    await page.close();
  }
}

/** Opens a page, and waits until its stream is open and the page is idle. */
async function open({ browser, server, origin }, plugin, options = '') {
  const connected = server.nextStream();
  const page = await browser.open(`${origin}/${plugin}/index.html?${options}`);
  await within(20_000, connected, `${plugin} to open its stream`);
  await page.evaluate('new Promise((resolve) => requestIdleCallback(resolve))');
  return page;
}

/** Measures each plugin `rounds` times, in turns, so that both have the same conditions. */
async function interleaved(rounds, measure) {
  const results = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? ['peer', 'ours'] : ['ours', 'peer'];
    for (const plugin of order) results[plugin].push(await measure(plugin));
  }
  return results;
}

function compared(what, results, limit, unit) {
  const [ours, peer] = [median(results.ours), median(results.peer)];
  return row(what, ours, unit, peer, {
    budget: `≤ ${limit.toFixed(limit === 0.75 ? 2 : 1)} × existing plugin`,
    ok: ours <= limit * peer,
  });
}

function row(what, value, unit, peer, verdict = {}) {
  return { what, value, unit, others: [peer], ratio: value / peer, ...verdict };
}

function within(ms, promise, what = 'it') {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms / 1000} s in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
