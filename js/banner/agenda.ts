interface AgendaOptions {
  /** How many items are visible at a time. */
  maxVisible: number;
  /** How many items may wait. */
  maxWaiting: number;
  /** Milliseconds between the appearance of one item and the next. */
  minIntervalMs: number;
}

interface Entry<T> {
  item: T;
  priority: number;
}

/** Decides which items are visible and which wait: the highest priority first, or else in order of arrival. Has no clock. */
export class Agenda<T> {
  readonly #options: AgendaOptions;
  readonly #visible = new Set<T>();
  /** In the order in which they will appear. */
  readonly #waiting: Entry<T>[] = [];

  constructor(options: AgendaOptions) {
    this.#options = options;
  }

  /** The waiting items, the next one first. */
  get waiting(): T[] {
    return this.#waiting.map(({ item }) => item);
  }

  /** Adds `item` to the waiting ones. Returns the item that is crowded out, which can be `item` itself. */
  add(item: T, priority: number): T | undefined {
    const behind = this.#waiting.findIndex((entry) => entry.priority < priority);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { item, priority });
    return this.#waiting.length > this.#options.maxWaiting ? this.#waiting.pop()?.item : undefined;
  }

  /** The item whose turn it is, `sinceLastMs` after the latest one appeared. It counts as visible from now on. */
  next(sinceLastMs: number): T | undefined {
    if (this.#visible.size >= this.#options.maxVisible || this.waitMs(sinceLastMs) !== 0) return undefined;
    const next = this.#waiting.shift()?.item;
    if (next !== undefined) this.#visible.add(next);
    return next;
  }

  /** Returns `item` from {@link Agenda.next}: it waits again, as the next one. */
  putBack(item: T, priority: number): void {
    this.leave(item);
    this.#waiting.unshift({ item, priority });
  }

  /** Frees the place of a visible item. */
  leave(item: T): void {
    this.#visible.delete(item);
  }

  /** Milliseconds until the next turn, or `undefined` if nothing waits. */
  waitMs(sinceLastMs: number): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    return Math.max(0, this.#options.minIntervalMs - sinceLastMs);
  }
}
