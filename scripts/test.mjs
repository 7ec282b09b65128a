// `npm test`: sets up what is missing, builds, runs every suite (the quick ones first) and ends with `N passed, N failed`.
//
//   npm test                 everything
//   npm test -- rust e2e     only the suites named

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { findChromedriver, findChromium } from './support/browser.mjs';
import { venvPython } from './support/python.mjs';
import { attempt, entryPoint, Failure, step } from './support/report.mjs';

const reports = mkdtempSync(path.join(tmpdir(), 'signals-tests-'));

/** A suite: its command, and how to count from its output or report how many tests passed and failed. */
const suites = {
  rust: {
    title: 'Rust, native',
    command: ['cargo', 'test', '--locked', '--workspace', '--no-fail-fast'],
    count: countCargo,
  },
  unit: {
    title: 'TypeScript units',
    command: vitest('tests/unit', 'unit.json'),
    count: () => countVitest(readReport('unit.json')),
  },
  agreement: {
    title: 'the engine natively and as WebAssembly',
    command: ['node', 'scripts/test-agreement.mjs'],
    count: countCargo,
  },
  wasm: {
    title: 'Rust in Chromium',
    command: ['node', 'scripts/test-wasm.mjs'],
    count: countCargo,
  },
  contract: {
    title: 'contract with the Signals Python SDK',
    command: [venvPython, '-m', 'pytest', 'tests/contract', `--junit-xml=${reports}/contract.xml`],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    count: () => countJunit(readReport('contract.xml')),
  },
  node: {
    title: 'contract with the Signals SDK for Node.js',
    command: vitest('tests/contract/node', 'node.json'),
    count: () => countVitest(readReport('node.json')),
  },
  e2e: {
    title: 'end to end in Chromium',
    command: ['playwright', 'test', '--reporter=line,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(reports, 'e2e.json') },
    count: () => countPlaywright(readReport('e2e.json')),
  },
  consumers: {
    title: 'the packed package in storefronts of its users',
    command: ['playwright', 'test', '--config=tests/consumers/playwright.config.ts', '--reporter=line,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(reports, 'consumers.json') },
    count: () => countPlaywright(readReport('consumers.json')),
  },
};

await entryPoint(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in suites));
  if (unknown.length > 0) {
    throw new Failure(
      `no suite is called ${unknown.join(', ')}: there are ${Object.keys(suites).join(', ')}`,
    );
  }
  await setUp({ tests: true });
  await build();
  const outcome = await runSuites(wanted.length > 0 ? wanted : Object.keys(suites));
  rmSync(reports, { recursive: true, force: true });
  console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
  if (outcome.failed > 0) process.exitCode = 1;
});

async function runSuites(names) {
  const total = { passed: 0, failed: 0 };
  for (const name of names) {
    const { passed, failed } = await runSuite(suites[name]);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

/** Runs one suite. One that dies, or that ran no test, counts as a failure whatever it reported. */
async function runSuite({ title, command, env = {}, count }) {
  const browser = { CHROMIUM: findChromium(), CHROMEDRIVER: findChromedriver() };
  const { code, output } = await step(`testing: ${title}`, () =>
    attempt(command, { env: { ...browser, ...env } }),
  );
  let result = { passed: 0, failed: 0 };
  try {
    result = count(output);
  } catch (error) {
    console.log(`  no result could be read: ${error.message}`);
  }
  if ((code !== 0 || result.passed === 0) && result.failed === 0) result.failed = 1;
  if (result.failed > 0) process.stdout.write(output);
  console.log(`  ${title}: ${result.passed} passed, ${result.failed} failed`);
  return result;
}

/** Runs the tests in `folder`, and writes the report `name`. */
function vitest(folder, name) {
  return [
    'vitest',
    'run',
    `--dir=${folder}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reports}/${name}`,
  ];
}

/** Reads the sums of a report of vitest. */
function countVitest(report) {
  const { numPassedTests, numTotalTests } = JSON.parse(report);
  return { passed: numPassedTests, failed: numTotalTests - numPassedTests };
}

/** Adds up the `test result:` lines of cargo test and wasm-pack test. An ignored test counts as failed: none is wanted. */
function countCargo(output) {
  const total = { passed: 0, failed: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failed) + Number(ignored);
  }
  return total;
}

/** Reads the sums of a JUnit report. A test that is skipped or expected to fail counts as failed: none is wanted. */
function countJunit(report) {
  const [suite] = report.match(/<testsuite [^>]*>/) ?? ['no test suite'];
  const sum = (name) => {
    const [, value] = suite.match(new RegExp(` ${name}="(\\d+)"`)) ?? [];
    if (value === undefined) throw new Error(`the report does not tell the number of ${name}`);
    return Number(value);
  };
  const failed = sum('failures') + sum('errors') + sum('skipped');
  return { passed: sum('tests') - failed, failed };
}

/** Reads the sums of a Playwright report. A test that passed only at the second try, or was skipped, counts as failed. */
function countPlaywright(report) {
  const { expected, unexpected, flaky, skipped } = JSON.parse(report).stats;
  return { passed: expected, failed: unexpected + flaky + skipped };
}

function readReport(name) {
  return readFileSync(path.join(reports, name), 'utf8');
}
