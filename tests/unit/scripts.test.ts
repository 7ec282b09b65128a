import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the guide for contributors says of every script why it is here', () => {
  const guide = readFileSync('docs/contributing.md', 'utf8');
  const [section = ''] = /^## Scripts$.*?(?=^## )/ms.exec(guide) ?? [];
  const explained = [...section.matchAll(/^\| `([\w-]+\.mjs)` \| \S/gm)].map(([, name]) => name);
  const scripts = readdirSync('scripts').filter((name) => name.endsWith('.mjs'));
  expect(explained.sort()).toEqual(scripts.sort());
});
