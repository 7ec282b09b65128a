// Reads what the suites report: each test with its name, its time and its outcome.

import { XMLParser } from 'fast-xml-parser';

/**
 * @typedef {object} TestResult
 * @property {string} name names of the file or group and of the test
 * @property {number} [seconds] how long it took, where the report says so
 * @property {boolean} passed a skipped or ignored test has not: no test may be skipped
 */

const LISTS = new Set(['testsuite', 'testcase']);

/**
 * Reads a JUnit report, as cargo-nextest, pytest, vitest and Playwright write it.
 * @param {string} xml
 * @returns {TestResult[]}
 */
export function readJunit(xml) {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => LISTS.has(name),
    // Names may hold any number of escaped characters; the reports are our own.
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
 * Reads what Rust's own test harness prints, a line a test. It says nothing of times.
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
