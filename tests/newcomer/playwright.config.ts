import base from '../../playwright.config';

export default {
  ...base,
  testDir: '.',
  outputDir: '../../test-results/newcomer',
  globalSetup: './pack.mjs',
  // A development server that starts for the first time prepares its packages, and the page waits for that.
  expect: { timeout: 60_000 },
};
