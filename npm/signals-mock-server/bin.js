#!/usr/bin/env node
// Runs the mock server of this platform, which npm installed as an optional dependency.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const inPackage = (name) => fileURLToPath(new URL(name, import.meta.url));
const { optionalDependencies = {} } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));

const program = findProgram();
if (program) run(program);

function findProgram() {
  const { resolve } = createRequire(import.meta.url);
  const packages = Object.keys(optionalDependencies);
  for (const name of packages) {
    try {
      return resolve(`${name}/signals-mock-server`);
    } catch {
      // npm installs only the packages of this platform.
    }
  }
  const wanted = `@signals-mock-server/${platform()}`;
  console.error(
    packages.includes(wanted)
      ? `error: npm did not install ${wanted}: install signals-mock-server again, without --omit=optional`
      : `error: signals-mock-server has no program for your platform, ${platform()}. Build it with Rust in the repository of signals-interventions: cargo build --release --locked -p signals-mock-server`,
  );
  process.exitCode = 1;
  return undefined;
}

/** This platform, as the packages are called. */
function platform() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = process.platform === 'linux' ? [glibcVersionRuntime ? 'gnu' : 'musl'] : [];
  return [process.platform, process.arch, ...libc].join('-');
}

/** Runs the program in the place of this process: with its input, output, signals and exit code. */
function run(program) {
  const server = spawn(program, process.argv.slice(2), {
    stdio: 'inherit',
    // --www on the command line wins over the variable.
    env: { SIGNALS_WWW: inPackage('shop'), ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
  server.on('error', (error) => {
    console.error(`error: ${program} cannot run: ${error.message}`);
    process.exitCode = 1;
  });
  server.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
