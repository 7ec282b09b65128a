// Installs everything that a fresh machine lacks. Keeps what is already there, so a second run is quick.
//
//   node scripts/setup.mjs          the tools to build and serve
//   node scripts/setup.mjs --test   also the tools of the tests: a C++ compiler, wasm-pack, Chromium and its driver, the Signals Python SDK
//   node scripts/setup.mjs --lint   also the tools of the linters: cargo-deny, cargo-machete, lychee, taplo, typos
//
// Installs into this folder. Installs Debian packages only if root runs it. Otherwise it fails and prints the command that
// installs them.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromedriver, findChromium } from './support/browser.mjs';
import { remedy } from './support/debian.mjs';
import { inProject, lockedVersion, toolsDir } from './support/project.mjs';
import { findPython, OLDEST_PYTHON, venvDir, venvPython } from './support/python.mjs';
import { attempt, entryPoint, Failure, run, step } from './support/report.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';
const WASM_PACK_VERSION = '0.15.1';
const NEXTEST_VERSION = '0.9.143';
const DENY_VERSION = '0.20.2';
const MACHETE_VERSION = '0.9.2';
const OLDEST_NODE = 20;

/**
 * Prepares the machine.
 * @param {{tests?: boolean, linters?: boolean}} [what] whether to install the tools of the tests or the linters too
 */
export async function setUp({ tests = false, linters = false } = {}) {
  checkNode();
  await checkCargo();
  if (tests || linters) await compilers();
  await npmPackages();
  await wasmTarget();
  await cargoTool('wasm-bindgen-cli', 'wasm-bindgen', lockedVersion('wasm-bindgen'));
  if (tests) {
    await cargoTool('wasm-pack', 'wasm-pack', WASM_PACK_VERSION, ['--locked']);
    await cargoTool('cargo-nextest', 'cargo-nextest', NEXTEST_VERSION, ['--locked']);
    await chromium();
    await pythonPackages('tests/contract/requirements.txt');
  }
  if (linters) {
    await cargoTool('cargo-deny', 'cargo-deny', DENY_VERSION, ['--locked']);
    await cargoTool('cargo-machete', 'cargo-machete', MACHETE_VERSION, ['--locked']);
    await pythonPackages('scripts/requirements.txt');
  }
}

function checkNode() {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) < OLDEST_NODE) {
    throw new Failure(
      `Node.js ${OLDEST_NODE} or newer is needed, this is ${version}: see https://nodejs.org`,
    );
  }
}

async function checkCargo() {
  const { code } = await attempt(['cargo', '--version']);
  if (code !== 0)
    throw new Failure('Rust is missing (no working `cargo`): install it with rustup, see https://rustup.rs');
}

/** The Kafka client, which the tests and linters build, is written in C. */
async function compilers() {
  const found = async () => {
    const programs = await Promise.all(['c++', 'make'].map((program) => attempt([program, '--version'])));
    return programs.every(({ code }) => code === 0);
  };
  if (await found()) return;
  const otherwise = 'Install both, so that `c++` and `make` are on the PATH.';
  await install({ what: 'A C++ compiler or make', packages: ['g++', 'make'], otherwise });
  if (!(await found()))
    throw new Failure(`apt-get installed the compiler, but it is not on the PATH. ${otherwise}`);
}

async function npmPackages() {
  await onceFor('package-lock.json', inProject('node_modules', '.installed-lock-hash'), () =>
    step('installing npm packages by package-lock.json', () => run(['npm', 'ci', '--no-audit', '--no-fund'])),
  );
}

/** Runs `work` unless it already ran for the present content of `file`. The file `stamp` stores the content's hash. */
async function onceFor(file, stamp, work) {
  const wanted = createHash('sha256')
    .update(readFileSync(inProject(file)))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await work();
  writeFileSync(stamp, wanted);
}

async function wasmTarget() {
  const { code, output } = await attempt(['rustc', '--print', 'target-libdir', '--target', WASM_TARGET]);
  if (code === 0 && existsSync(output.trim())) return;
  const { code: noRustup } = await attempt(['rustup', '--version']);
  if (noRustup !== 0) {
    throw new Failure(
      `the Rust target ${WASM_TARGET} is missing and there is no rustup to add it: install rustup (https://rustup.rs) or your distribution's package of that target`,
    );
  }
  await step(`adding the Rust target ${WASM_TARGET}`, () => run(['rustup', 'target', 'add', WASM_TARGET]));
}

// Without optimisation and debug information, a tool builds three times as fast and still runs within a second.
async function cargoTool(crate, program, version, flags = []) {
  const { code, output } = await attempt([program, '--version']);
  if (code === 0 && output.split(/\s/).includes(version)) return;
  await step(`installing ${crate} ${version} into .tools (once; a minute or two)`, () =>
    run(
      ['cargo', 'install', crate, '--version', version, '--debug', '--force', '--root', toolsDir, ...flags],
      {
        env: { CARGO_PROFILE_DEV_DEBUG: '0' },
      },
    ),
  );
}

async function chromium() {
  const otherwise = 'Install both, or name them in the environment variables CHROMIUM and CHROMEDRIVER.';
  const found = () => findChromium() && findChromedriver();
  if (found()) return;
  await install({ what: 'Chromium or its driver', packages: ['chromium', 'chromium-driver'], otherwise });
  if (!found()) throw new Failure(`apt-get installed Chromium, but it is not on the PATH. ${otherwise}`);
}

/** Installs the Python packages in `requirements` into the virtual environment. */
async function pythonPackages(requirements) {
  // A virtual environment breaks if someone removes the Python that created it.
  const { code: broken } = await attempt([venvPython, '--version']);
  if (broken) rmSync(venvDir, { recursive: true, force: true });
  const stamp = path.join(venvDir, `.installed-${requirements.replaceAll('/', '-')}`);
  await onceFor(requirements, stamp, async () => {
    const python = existsSync(venvDir) ? null : await pythonWithVenv();
    await step(`installing Python packages by ${requirements}`, async () => {
      if (python) await run([python, '-m', 'venv', venvDir]);
      await run([venvPython, '-m', 'pip', 'install', '--disable-pip-version-check', '-r', requirements]);
    });
  });
}

async function pythonWithVenv() {
  const what = `Python ${OLDEST_PYTHON} or newer with its modules venv and ensurepip`;
  const otherwise = 'Install it so that it is on the PATH.';
  const found = await findPython();
  if (found) return found;
  await install({ what, packages: ['python3', 'python3-venv'], otherwise });
  const installed = await findPython();
  if (installed) return installed;
  throw new Failure(`${what} is missing. ${otherwise}`);
}

/** Installs Debian packages if root runs this process. Otherwise fails and prints the command that installs them. */
async function install(missing) {
  const { code } = await attempt(['apt-get', '--version']);
  const { commands, instruction } = remedy(missing, { apt: code === 0, root: process.getuid() === 0 });
  if (instruction) throw new Failure(instruction);
  await step(`installing ${missing.packages.join(' and ')} with apt-get`, async () => {
    for (const command of commands) await run(command, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wants = (option) => process.argv.includes(option);
  await entryPoint(() => setUp({ tests: wants('--test'), linters: wants('--lint') }));
}
