import type { Earlier } from './frequency.js';
import type { Memory } from './memory.js';

/** Interventions remembered; the ones that appeared longest ago are forgotten first. */
const MAX_NAMES = 200;

/** Which banners appeared when, by name of their intervention. Other tabs may write to the same memory. */
export class History {
  readonly #times: Memory;
  readonly #session: Memory;

  /** `times` outlives the page, `session` lasts as long as the tab. */
  constructor(times: Memory, session: Memory) {
    this.#times = times;
    this.#session = session;
  }

  /** Notes that a banner appeared at `now`, in milliseconds of the epoch. */
  appeared(name: string, now: number): void {
    const times = this.#readTimes();
    times.delete(name);
    times.set(name, now);
    this.#times.write([...times].slice(-MAX_NAMES));
    const names = this.#readSession();
    if (!names.includes(name)) this.#session.write([...names, name].slice(-MAX_NAMES));
  }

  /** What is known about earlier banners of the intervention `name`. */
  earlier(name: string, now: number): Earlier {
    const at = this.#readTimes().get(name);
    return {
      sinceMs: at === undefined ? undefined : elapsed(at, now),
      inSession: this.#readSession().includes(name),
    };
  }

  /** Milliseconds since any banner appeared; `Infinity` if none did. */
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

/** A clock that was put back must not silence banners until it has caught up. */
function elapsed(at: number, now: number): number {
  return at > now ? Number.POSITIVE_INFINITY : now - at;
}

function isNameAndTime(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
}
