/** Browsers run a longer timeout at once. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** A timer that can be paused any number of times. */
export class Countdown {
  readonly #onEnd: () => void;
  #remainingMs: number;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Longer durations than {@link LONGEST_TIMEOUT_MS}, including `Infinity`, never end. The timer starts with {@link Countdown.run}. */
  constructor(durationMs: number, onEnd: () => void) {
    this.#remainingMs = durationMs;
    this.#onEnd = onEnd;
  }

  /** Starts, or continues after a pause. */
  run(): void {
    if (this.#timer !== undefined || this.#remainingMs > LONGEST_TIMEOUT_MS) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onEnd, this.#remainingMs);
  }

  /** Pauses, and keeps the remaining time. */
  pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#remainingMs = Math.max(0, this.#remainingMs - (performance.now() - this.#startedAt));
  }
}
