/** One value in the browser's storage, as JSON. */
export interface Memory {
  /** The stored value, or `undefined` if there is none or it cannot be read. */
  read(): unknown;
  /** Stores `value`. `undefined` removes it. */
  write(value: unknown): void;
}

/**
 * A memory in the storage that `area` returns. If that is forbidden, full or missing, the value lasts only as long as the page, and
 * so do frequency limits.
 */
export function storedMemory(area: () => Storage, key: string): Memory {
  let fallback: unknown;
  return {
    read() {
      try {
        const text = area().getItem(key);
        return text === null ? fallback : JSON.parse(text);
      } catch {
        return fallback;
      }
    },
    write(value) {
      fallback = undefined;
      try {
        if (value === undefined) area().removeItem(key);
        else area().setItem(key, JSON.stringify(value));
      } catch {
        fallback = value;
      }
    },
  };
}
