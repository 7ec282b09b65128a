import base from '../../playwright.config';

export default {
  ...base,
  testDir: '.',
  outputDir: '../../test-results/newcomer',
  globalSetup: './pack.mjs',
  // A development server prepares its packages when it first starts, and the page waits for it.
  expect: { timeout: 60_000 },
};
