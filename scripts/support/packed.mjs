// The package as users install it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './report.mjs';

/**
 * Packs dist/ as it is into a tarball.
 * @param {string} folder where to put it
 * @returns {Promise<{tarball: string, files: string[]}>} its path, and the files in it, relative to the package
 */
export async function pack(folder) {
  // Without scripts: whoever packs here has built, and npm would mix their output into its report.
  const report = await run(['npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [{ filename, files }] = JSON.parse(report);
  return { tarball: path.join(folder, filename), files: files.map((file) => file.path) };
}

/**
 * Packs and unpacks the package for as long as `work` takes.
 * @param {(packed: {tarball: string, folder: string, files: string[]}) => Promise<T>} work given the tarball, and the
 * folder and names of the files that were in it
 * @returns {Promise<T>} what `work` gave
 * @template T
 */
export async function withPackedPackage(work) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'signals-package-'));
  try {
    const packed = await pack(temporary);
    await run(['tar', '-xzf', packed.tarball, '-C', temporary]);
    return await work({ ...packed, folder: path.join(temporary, 'package') });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
