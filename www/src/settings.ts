import { recall, remember } from './storage';

/** Where the shop sends its events and receives interventions from. */
export interface Settings {
  /** Snowplow collector. */
  collectorUrl: string;
  /** Signals API. */
  signalsUrl: string;
}

const STORAGE_KEY = 'shop-settings';

/** By default, the server of the page is both. */
export const DEFAULT_SETTINGS: Settings = { collectorUrl: location.origin, signalsUrl: location.origin };

/** The stored settings, with defaults for missing or invalid addresses. */
export function loadSettings(): Settings {
  const stored = recall(STORAGE_KEY) as Partial<Record<keyof Settings, unknown>> | null;
  return {
    collectorUrl: parseWebAddress(stored?.collectorUrl) ?? DEFAULT_SETTINGS.collectorUrl,
    signalsUrl: parseWebAddress(stored?.signalsUrl) ?? DEFAULT_SETTINGS.signalsUrl,
  };
}

/** Keeps `settings` for the next load of the page. */
export function saveSettings(settings: Settings): void {
  remember(STORAGE_KEY, settings);
}

/** `text` as an `http:` or `https:` address without a trailing slash, or `undefined` if it is invalid. */
export function parseWebAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return origin + pathname.replace(/\/+$/, '');
}
