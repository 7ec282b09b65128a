// What the installed package contains. publint, attw and size-limit check the rest in `npm run lint`.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { inProject } from '../../scripts/support/project.mjs';
import { consumersDir } from './install.mjs';

const installed = path.join(consumersDir, 'node_modules/signals-interventions');
const textOf = (name: string) => readFileSync(path.join(installed, name), 'latin1');

/** The files of the package whose names end with `end`. */
function filesWith(end = ''): string[] {
  const names = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith(end) && statSync(path.join(installed, name)).isFile());
  expect(files).not.toEqual([]);
  return files;
}

test('the package installs nothing besides itself', () => {
  expect(JSON.parse(textOf('package.json')).dependencies).toBeUndefined();
});

test('no file of the package names a folder of the machine that built it', () => {
  const folders = [inProject(), homedir()].filter((folder) => folder.length > 1);
  for (const name of filesWith()) {
    const text = textOf(name);
    expect(
      folders.filter((folder) => text.includes(`${folder}/`)),
      name,
    ).toEqual([]);
  }
});

test('every script has a source map, and every source map contains its sources', () => {
  for (const name of filesWith('.js')) {
    const [, map] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(textOf(name)) ?? [];
    expect(map, name).toBe(`${path.basename(name)}.map`);
  }
  for (const name of filesWith('.map')) {
    const { sourcesContent } = JSON.parse(textOf(name));
    expect(sourcesContent?.length, name).toBeGreaterThan(0);
    expect(
      sourcesContent.filter((source: string | null) => !source),
      name,
    ).toEqual([]);
  }
});
