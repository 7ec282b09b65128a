// Reads the reports of the test suites: the name, duration and outcome of each test.

import { XMLParser } from 'fast-xml-parser';

/**
 * @typedef {object} TestResult
 * @property {string} name names of the file or group and of the test
 * @property {number} [seconds] its duration, if the report contains it
 * @property {boolean} passed false for skipped and ignored tests too, because no test may be skipped
 */

const LISTS = new Set(['testsuite', 'testcase']);

/**
 * Reads a JUnit report from cargo-nextest, pytest, vitest or Playwright.
 * @param {string} xml
 * @returns {TestResult[]}
 */
export function readJunit(xml) {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => LISTS.has(name),
    // Names may contain any number of escaped characters. The project's own reports need no limit.
    processEntities: { enabled: true, maxTotalExpansions: Number.POSITIVE_INFINITY },
  });
  const root = parser.parse(xml);
  const suites = root.testsuites?.testsuite ?? root.testsuite ?? [];
  return suites.flatMap((suite) =>
    (suite.testcase ?? []).map(({ name, classname, time, ...outcome }) => ({
      name: `${classname ?? suite.name} › ${name}`,
      seconds: Number(time),
      passed: !['failure', 'error', 'skipped'].some((bad) => bad in outcome),
    })),
  );
}

/**
 * Reads the output of Rust's own test harness, one line for each test. It contains no durations.
 * @param {string} output
 * @returns {TestResult[]}
 */
export function readTestHarness(output) {
  const results = [...output.matchAll(/^test (.+?) \.\.\. (\w+)/gm)].map(([, name, outcome]) => ({
    name,
    passed: outcome === 'ok',
  }));
  const announced = [...output.matchAll(/^running (\d+) tests?$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  if (results.length !== announced) {
    throw new Error(`${announced} tests were announced and ${results.length} gave a result`);
  }
  return results;
}
