// Packs everything that a newcomer installs into target/newcomer/, in its published form.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject, serverPackagesDir } from '../../scripts/support/project.mjs';
import { run } from '../../scripts/support/report.mjs';

/** The packed plugin and mock server. */
export const tarballs = {
  plugin: inProject('target', 'newcomer', 'plugin'),
  server: inProject('target', 'newcomer', 'server'),
};

/** Build dist/, the mock server and the shop first. */
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
