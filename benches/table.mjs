// The results of benchmarks: their shape, the table that a person sees, and `docs/benchmarks.md`.
//
// A benchmark measures, makes one report for each subject and hands it to `publish`, which prints it and writes
// `target/bench/{name}.json`:
//
//   {
//     "title": "The browser plugin",             what was measured, as a heading
//     "intro": "Compared with …",                optional: how it was measured, for who reads the document
//     "command": "npm run bench:browser",
//     "measuredAt": "2026-11-25T00:12:00.000Z",  added by `publish`
//     "machine": "2 cores (…), 7.8 GB, Linux …", added by `publish`
//     "rows": [
//       {
//         "what": "task time per instance, burst",   what the row is about
//         "value": 0.41,                             the figure; null when it could not be measured, and the note says why
//         "unit": "ms",                              "" for a bare number
//         "ratio": 0.83,                             optional: the figure against what the budget compares it with
//         "budget": "≤ 1.0 × peer",                  optional: the budget in the words of a person
//         "ok": true,                                with a budget: whether it is met; null when it could not be told
//         "note": "peer: 0.49 ms"                    optional: what it was compared with, or why it is missing
//       }
//     ]
//   }

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inProject, targetDir } from '../scripts/support/project.mjs';

/**
 * One line of a table of results.
 * @typedef {object} Row
 * @property {string} what what the row is about
 * @property {number | null} value the figure; null when it could not be measured
 * @property {string} unit "" for a bare number
 * @property {number | null} [ratio] the figure against what the budget compares it with
 * @property {string | null} [budget] the budget in the words of a person
 * @property {boolean | null} [ok] whether the budget is met; null when it could not be told
 * @property {string | null} [note] what the figure was compared with, or why it is missing
 */

/**
 * What one benchmark found.
 * @typedef {object} Report
 * @property {string} title what was measured, as a heading
 * @property {string} [intro] how it was measured, for who reads the document
 * @property {string} command what to type to measure it again
 * @property {Row[]} rows
 */

/** Where reports are kept. */
export const benchDir = path.join(targetDir, 'bench');

/** The document that shows the reports. */
const documentFile = inProject('docs', 'benchmarks.md');

/** The order in which the document shows reports; unknown ones follow. */
const ORDER = ['engine', 'collector', 'streams', 'browser'];

/**
 * Prints a report as a table and keeps it as `target/bench/{name}.json`.
 * @param {string} name
 * @param {Report} report
 */
export function publish(name, report) {
  const { title, intro, command, rows } = report;
  const complete = { title, intro, command, measuredAt: new Date().toISOString(), machine: machine(), rows };
  mkdirSync(benchDir, { recursive: true });
  writeFileSync(path.join(benchDir, `${name}.json`), `${JSON.stringify(complete, null, 2)}\n`);
  console.log(`\n${title}\n${textTable(rows)}\n`);
}

/** Writes `docs/benchmarks.md` from all reports that are kept. */
export function writeDocument() {
  const names = existsSync(benchDir) ? readdirSync(benchDir).filter((file) => file.endsWith('.json')) : [];
  const place = (file) =>
    (ORDER.indexOf(path.basename(file, '.json')) + ORDER.length + 1) % (ORDER.length + 1);
  const reports = names
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .map((file) => JSON.parse(readFileSync(path.join(benchDir, file), 'utf8')));
  writeFileSync(documentFile, markdown(reports));
}

/**
 * The document that shows `reports`.
 * @param {(Report & {measuredAt: string, machine: string})[]} reports
 */
function markdown(reports) {
  const sections = reports.map(({ title, intro, command, measuredAt, machine, rows }) =>
    [
      `## ${title}`,
      ...(intro ? [intro] : []),
      `Measured ${measuredAt.slice(0, 16).replace('T', ' ')} UTC by \`${command}\` on ${machine}.`,
      markdownTable(rows),
    ].join('\n\n'),
  );
  const head =
    '# Benchmarks\n\n' +
    'Written by `npm run bench -- --write-docs` from what it measured. Machines are noisy: what is compared ran interleaved in one\n' +
    'run, figures are medians of several rounds, and the ratios say more than the figures.';
  return `${[head, ...sections, KNOWN].join('\n\n')}\n`;
}

/** What is known of the budgets that are not reached. */
const KNOWN = `## Where budgets are missed

- **The engine alone**: making an event takes a quarter longer than parsing its text, with base64 and JSON inside JSON taken apart too, and counting
  takes nine tenths of parsing. Earlier runs, which did not measure in rounds, gave 0.38 to 1.24 for the same code: machines change their speed
  between one measurement and the next.
- **The collector**: of its time, a profile gave 28 % to counting and evaluating, of which 4 % to taking page URLs apart, 19 % to making events (10 % to
  entities, with their base64 and JSON), 12 % to reading the tracker's parameters, 9 % to the journal, most of it to dropping what leaves it, 7 % to
  taking the body apart, 5 % to system calls, and the rest to HTTP and dropping what was read: many parts, none of which the floor has. Three ways were
  tried and not taken. The allocator mimalloc took 9 % of the collector's CPU away and made an open stream take 28.9 KB instead of 18.7 KB, which was
  before streams had their connections for themselves and was not measured again. Link-time optimisation of the whole program took another 12 %, which
  the floor may gain from too; the thin kind took 5 % and made a clean build take 10 % longer.
- **One instance to one, CPU**: a profile gave 45 % to the kernel, which sends the instance and the answer, and 16 % to the C library, most of it to the
  allocator. Of all, the hub took 12 % before it copied less, the journal and the reading of JSON 3 % each, random ids 1 %, and the rest, hyper, axum and
  tokio, some percent each. The server also keeps every instance for replay, which nothing does that it is compared with. On one thread
  (tokio's \`current_thread\`), new streams were half as many again and this stayed as it is; not taken, for it would leave the other cores idle.
- **19,000 streams** are served by the mock server, all of them. It is nchan that closes some hundreds, which leaves nothing to compare with.
- **Everything with the WebAssembly**: what the bytes are, by crate, and what was tried stands in [size](size.md). Nightly Rust would save 2 to
  8 KB; a feature of serde-wasm-bindgen that leaves out its texts of errors, about 8 KB more.
- **The stream is requested** only once the WebAssembly has started. Its files arrive while the tracker starts, and it is compiled
  meanwhile; what remains happens after the page's own script, on the main thread: the browser compiles each function of the
  WebAssembly when it is first called, and grants the lock that keeps tabs from connecting twice.
- **Task time of a lone instance**: two runs gave 1.15 and 1.20 of the existing plugin. Reading it with serde takes some microseconds, and so does each
  function of the browser that is called by name.
- **Time per event with an entity pointer**: two runs gave 1.28 and 1.41. The base64 of a new entity is decoded in Rust, by the code that the server has, and
  crosses the boundary twice: once to be decoded, once to be parsed.`;

const HEADINGS = ['what', 'measured', 'ratio', 'budget', '', 'note'];

const cells = ({ what, value, unit, ratio, budget, ok, note }) => [
  what,
  value === null ? 'not measured' : `${figure(value)} ${unit}`.trim(),
  ratio == null ? '' : `${figure(ratio)} ×`,
  budget ?? '',
  budget == null ? '' : ok == null ? 'unknown' : ok ? 'met' : 'MISSED',
  note ?? '',
];

function textTable(rows) {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
    .join('\n');
}

function markdownTable(rows) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(HEADINGS), line(HEADINGS.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n');
}

/** A number to three significant digits, as a person writes it. */
function figure(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function machine() {
  const cpus = os.cpus();
  const gigabytes = (os.totalmem() / 2 ** 30).toFixed(1);
  return `${cpus.length} cores (${cpus[0]?.model.trim() ?? 'unknown'}), ${gigabytes} GB, ${os.type()} ${os.release().split('-')[0]}`;
}
