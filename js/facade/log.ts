import type { Logger } from '@snowplow/browser-tracker';

type Level = 'debug' | 'warn' | 'error';

let logger: Pick<Logger, Level> = guarded(console);

/**
 * Messages go to the tracker's logger, and so obey its level, as soon as a tracker has handed one over.
 *
 * @returns the same logger, for the core
 */
export function useLogger(trackerLogger: Pick<Logger, Level>): Pick<Logger, Level> {
  logger = guarded(trackerLogger);
  return logger;
}

/** Tells the developer of the page that something works, but not as it should. */
export function warn(message: string): void {
  logger.warn(`[SignalsPlugin] ${message}`);
}

/** Tells the developer of the page that something does not work. */
export function reportError(message: string, error: unknown): void {
  logger.error(`[SignalsPlugin] ${message}`, error);
}

/** A logger that throws nothing, whatever the page has made of the one behind it. */
function guarded(logger: Pick<Logger, Level>): Pick<Logger, Level> {
  const quietly =
    (level: Level) =>
    (...message: unknown[]) => {
      try {
        (logger[level] as (...message: unknown[]) => void)(...message);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { debug: quietly('debug'), warn: quietly('warn'), error: quietly('error') };
}
