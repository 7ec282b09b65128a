import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const rows = readFileSync('SECURITY.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!threat|---)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

test('every threat has a test, or says that it is not held', () => {
  expect(rows.length).toBeGreaterThan(20);
  const open = rows.filter(
    ([, protection = '', tests]) => !tests?.trim() && !protection.startsWith('Not held'),
  );
  expect(open).toEqual([]);
});

test('every test that a threat names is in the file that it links to', () => {
  const links = rows.flatMap(([, , tests = '']) => [...tests.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)]);
  expect(links.length).toBeGreaterThan(20);
  const missing = links.filter(([, title = '', file = '']) => {
    const text = readFileSync(file, 'utf8');
    return !text.includes(file.endsWith('.rs') ? `fn ${title.replaceAll(' ', '_')}(` : title);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});
