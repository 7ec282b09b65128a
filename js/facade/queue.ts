import type { TrackedPayload } from '../types.js';
import type { Core } from './core.js';
import { reportError } from './log.js';

/** One call of the public API, to be carried out by the core. */
export type Command = (core: Core) => void;

/** Events kept for the core while it loads. Ids seldom change from event to event, so the latest ones tell all there is. */
const MAX_WAITING_PAYLOADS = 50;

let core: Core | undefined;
let waitingCommands: Command[] = [];
let waitingPayloads: TrackedPayload[] = [];

/** False on a server, where calls must neither act nor pile up. */
export const inBrowser = (): boolean => typeof document !== 'undefined';

/** Carries a call out now, or in its turn once the core runs. */
export function enqueue(command: Command): void {
  if (core) attempt(command, core);
  else if (inBrowser()) waitingCommands.push(command);
}

/** The core, if it runs. */
export const runningCore = (): Core | undefined => core;

/** Shows a tracked event to the core; while that is loading only the latest events are kept. */
export function observe(payload: TrackedPayload): void {
  if (core) {
    core.afterTrack(payload);
    return;
  }
  waitingPayloads.push(payload);
  if (waitingPayloads.length > MAX_WAITING_PAYLOADS) waitingPayloads.shift();
}

/** Replays what was called so far, in order, and lets later calls through. */
export function runWith(started: Core): void {
  core = started;
  const commands = waitingCommands;
  const payloads = waitingPayloads;
  waitingCommands = [];
  waitingPayloads = [];
  for (const command of commands) attempt(command, started);
  for (const payload of payloads) attempt((running) => running.afterTrack(payload), started);
}

/** Whatever goes wrong in the core stays out of the page's own code. */
function attempt(command: Command, running: Core): void {
  try {
    command(running);
  } catch (error) {
    reportError('A call failed', error);
  }
}
