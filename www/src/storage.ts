/**
 * What the shop remembers between visits, as JSON in localStorage. Where that is not allowed, or holds something that
 * is not JSON, nothing is remembered: the shop works all the same.
 */
export function recall(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** Remembers `value` for {@link recall}. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden.
  }
}
