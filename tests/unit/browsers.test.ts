import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test('the README names the browsers that the package is built for', () => {
  const { browserslist } = JSON.parse(read('package.json')) as { browserslist: string[] };
  const oldest = Object.fromEntries(browserslist.map((entry) => entry.split(' >= ')));
  const [, chromium, firefox, safari] =
    /Chrome and Edge (\d+), Firefox (\d+), Safari (\d+) \(on phones too\)/.exec(read('README.md')) ?? [];
  expect(oldest).toEqual({
    chrome: chromium,
    edge: chromium,
    firefox,
    safari: `${safari}.0`,
    ios_saf: `${safari}.0`,
  });
});
