import { Observable } from './observable';

/** What a server says about the shopper. While it is shown, it is read again whenever it may have changed. */
export class LiveReading<T> {
  readonly now: Observable<T>;
  readonly #read: () => Promise<T>;
  #watched = false;
  #reading = false;
  #readAgain = false;

  constructor(initial: T, read: () => Promise<T>) {
    this.now = new Observable(initial);
    this.#read = read;
  }

  /** Sets whether it is shown. */
  watch(watched: boolean): void {
    this.#watched = watched;
    this.mayHaveChanged();
  }

  /** Reads it. During a read, it reads once more afterwards. */
  async mayHaveChanged(): Promise<void> {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#watched && this.#readAgain) {
      this.#readAgain = false;
      this.now.set(await this.#read());
    }
    this.#reading = false;
  }
}
