// The project's folders, and the environment in which scripts run their tools.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A path inside the repository. */
export const inProject = (...parts) => path.join(root, ...parts);

/** Cargo's build folder. */
export const targetDir = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** The release build of the mock server. */
export const serverBinary = path.join(targetDir, 'release', 'signals-mock-server');

/** The folder of the built demo e-shop, which the mock server serves with `--www`. */
export const shopDir = inProject('target', 'www');

/** The folder of the built documentation site. */
export const siteDir = inProject('target', 'site');

/** The folder of the mock server's npm packages. */
export const serverPackagesDir = inProject('target', 'npm');

/** Rust tools in this project's versions. Installing them here leaves the user's own tools alone. */
export const toolsDir = inProject('.tools');

/** An environment that prefers the project's own tools. */
export const toolEnv = {
  ...process.env,
  PATH: [path.join(toolsDir, 'bin'), inProject('node_modules', '.bin'), process.env.PATH].join(
    path.delimiter,
  ),
};

/** The version of `crate` in Cargo.lock. The wasm-bindgen tool must match its crate exactly. */
export function lockedVersion(crate) {
  const lock = readFileSync(inProject('Cargo.lock'), 'utf8');
  const entry = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!entry) throw new Error(`Cargo.lock has no package ${crate}`);
  return entry[1];
}
