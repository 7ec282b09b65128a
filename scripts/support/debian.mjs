// How to get what only the system's package manager can install.

/** The command that installs Debian packages. */
const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends'];

/**
 * What to do about missing Debian packages: the commands to run, or the instruction for a person who may not run them.
 * @param {object} missing
 * @param {string} missing.what what is missing, in words
 * @param {string[]} missing.packages the packages that have it
 * @param {string} missing.otherwise what to do where there is no apt-get, as a sentence
 * @param {{apt: boolean, root: boolean}} machine whether it has apt-get, and whether this process may use it
 * @returns {{commands: string[][]} | {instruction: string}}
 */
export function remedy({ what, packages, otherwise }, { apt, root }) {
  const install = [...INSTALL, ...packages];
  if (!apt) return { instruction: `${what} is missing. ${otherwise}` };
  if (!root) return { instruction: `${what} is missing. Run this as root:\n  ${install.join(' ')}` };
  return { commands: [['apt-get', 'update'], install] };
}
