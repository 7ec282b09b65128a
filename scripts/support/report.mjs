// What a person sees while the scripts work: one line a step, with its time; the tool's own output only when it fails.

import { spawn } from 'node:child_process';
import { root, toolEnv } from './project.mjs';

const FIRST_HEARTBEAT_MS = 15_000;

/** A failure that is already said in one clear line: no stack trace is wanted. */
export class Failure extends Error {}

const seconds = (began) => `${((performance.now() - began) / 1000).toFixed(1)} s`;

/**
 * Runs `work` as one named step and says how long it took. A step that takes long says so, less and less often.
 * @param {string} title what the step does, in the present tense
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what `work` gave
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

/** Calls `beat` after a while, then after twice as long each time, until it is stopped. */
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
 * Runs a command. Its output is kept back and shown only if it fails, unless `show` is set.
 * @param {string[]} command program and arguments
 * @param {{env?: object, show?: boolean, cwd?: string}} [options] `env` is added to the tools' environment
 * @returns {Promise<string>} what it wrote
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
 * Runs a command and tells how it ended, without judging it.
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
 * Runs a script's main function; a failure ends the process with code 1 and one clear line.
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
