import { expect, test } from 'vitest';
import { remedy } from '../../scripts/support/debian.mjs';

const BROWSER = {
  what: 'Chromium',
  packages: ['chromium', 'chromium-driver'],
  otherwise: 'Name it in CHROMIUM.',
};
const INSTALL = 'apt-get install -y --no-install-recommends chromium chromium-driver';

test('root installs what is missing', () => {
  const { commands } = remedy(BROWSER, { apt: true, root: true });
  expect(commands.map((command) => command.join(' '))).toEqual(['apt-get update', INSTALL]);
});

test('anyone else is given the line to run as root, and nothing runs', () => {
  const { commands, instruction } = remedy(BROWSER, { apt: true, root: false });
  expect(commands).toBeUndefined();
  expect(instruction).toBe(`Chromium is missing. Run this as root:\n  ${INSTALL}`);
});

test('a machine without apt-get is told the other way', () => {
  const { instruction } = remedy(BROWSER, { apt: false, root: true });
  expect(instruction).toBe('Chromium is missing. Name it in CHROMIUM.');
});
