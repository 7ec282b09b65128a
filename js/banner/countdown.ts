/** Browsers take a longer timeout for none. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** A timer that can be held up any number of times before it ends, once. */
export class Countdown {
  readonly #onEnd: () => void;
  #remainingMs: number;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** One of more than {@link LONGEST_TIMEOUT_MS}, which may be `Infinity`, never ends: no page lasts so long. It does not run before {@link Countdown.run}. */
  constructor(durationMs: number, onEnd: () => void) {
    this.#remainingMs = durationMs;
    this.#onEnd = onEnd;
  }

  /** Starts, or goes on after a pause. */
  run(): void {
    if (this.#timer !== undefined || this.#remainingMs > LONGEST_TIMEOUT_MS) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onEnd, this.#remainingMs);
  }

  /** Stops, keeping the time that is left. */
  pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#remainingMs = Math.max(0, this.#remainingMs - (performance.now() - this.#startedAt));
  }
}
