import { expect, test } from 'vitest';
import { benchmarksPage, withBudgets } from '../../benches/table.mjs';

const report = {
  title: 'Streams',
  intro: 'Many streams.',
  command: 'npm run bench:server',
  measuredAt: '2026-11-26T16:31:00.000Z',
  machine: 'a machine',
  subject: 'mock server',
  others: ['axum', 'nchan'],
  ratioTo: 'ratio to nchan',
  rows: [
    {
      what: 'memory',
      value: 30,
      unit: 'KB',
      others: [40, 20],
      ratio: 1.5,
      budget: '≤ 1.0 × nchan',
      ok: false,
    },
    { what: 'delay', value: 0.0123, unit: 'ms', others: [null, 'crashes'], note: 'a remark' },
    { what: 'streams', value: null, unit: '', budget: '≥ 10,000', ok: null },
  ],
};

const linesOf = (text) => text.split('\n').filter((line) => line.startsWith('|'));

test('users see what was measured, without budgets', () => {
  expect(linesOf(benchmarksPage([report]))).toEqual([
    '|  | mock server | axum | nchan | ratio to nchan | note |',
    '| --- | --- | --- | --- | --- | --- |',
    '| memory | 30 KB | 40 KB | 20 KB | 1.5 × |  |',
    '| delay | 0.0123 ms |  | crashes |  | a remark |',
    '| streams | not measured |  |  |  |  |',
  ]);
});

test('contributors see the figures that have a budget, between the texts that people wrote', () => {
  const page = 'Before\n<!-- budgets -->\nold\n<!-- end of budgets -->\nafter\n';
  const updated = withBudgets(page, [report]);
  expect(linesOf(updated)).toEqual([
    '|  | mock server | budget | result | ratio to nchan |',
    '| --- | --- | --- | --- | --- |',
    '| memory | 30 KB | ≤ 1.0 × nchan | missed | 1.5 × |',
    '| streams | not measured | ≥ 10,000 | unknown |  |',
  ]);
  expect(updated).toMatch(/^Before\n<!-- budgets -->\n[\s\S]*\n<!-- end of budgets -->\nafter\n$/);
  expect(updated).not.toContain('old');
  expect(withBudgets(updated, [report])).toBe(updated);
});
