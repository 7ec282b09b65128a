// The output of the scripts: one line for each step, with its duration. Shows the output of tools only if they fail.

import { spawn } from 'node:child_process';
import { root, toolEnv } from './project.mjs';

const FIRST_HEARTBEAT_MS = 15_000;

/** A failure whose message says everything, so that no stack trace is needed. */
export class Failure extends Error {}

const seconds = (began) => `${((performance.now() - began) / 1000).toFixed(1)} s`;

/**
 * Runs `work` as a named step and prints its duration. Prints a reminder during long steps, less and less often.
 * @param {string} title what the step does, in the present tense
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} the result of `work`
 * @template T
 */
export async function step(title, work) {
  const began = performance.now();
  console.log(`• ${title} …`);
  const heartbeat = startHeartbeat(() => console.log(`  still at it: ${title} (${seconds(began)})`));
  try {
    const result = await work();
    console.log(`✓ ${title} (${seconds(began)})`);
    return result;
  } catch (error) {
    console.log(`✗ ${title} (${seconds(began)})`);
    throw error;
  } finally {
    heartbeat.stop();
  }
}

/** Calls `beat` at growing intervals until it is stopped. Each interval is twice as long as the one before. */
function startHeartbeat(beat) {
  let timer;
  const schedule = (delayMs) => {
    timer = setTimeout(() => {
      beat();
      schedule(2 * delayMs);
    }, delayMs);
  };
  schedule(FIRST_HEARTBEAT_MS);
  return { stop: () => clearTimeout(timer) };
}

/**
 * Runs a command. Shows its output only if it fails, unless `show` is set.
 * @param {string[]} command program and arguments
 * @param {{env?: object, show?: boolean, cwd?: string}} [options] `env` is added to the tools' environment
 * @returns {Promise<string>} its output
 */
export async function run(command, options = {}) {
  const { code, output } = await attempt(command, options);
  if (code !== 0) {
    if (!options.show) process.stdout.write(output);
    throw new Failure(`${command.join(' ')} ended with ${code}`);
  }
  return output;
}

/**
 * Runs a command and returns how it ended. Does not throw if it fails.
 * @param {string[]} command
 * @param {{env?: object, show?: boolean, cwd?: string}} [options]
 * @returns {Promise<{code: number | string, output: string}>} exit code, or the signal or error that ended it
 */
export function attempt([program, ...args], { env = {}, show = false, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...toolEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (show) process.stdout.write(text);
      });
    }
    child.on('error', (error) => resolve({ code: error.code, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/**
 * Runs a script's main function. If it fails, prints one line and ends the process with code 1.
 * @param {() => Promise<void>} main
 */
export async function entryPoint(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
