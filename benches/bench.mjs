// `npm run bench`: measures the server and the browser plugin against their budgets.
//
//   npm run bench                   prints the tables and stores them in target/bench
//   npm run bench -- --write-docs   also writes docs/benchmarks.md and the tables of docs/budgets.md

import { entryPoint, Failure, run } from '../scripts/support/report.mjs';
import { writeDocuments } from './table.mjs';

const HALVES = ['benches/bench-server.mjs', 'benches/bench-browser.mjs'];

await entryPoint(async () => {
  const unknown = process.argv.slice(2).filter((option) => option !== '--write-docs');
  if (unknown.length > 0) throw new Failure(`unknown: ${unknown.join(', ')}; there is --write-docs`);
  for (const script of HALVES) {
    await run([process.execPath, script], { show: true });
  }
  if (process.argv.includes('--write-docs')) writeDocuments();
});
