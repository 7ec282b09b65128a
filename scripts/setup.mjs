// Sets up what a fresh machine lacks. Idempotent: what is there already is left alone, so a second run takes a moment.
//
//   node scripts/setup.mjs          what building and serving need
//   node scripts/setup.mjs --test   also what the tests need: wasm-pack, Chromium and its driver, the Signals Python SDK

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromedriver, findChromium } from './support/browser.mjs';
import { inProject, lockedVersion, toolsDir } from './support/project.mjs';
import { findPython, OLDEST_PYTHON, venvDir, venvPython } from './support/python.mjs';
import { attempt, entryPoint, Failure, run, step } from './support/report.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';
const WASM_PACK_VERSION = '0.15.1';
const NEXTEST_VERSION = '0.9.143';
const OLDEST_NODE = 20;

/**
 * Makes the machine ready.
 * @param {{tests?: boolean}} [what] whether the tests' tools are wanted too
 */
export async function setUp({ tests = false } = {}) {
  checkNode();
  await checkCargo();
  await npmPackages();
  await wasmTarget();
  await cargoTool('wasm-bindgen-cli', 'wasm-bindgen', lockedVersion('wasm-bindgen'));
  if (tests) {
    await cargoTool('wasm-pack', 'wasm-pack', WASM_PACK_VERSION, ['--locked']);
    await cargoTool('cargo-nextest', 'cargo-nextest', NEXTEST_VERSION, ['--locked']);
    await chromium();
    await pythonPackages();
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

async function npmPackages() {
  await onceFor('package-lock.json', inProject('node_modules', '.installed-lock-hash'), () =>
    step('installing npm packages by package-lock.json', () => run(['npm', 'ci', '--no-audit', '--no-fund'])),
  );
}

/** Does `work` unless it was done for `file` as it is now: the file `stamp` keeps the hash of what it was done for. */
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

// Unoptimised and without debug information: such a tool is built three times as fast and does its work in the same second.
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
  if (findChromium() && findChromedriver()) return;
  const installed = await aptInstall('Chromium and its driver', ['chromium', 'chromium-driver']);
  if (!installed) {
    throw new Failure(
      'Chromium and chromedriver are missing: install both, or name them in the environment variables CHROMIUM and CHROMEDRIVER',
    );
  }
  if (!findChromium() || !findChromedriver()) {
    throw new Failure(
      'apt installed Chromium, but `chromium` and `chromedriver` are not on the PATH: name them in CHROMIUM and CHROMEDRIVER',
    );
  }
}

async function pythonPackages() {
  // A virtual environment dies with the Python that made it.
  const { code: broken } = await attempt([venvPython, '--version']);
  if (broken) rmSync(venvDir, { recursive: true, force: true });
  const requirements = 'tests/contract/requirements.txt';
  await onceFor(requirements, path.join(venvDir, '.installed-requirements-hash'), async () => {
    const python = await pythonWithVenv();
    await step(`installing Python packages by ${requirements}`, async () => {
      await run([python, '-m', 'venv', '--clear', venvDir]);
      await run([venvPython, '-m', 'pip', 'install', '--disable-pip-version-check', '-r', requirements]);
    });
  });
}

async function pythonWithVenv() {
  const found = await findPython();
  if (found) return found;
  await aptInstall('Python', ['python3', 'python3-venv']);
  const installed = await findPython();
  if (installed) return installed;
  throw new Failure(
    `Python ${OLDEST_PYTHON} or newer with its modules venv and ensurepip is missing: install it so that it is on the PATH`,
  );
}

/** Installs `packages` where apt may do that, and tells whether it did. */
async function aptInstall(title, packages) {
  const apt = await aptGet();
  if (!apt) return false;
  await step(`installing ${title} with apt`, async () => {
    await run([...apt, 'update']);
    await run([...apt, 'install', '-y', '--no-install-recommends', ...packages], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  });
  return true;
}

/** The apt-get command that may install packages here, or null where there is none. */
async function aptGet() {
  const { code } = await attempt(['apt-get', '--version']);
  if (code !== 0) return null;
  if (process.getuid() === 0) return ['apt-get'];
  const sudo = await attempt(['sudo', '-n', 'true']);
  return sudo.code === 0 ? ['sudo', '-n', 'apt-get'] : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entryPoint(() => setUp({ tests: process.argv.includes('--test') }));
}
