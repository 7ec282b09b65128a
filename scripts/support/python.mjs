// The virtual environment for tests and linters, and the Python that creates it.

import path from 'node:path';
import { inProject } from './project.mjs';
import { attempt } from './report.mjs';

/** The oldest version that the Signals Python SDK supports. */
export const OLDEST_PYTHON = '3.11';

/** The folder of the virtual environment. */
export const venvDir = inProject('.venv');

/** The path of a program in the virtual environment. */
export const fromVenv = (program) => path.join(venvDir, 'bin', program);

/** The Python in the virtual environment. */
export const venvPython = fromVenv('python');

// Several names, because a version manager may put an old Python first on the PATH.
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
