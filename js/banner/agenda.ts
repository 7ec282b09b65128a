interface AgendaOptions {
  /** How many may be seen at a time. */
  maxVisible: number;
  /** How many may wait. */
  maxWaiting: number;
  /** Milliseconds from one appearing to the next appearing. */
  minIntervalMs: number;
}

interface Entry<T> {
  item: T;
  priority: number;
}

/** Who is seen and who waits: the highest priority first, among equals first come, first served. Knows no clock. */
export class Agenda<T> {
  readonly #options: AgendaOptions;
  readonly #visible = new Set<T>();
  /** In the order in which they will be seen. */
  readonly #waiting: Entry<T>[] = [];

  constructor(options: AgendaOptions) {
    this.#options = options;
  }

  /** Those who wait, the next one first. */
  get waiting(): T[] {
    return this.#waiting.map(({ item }) => item);
  }

  /** Lets `item` wait for its turn; gives the one that is crowded out, which may be `item` itself. */
  add(item: T, priority: number): T | undefined {
    const behind = this.#waiting.findIndex((entry) => entry.priority < priority);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { item, priority });
    return this.#waiting.length > this.#options.maxWaiting ? this.#waiting.pop()?.item : undefined;
  }

  /** The one whose turn it is `sinceLastMs` after the latest one appeared. It counts as visible from now on. */
  next(sinceLastMs: number): T | undefined {
    if (this.#visible.size >= this.#options.maxVisible || this.waitMs(sinceLastMs) !== 0) return undefined;
    const next = this.#waiting.shift()?.item;
    if (next !== undefined) this.#visible.add(next);
    return next;
  }

  /** Gives the turn back: `item`, given by {@link Agenda.next}, waits again as the next one. */
  putBack(item: T, priority: number): void {
    this.leave(item);
    this.#waiting.unshift({ item, priority });
  }

  /** Gives up the place of one who was seen, or was not worth it after all. */
  leave(item: T): void {
    this.#visible.delete(item);
  }

  /** Milliseconds until the next turn as far as time decides it; `undefined` if nobody waits. */
  waitMs(sinceLastMs: number): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    return Math.max(0, this.#options.minIntervalMs - sinceLastMs);
  }
}
