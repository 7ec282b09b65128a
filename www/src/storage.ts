/**
 * Reads a value that the shop keeps between visits, as JSON in localStorage. If storage is not allowed, or the value is not JSON, the
 * shop works without it.
 */
export function recall(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** Stores `value` for {@link recall}. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden.
  }
}
