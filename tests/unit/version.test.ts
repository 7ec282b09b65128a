import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test('npm, its lock file, Cargo and the changelog name the same version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const lock = JSON.parse(read('package-lock.json')) as { version: string };
  const [, cargo] = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(read('Cargo.toml')) ?? [];
  const [, latest] = /^## (.+)$/m.exec(read('CHANGELOG.md')) ?? [];
  expect({ lock: lock.version, cargo, latest }).toEqual({ lock: version, cargo: version, latest: version });
});
