// `npm test`: installs missing tools, builds, runs every suite, the fast ones first, and ends with `N passed, N failed`. Suites
// that keep only one core busy run beside each other.
//
//   npm test                   everything
//   npm test -- rust e2e       only these suites
//   npm test -- --slowest      also prints the twenty slowest tests

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { findChromedriver, findChromium } from './support/browser.mjs';
import { targetDir } from './support/project.mjs';
import { venvPython } from './support/python.mjs';
import { attempt, entryPoint, Failure, step } from './support/report.mjs';
import { readJunit, readTestHarness } from './support/test-results.mjs';

const SLOWEST = 20;

/** The features that are off by default are tested too. */
const FEATURES = ['--features', 'signals-server/kafka'];

const reports = mkdtempSync(path.join(tmpdir(), 'signals-tests-'));
const reportOf = (name) => path.join(reports, `${name}.xml`);

/**
 * The suites: the command and the JUnit report of each. Without a report, the test results come from the output. Lines of the
 * output that match `tells` are shown even if the suite passes.
 */
const suites = {
  rust: {
    title: 'Rust, native',
    command: ['cargo', 'nextest', 'run', '--locked', '--workspace', ...FEATURES, '--no-fail-fast'],
    report: path.join(targetDir, 'nextest', 'default', 'junit.xml'),
  },
  'rust-docs': {
    title: 'Rust, samples in the documentation',
    command: ['cargo', 'test', '--locked', '--workspace', ...FEATURES, '--doc', '--no-fail-fast'],
  },
  unit: vitest('unit', 'TypeScript units', 'tests/unit'),
  agreement: {
    title: 'the engine natively and as WebAssembly',
    command: ['node', 'scripts/test-agreement.mjs'],
  },
  wasm: {
    title: 'Rust in Chromium',
    command: ['node', 'scripts/test-wasm.mjs'],
  },
  contract: {
    title: 'contract with the Signals Python SDK',
    command: [venvPython, '-m', 'pytest', 'tests/contract', `--junit-xml=${reportOf('contract')}`],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    report: reportOf('contract'),
  },
  node: vitest('node', 'contract with the Signals SDK for Node.js', 'tests/contract/node'),
  e2e: playwright('e2e', 'end to end in Chromium', 'playwright.config.ts'),
  consumers: playwright(
    'consumers',
    'the packed package in storefronts of its users',
    'tests/consumers/playwright.config.ts',
  ),
  newcomer: {
    ...playwright('newcomer', 'the first minutes of a newcomer', 'tests/newcomer/playwright.config.ts'),
    tells: /a newcomer sees a banner after .* s$/m,
  },
  site: playwright('site', 'the documentation site', 'tests/site/playwright.config.ts'),
};

/**
 * The order of the suites. The lists of one stage run at the same time, each in its own order. Suites that share cargo's target
 * folder are in one list, because they would wait for each other.
 */
const stages = [
  [['rust']],
  [['unit']],
  [
    ['rust-docs', 'agreement', 'wasm'],
    ['contract', 'node'],
  ],
  [['e2e']],
  [['consumers']],
  [['newcomer']],
  [['site']],
];

await entryPoint(async () => {
  const wanted = process.argv.slice(2);
  const names = wanted.filter((word) => !word.startsWith('--'));
  const unknown = [
    ...names.filter((name) => !(name in suites)),
    ...wanted.filter((word) => word.startsWith('--') && word !== '--slowest'),
  ];
  if (unknown.length > 0) {
    throw new Failure(
      `no suite is called ${unknown.join(', ')}: there are ${Object.keys(suites).join(', ')}, and the option --slowest`,
    );
  }
  const unplanned = Object.keys(suites).filter((name) => !stages.flat(2).includes(name));
  if (unplanned.length > 0) throw new Failure(`no stage runs the suites ${unplanned.join(', ')}`);
  await setUp({ tests: true });
  await build();
  const results = [];
  const isWanted = (name) => names.length === 0 || names.includes(name);
  for (const stage of stages) {
    await Promise.all(
      stage.map(async (list) => {
        for (const name of list.filter(isWanted)) results.push(...(await runSuite(name)));
      }),
    );
  }
  rmSync(reports, { recursive: true, force: true });
  if (wanted.includes('--slowest')) printSlowest(results);
  const passed = results.filter((result) => result.passed).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  if (passed < results.length) process.exitCode = 1;
});

/** Runs one suite. It counts as failed if it crashes or runs no tests. */
async function runSuite(name) {
  const { title, command, env = {}, report, tells } = suites[name];
  const browser = { CHROMIUM: findChromium(), CHROMEDRIVER: findChromedriver() };
  if (report) rmSync(report, { force: true });
  const { code, output } = await step(`testing: ${title}`, () =>
    attempt(command, { env: { ...browser, ...env } }),
  );
  let results = [];
  try {
    results = report ? readJunit(readFileSync(report, 'utf8')) : readTestHarness(output);
  } catch (error) {
    console.log(`  no result could be read: ${error.message}`);
  }
  const failed = results.filter((result) => !result.passed);
  if (failed.length === 0 && (code !== 0 || results.length === 0)) {
    results.push({ name: `${command.join(' ')} ended with ${code}`, passed: false });
    failed.push(results.at(-1));
  }
  if (failed.length > 0) process.stdout.write(output);
  for (const result of failed) console.log(`  failed: ${result.name}`);
  const told = tells?.exec(output);
  if (told) console.log(`  ${told[0]}`);
  console.log(`  ${title}: ${results.length - failed.length} passed, ${failed.length} failed`);
  return results.map((result) => ({ ...result, suite: name }));
}

function printSlowest(results) {
  const timed = results.filter(({ seconds }) => seconds !== undefined);
  timed.sort((one, other) => other.seconds - one.seconds);
  console.log(`the ${SLOWEST} slowest tests:`);
  for (const { suite, name, seconds } of timed.slice(0, SLOWEST)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${suite}: ${name}`);
  }
}

/** The tests in `folder`, which vitest runs. */
function vitest(name, title, folder) {
  return {
    title,
    command: [
      'vitest',
      'run',
      `--dir=${folder}`,
      '--reporter=default',
      '--reporter=junit',
      `--outputFile.junit=${reportOf(name)}`,
    ],
    report: reportOf(name),
  };
}

/** The tests of `config`, which Playwright runs. */
function playwright(name, title, config) {
  return {
    title,
    command: ['playwright', 'test', `--config=${config}`, '--reporter=line,junit'],
    env: { PLAYWRIGHT_JUNIT_OUTPUT_FILE: reportOf(name) },
    report: reportOf(name),
  };
}
