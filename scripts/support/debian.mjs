// Says how to install programs that only the system's package manager provides.

/** The command that installs Debian packages. */
const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends'];

/**
 * How to install missing Debian packages: commands to run, or an instruction if this process may not run them.
 * @param {object} missing
 * @param {string} missing.what name of the missing program
 * @param {string[]} missing.packages the packages that contain it
 * @param {string} missing.otherwise an instruction for systems without apt-get, as a sentence
 * @param {{apt: boolean, root: boolean}} machine whether apt-get exists, and whether root runs this process
 * @returns {{commands: string[][]} | {instruction: string}}
 */
export function remedy({ what, packages, otherwise }, { apt, root }) {
  const install = [...INSTALL, ...packages];
  if (!apt) return { instruction: `${what} is missing. ${otherwise}` };
  if (!root) return { instruction: `${what} is missing. Run this as root:\n  ${install.join(' ')}` };
  return { commands: [['apt-get', 'update'], install] };
}
