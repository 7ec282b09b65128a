import base from '../../playwright.config';

export default {
  ...base,
  testDir: '.',
  outputDir: '../../test-results/consumers',
  globalSetup: './install.mjs',
};
