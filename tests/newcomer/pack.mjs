// Packs everything that a newcomer installs into target/newcomer/, as it is published.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject, serverPackagesDir } from '../../scripts/support/project.mjs';
import { run } from '../../scripts/support/report.mjs';

/** Where the tarballs of the plugin and of the mock server are. */
export const tarballs = {
  plugin: inProject('target', 'newcomer', 'plugin'),
  server: inProject('target', 'newcomer', 'server'),
};

/** dist/, the mock server and the shop are built already. */
export default async function pack() {
  await run(['node', 'scripts/build-server-package.mjs']);
  const folders = readdirSync(serverPackagesDir).map((name) => path.join(serverPackagesDir, name));
  for (const [into, packages] of [
    [tarballs.plugin, [inProject()]],
    [tarballs.server, folders],
  ]) {
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    await run(['npm', 'pack', '--ignore-scripts', '--pack-destination', into, ...packages]);
  }
}
