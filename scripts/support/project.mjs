// Where things are, and the environment in which every script runs its tools.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Path inside the repository. */
export const inProject = (...parts) => path.join(root, ...parts);

/** Cargo's build folder. */
export const targetDir = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** The release build of the mock server. */
export const serverBinary = path.join(targetDir, 'release', 'signals-mock-server');

/** Where the demo e-shop is built, and what the mock server is given as `--www`. */
export const shopDir = inProject('target', 'www');

/** Where the documentation site is built. */
export const siteDir = inProject('target', 'site');

/** Where the npm packages of the mock server are built. */
export const serverPackagesDir = inProject('target', 'npm');

/** Rust tools that this project installs for itself, at versions of its own, without touching the user's. */
export const toolsDir = inProject('.tools');

/** Environment in which the project's own tools come first. */
export const toolEnv = {
  ...process.env,
  PATH: [path.join(toolsDir, 'bin'), inProject('node_modules', '.bin'), process.env.PATH].join(
    path.delimiter,
  ),
};

/** The version that Cargo.lock has for `crate`: the wasm-bindgen tool must be of exactly the crate's version. */
export function lockedVersion(crate) {
  const lock = readFileSync(inProject('Cargo.lock'), 'utf8');
  const entry = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!entry) throw new Error(`Cargo.lock has no package ${crate}`);
  return entry[1];
}
