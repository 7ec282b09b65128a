// Tests the linter's writing rules with the examples in the contributors' guide.

import { readFileSync } from 'node:fs';
import { createLinter, loadTextlintrc } from 'textlint';
import { expect, test } from 'vitest';

const examples = [
  ...readFileSync('docs/contributing.md', 'utf8').matchAll(/^\| (\d+) \| .+? \| (.+?) \| (.+?) \|$/gm),
].map(([, rule, not, but]) => ({ rule: Number(rule), not, but }));

const linter = createLinter({
  descriptor: await loadTextlintrc({ configFilePath: '.config/textlint.json' }),
});
const complaints = async (text) => (await linter.lintText(text, 'example.md')).messages;

test('the linter finds what eight of the ten rules forbid', async () => {
  const found = [];
  for (const { rule, not } of examples) if ((await complaints(not)).length > 0) found.push(rule);
  expect(found).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
});

test('the linter has nothing to say of what the rules recommend', async () => {
  for (const { but } of examples) expect(await complaints(but)).toEqual([]);
});

test('the linter finds a sentence with a semicolon, and one of more than 30 words', async () => {
  expect(await complaints('Open the page; wait.')).toHaveLength(1);
  expect(await complaints(`${'word '.repeat(31).trim()}.`)).toHaveLength(1);
});
