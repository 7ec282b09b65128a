import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test('npm, Cargo and the changelog name the same version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const [, cargo] = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(read('Cargo.toml')) ?? [];
  const [, latest] = /^## (.+)$/m.exec(read('CHANGELOG.md')) ?? [];
  expect({ cargo, latest }).toEqual({ cargo: version, latest: version });
});
