// `npm run soak -- 10`: ten minutes of traffic while the server, the network and pages fail. The default is five minutes.

import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { findChromium } from './support/browser.mjs';
import { entryPoint, Failure, run } from './support/report.mjs';

await entryPoint(async () => {
  const minutes = Number(process.argv[2] ?? 5);
  if (!(minutes > 0)) throw new Failure(`${process.argv[2]} is no number of minutes`);
  await setUp({ tests: true });
  await build();
  await run(['playwright', 'test', 'tests/e2e/soak.e2e.ts'], {
    env: { CHROMIUM: findChromium() ?? '', SOAK_MINUTES: String(minutes) },
    show: true,
  });
});
