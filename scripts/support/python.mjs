// Finds the Python that makes the virtual environment of tests and linters, and says where that is.

import path from 'node:path';
import { inProject } from './project.mjs';
import { attempt } from './report.mjs';

/** The Signals Python SDK needs at least this. */
export const OLDEST_PYTHON = '3.11';

/** Where the virtual environment is. */
export const venvDir = inProject('.venv');

/** A program of the virtual environment. */
export const fromVenv = (program) => path.join(venvDir, 'bin', program);

/** The virtual environment's own Python. */
export const venvPython = fromVenv('python');

// Not only what comes first on the PATH: a version manager may have put an old Python before the system's.
const CANDIDATES = ['python3', '/usr/bin/python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];

/** A Python that is new enough and can make virtual environments, or null. */
export async function findPython() {
  const suits = `import ensurepip, sys, venv; assert sys.version_info >= (${OLDEST_PYTHON.replace('.', ', ')})`;
  for (const candidate of CANDIDATES) {
    const { code } = await attempt([candidate, '-c', suits]);
    if (code === 0) return candidate;
  }
  return null;
}
