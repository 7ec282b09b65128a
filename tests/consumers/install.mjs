// Packs the package, installs it next to the storefronts in target/consumers/, and builds them, like npm users would.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from '../../scripts/support/project.mjs';
import { run } from '../../scripts/support/report.mjs';

/** The folder of the storefronts, which the tests serve. */
export const consumersDir = inProject('target', 'consumers');

/** Rebuilds every storefront from the package in dist/. */
export default async function install() {
  const source = inProject('tests', 'consumers');
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  await mkdir(consumersDir, { recursive: true });
  await cp(source, consumersDir, {
    recursive: true,
    filter: (file) => path.basename(file) !== 'node_modules',
  });
  const inConsumers = { cwd: consumersDir };
  await installBundlers(inConsumers);
  // dist/ is already built, so npm need not run the scripts that build it.
  await run(['npm', 'pack', '--ignore-scripts', '--pack-destination', consumersDir]);
  await run(
    [
      'npm',
      'install',
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      `./signals-interventions-${version}.tgz`,
    ],
    inConsumers,
  );
  await run(['node_modules/.bin/tsc', '--project', '.'], inConsumers);
  await run(['node', 'build.mjs'], inConsumers);
}

async function installBundlers(inConsumers) {
  const stamp = path.join(consumersDir, 'node_modules', '.installed-lock-hash');
  const lock = createHash('sha256')
    .update(readFileSync(path.join(consumersDir, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  await run(['npm', 'ci', '--no-audit', '--no-fund'], inConsumers);
  await writeFile(stamp, lock);
}
