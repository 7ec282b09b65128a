/** Who may be seen: at most `maxVisible` at a time, the others first come, first served. */
export class Queue<T> {
  readonly #maxVisible: number;
  readonly #visible = new Set<T>();
  readonly #waiting: T[] = [];

  constructor(maxVisible: number) {
    this.#maxVisible = maxVisible;
  }

  /** Adds `item`; true if it may be seen at once, false if it waits. */
  enter(item: T): boolean {
    if (this.#visible.size >= this.#maxVisible) {
      this.#waiting.push(item);
      return false;
    }
    this.#visible.add(item);
    return true;
  }

  /** Removes a visible `item`; gives the one that takes its place, which counts as visible from now on. */
  leave(item: T): T | undefined {
    if (!this.#visible.delete(item)) return undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#visible.add(next);
    return next;
  }
}
