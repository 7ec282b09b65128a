import type { Logger } from '@snowplow/browser-tracker';

let logger: Pick<Logger, 'warn' | 'error'> = console;

/** Messages go to the tracker's logger, and so obey its level, as soon as a tracker has handed one over. */
export function useLogger(trackerLogger: Logger): void {
  logger = trackerLogger;
}

/** Tells the developer of the page that something works, but not as it should. */
export function warn(message: string): void {
  logger.warn(`[SignalsPlugin] ${message}`);
}

/** Tells the developer of the page that something does not work. */
export function reportError(message: string, error: unknown): void {
  logger.error(`[SignalsPlugin] ${message}`, error);
}
