import type { TrackedPayload } from '../types.js';
import type { Core } from './core.js';
import { reportError } from './log.js';

/** A call of the public API, which the core executes. */
export type Command = (core: Core) => void;

/** How many events are kept while the core loads. Ids seldom change between events, so the latest ones contain all of them. */
const MAX_WAITING_PAYLOADS = 50;

let core: Core | undefined;
let waitingCommands: Command[] = [];
let waitingPayloads: TrackedPayload[] = [];

/** False on a server, where calls must neither run nor be queued. */
export const inBrowser = (): boolean => typeof document !== 'undefined';

/** Executes a call now or, if the core does not run yet, later in order. */
export function enqueue(command: Command): void {
  if (core) attempt(command, core);
  else if (inBrowser()) waitingCommands.push(command);
}

/** The core, if it runs. */
export const runningCore = (): Core | undefined => core;

/** Passes a tracked event to the core. While the core loads, only the latest events are kept. */
export function observe(payload: TrackedPayload): void {
  if (core) {
    core.afterTrack(payload);
    return;
  }
  waitingPayloads.push(payload);
  if (waitingPayloads.length > MAX_WAITING_PAYLOADS) waitingPayloads.shift();
}

/** Executes the queued calls in order, and all later calls at once. */
export function runWith(started: Core): void {
  core = started;
  const commands = waitingCommands;
  const payloads = waitingPayloads;
  waitingCommands = [];
  waitingPayloads = [];
  for (const command of commands) attempt(command, started);
  for (const payload of payloads) attempt((running) => running.afterTrack(payload), started);
}

/** Keeps errors in the core out of the page's code. */
function attempt(command: Command, running: Core): void {
  try {
    command(running);
  } catch (error) {
    reportError('A call failed', error);
  }
}
