// Builds everything: the npm package into dist/, the demo e-shop, the server and the mock server.

import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';
import { entryPoint, run, step } from './support/report.mjs';

/** Builds all parts. The fast ones come last, because they need the package. */
export async function build() {
  await step('building the servers', () =>
    run(['cargo', 'build', '--release', '--locked', '-p', 'signals-server', '-p', 'signals-mock-server']),
  );
  await step('building the npm package', () => run(['node', 'scripts/build-package.mjs']));
  await step('building the demo e-shop', () => run(['node', 'scripts/build-shop.mjs']));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entryPoint(async () => {
    await setUp();
    await build();
  });
}
