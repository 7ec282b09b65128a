/**
 * How often the banner of one intervention may appear in this browser:
 * - `"once"`: once
 * - `"session"`: once per tab, until the tab is closed
 * - `{ everyMs }`: once in this many milliseconds
 */
export type BannerFrequency = 'once' | 'session' | { everyMs: number };

/** The earlier banners of the same intervention. */
export interface Earlier {
  /** Milliseconds since the latest one appeared, or `undefined` if there was none. */
  sinceMs: number | undefined;
  /** Whether one appeared in this tab. */
  inSession: boolean;
}

/** Whether a banner may appear (again). Without a frequency, it always may. */
export function mayAppear(frequency: BannerFrequency | undefined, { sinceMs, inSession }: Earlier): boolean {
  if (frequency === undefined) return true;
  if (frequency === 'session') return !inSession;
  if (sinceMs === undefined) return true;
  return frequency !== 'once' && sinceMs >= frequency.everyMs;
}

/** @throws {TypeError} naming the field `at`, if `frequency` is invalid. */
export function checkFrequency(frequency: unknown, at: string): void {
  if (frequency === undefined || frequency === 'once' || frequency === 'session') return;
  const everyMs = (frequency as { everyMs?: unknown } | null)?.everyMs;
  if (typeof everyMs !== 'number' || !(everyMs > 0)) {
    throw new TypeError(
      `${at} must be "once", "session" or { everyMs } with a positive number of milliseconds`,
    );
  }
}
