/** Where banners remember something under one name: as JSON in a storage of the browser. */
export interface Memory {
  /** What was kept; `undefined` if nothing was, or if it cannot be read. */
  read(): unknown;
  /** Keeps `value`; `undefined` clears it. */
  write(value: unknown): void;
}

/**
 * Memory in the storage that `area` finds. Where that is forbidden, full or missing, it lasts as long as the page: caps
 * hold until the next one.
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
