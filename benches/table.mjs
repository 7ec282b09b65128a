// The results of benchmarks: their format, the tables in the terminal, and docs/benchmarks.md and docs/budgets.md.
//
// Each benchmark passes a report to `publish`, which prints it and writes target/bench/{name}.json.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inProject, targetDir } from '../scripts/support/project.mjs';

/**
 * One line of a table of results.
 * @typedef {object} Row
 * @property {string} what name of the figure
 * @property {number | null} value the figure; null if it could not be measured
 * @property {string} unit "" for a bare number
 * @property {(number | string | null)[]} [others] the same figure of the programs in the report's `others`; a text says why there is none
 * @property {number | null} [ratio] the figure divided by the one that it is compared with
 * @property {string | null} [note] a remark for users
 * @property {string | null} [budget] the budget in words
 * @property {boolean | null} [ok] whether the budget is met; null if it could not be checked
 */

/**
 * The results of one benchmark.
 * @typedef {object} Report
 * @property {string} title heading: the subject of the measurement
 * @property {string} intro how it was measured
 * @property {string} command the command that measures it again
 * @property {string} subject heading of the figures
 * @property {string[]} others headings of the figures that they are compared with
 * @property {string} ratioTo heading of the ratios
 * @property {Row[]} rows
 */

/**
 * A report with what `publish` adds.
 * @typedef {Report & {measuredAt: string, machine: string}} Published
 */

/** The folder of the reports. */
export const benchDir = path.join(targetDir, 'bench');

/** The order of the reports in the documents. */
const ORDER = ['browser', 'streams', 'collector', 'kafka', 'engine'];

/**
 * Prints a report as a table and writes it to `target/bench/{name}.json`.
 * @param {string} name
 * @param {Report} report
 */
export function publish(name, report) {
  const complete = { measuredAt: new Date().toISOString(), machine: machine(), ...report };
  mkdirSync(benchDir, { recursive: true });
  writeFileSync(path.join(benchDir, `${name}.json`), `${JSON.stringify(complete, null, 2)}\n`);
  console.log(`\n${report.title}\n${textTable(allColumns(report))}\n`);
}

/** Writes `docs/benchmarks.md`, and the tables of `docs/budgets.md`, from all reports in `target/bench`. */
export function writeDocuments() {
  const files = existsSync(benchDir) ? readdirSync(benchDir).filter((file) => file.endsWith('.json')) : [];
  const place = (file) => ORDER.indexOf(path.basename(file, '.json'));
  const reports = files
    .filter((file) => place(file) >= 0)
    .sort((a, b) => place(a) - place(b))
    .map((file) => JSON.parse(readFileSync(path.join(benchDir, file), 'utf8')));
  const budgets = inProject('docs', 'budgets.md');
  writeFileSync(inProject('docs', 'benchmarks.md'), benchmarksPage(reports));
  writeFileSync(budgets, withBudgets(readFileSync(budgets, 'utf8'), reports));
}

/**
 * The page with the results, for users.
 * @param {Published[]} reports
 */
export function benchmarksPage(reports) {
  const head = [
    '# Benchmarks',
    '`npm run bench -- --write-docs` measures these results and writes this page. Compared programs run in turns, and most figures are\n' +
      'medians of several rounds. Machines differ, so the ratios say more than the figures: 2 × means twice the figure of the other program.',
    'Contributors find the limits for these figures in [budgets](budgets.md).',
  ];
  const sections = reports.flatMap((report) => [
    `## ${report.title}`,
    report.intro,
    `Measured ${day(report)} by \`${report.command}\` on ${report.machine}.`,
    markdownTable(resultColumns(report)),
  ]);
  return `${[...head, ...sections].join('\n\n')}\n`;
}

/**
 * The page for contributors, with new tables of budgets. The text around the tables stays.
 * @param {string} page
 * @param {Published[]} reports
 */
export function withBudgets(page, reports) {
  const sections = reports.flatMap((report) => [
    `### ${report.title}`,
    `Measured ${day(report)}.`,
    markdownTable(budgetColumns(report)),
  ]);
  const tables = /(<!-- budgets -->\n)[\s\S]*?(\n<!-- end of budgets -->)/;
  return page.replace(tables, (_, begin, end) => `${begin}\n${sections.join('\n\n')}\n${end}`);
}

/** The columns for users. */
function resultColumns(report) {
  const { subject, others, ratioTo } = report;
  const rows = report.rows.map((row) => [
    ...[row.what, measured(row), ...otherCells(report, row), ratio(row)],
    row.note ?? '',
  ]);
  return withoutEmptyColumns([['', subject, ...others, ratioTo, 'note'], ...rows]);
}

/** The columns for contributors, with the rows that have a budget. */
function budgetColumns(report) {
  const { subject, ratioTo } = report;
  const rows = report.rows
    .filter(({ budget }) => budget != null)
    .map((row) => [row.what, measured(row), row.budget, verdict(row), ratio(row), row.note ?? '']);
  return withoutEmptyColumns([['', subject, 'budget', 'result', ratioTo, 'note'], ...rows]);
}

function withoutEmptyColumns([headings, ...rows]) {
  const used = headings.map((_, column) => rows.some((row) => row[column] !== ''));
  return [headings, ...rows].map((row) => row.filter((_, column) => used[column]));
}

/** All columns, for the terminal. */
function allColumns(report) {
  const { subject, others, ratioTo } = report;
  const rows = report.rows.map((row) => [
    ...[row.what, measured(row), ...otherCells(report, row), ratio(row)],
    ...[row.budget ?? '', row.budget == null ? '' : verdict(row), row.note ?? ''],
  ]);
  return [['', subject, ...others, ratioTo, 'budget', 'result', 'note'], ...rows];
}

const withUnit = (value, unit) => `${figure(value)} ${unit}`.trim();
const measured = ({ value, unit }) => (value === null ? 'not measured' : withUnit(value, unit));
const ratio = (row) => (row.ratio == null ? '' : `${figure(row.ratio)} ×`);
const verdict = ({ ok }) => (ok == null ? 'unknown' : ok ? 'met' : 'missed');
const day = ({ measuredAt }) => `on ${measuredAt.slice(0, 10)}`;

function otherCells({ others }, row) {
  return others.map((_, place) => {
    const value = row.others?.[place] ?? null;
    return typeof value === 'number' ? withUnit(value, row.unit) : (value ?? '');
  });
}

function textTable(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
    .join('\n');
}

function markdownTable([headings, ...rows]) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A number with about three significant digits. */
function figure(value) {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function machine() {
  const cpus = os.cpus();
  const gigabytes = (os.totalmem() / 2 ** 30).toFixed(1);
  return `${cpus.length} cores (${cpus[0]?.model.trim() ?? 'unknown'}), ${gigabytes} GB, ${os.type()} ${os.release().split('-')[0]}`;
}
