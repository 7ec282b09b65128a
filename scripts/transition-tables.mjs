// Copies the transition tables from the Rust documentation of the state machines to docs/architecture.md.
//
//   node scripts/transition-tables.mjs           writes them
//   node scripts/transition-tables.mjs --check   fails if they differ
import { readFileSync, writeFileSync } from 'node:fs';
import { inProject } from './support/project.mjs';

const DOCUMENT = 'docs/architecture.md';

const document = readFileSync(inProject(DOCUMENT), 'utf8');
let copies = 0;
const updated = document.replace(
  /(<!-- transitions: (\S+) -->\n)[\s\S]*?(<!-- end of transitions -->)/g,
  (_, begin, source, end) => {
    copies++;
    return `${begin}\n${tableOf(source)}\n${end}`;
  },
);
if (copies === 0) throw new Error(`${DOCUMENT} has no place for the tables`);
if (process.argv.includes('--check')) {
  if (updated !== document) {
    console.error(`${DOCUMENT} differs from the state machines: run node scripts/transition-tables.mjs`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(inProject(DOCUMENT), updated);
}

/** The section "Transitions" of a module's documentation. */
function tableOf(source) {
  const lines = readFileSync(inProject(source), 'utf8').split('\n');
  const begin = lines.indexOf('//! # Transitions') + 1;
  const end = lines.findIndex((line, index) => index > begin && !line.startsWith('//!'));
  const text = lines.slice(begin, end).map((line) => line.slice('//! '.length));
  if (begin === 0 || !text.some((line) => line.startsWith('|'))) {
    throw new Error(`${source} documents no transitions`);
  }
  // Rustdoc links do not work in this document.
  const plain = text.join('\n').replace(/\[(`[^`]+`)\](\([^)]*\))?/g, '$1');
  return `${plain.trim()}\n`;
}
