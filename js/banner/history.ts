import type { Earlier } from './frequency.js';
import type { Memory } from './memory.js';

/** How many interventions are remembered. Those that appeared longest ago are forgotten first. */
const MAX_NAMES = 200;

/** When banners appeared, by intervention name. Other tabs write to the same storage. */
export class History {
  readonly #times: Memory;
  readonly #session: Memory;

  /** `times` is kept after the page is closed, `session` as long as the tab. */
  constructor(times: Memory, session: Memory) {
    this.#times = times;
    this.#session = session;
  }

  /** Records that a banner appeared at `now`, in milliseconds since the epoch. */
  appeared(name: string, now: number): void {
    const times = this.#readTimes();
    times.delete(name);
    times.set(name, now);
    this.#times.write([...times].slice(-MAX_NAMES));
    const names = this.#readSession();
    if (!names.includes(name)) this.#session.write([...names, name].slice(-MAX_NAMES));
  }

  /** The earlier banners of the intervention `name`. */
  earlier(name: string, now: number): Earlier {
    const at = this.#readTimes().get(name);
    return {
      sinceMs: at === undefined ? undefined : elapsed(at, now),
      inSession: this.#readSession().includes(name),
    };
  }

  /** Milliseconds since any banner appeared, or `Infinity` if none did. */
  sinceLastMs(now: number): number {
    return Math.min(...[...this.#readTimes().values()].map((at) => elapsed(at, now)));
  }

  #readTimes(): Map<string, number> {
    const stored = this.#times.read();
    return new Map(Array.isArray(stored) ? stored.filter(isNameAndTime) : []);
  }

  #readSession(): string[] {
    const stored = this.#session.read();
    return Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : [];
  }
}

/** A clock that was set back must not suppress banners until it has caught up. */
function elapsed(at: number, now: number): number {
  return at > now ? Number.POSITIVE_INFINITY : now - at;
}

function isNameAndTime(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
}
