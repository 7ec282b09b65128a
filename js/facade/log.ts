import type { Logger } from '@snowplow/browser-tracker';

type Level = 'debug' | 'warn' | 'error';

let logger: Pick<Logger, Level> = guarded(console);

/**
 * Sends messages to the tracker's logger, and so follows its log level, once a tracker has passed it.
 *
 * @returns the same logger, for the core
 */
export function useLogger(trackerLogger: Pick<Logger, Level>): Pick<Logger, Level> {
  logger = guarded(trackerLogger);
  return logger;
}

/** Reports a problem that does not stop the plugin from working. */
export function warn(message: string): void {
  logger.warn(`[SignalsPlugin] ${message}`);
}

/** Reports an error. */
export function reportError(message: string, error: unknown): void {
  logger.error(`[SignalsPlugin] ${message}`, error);
}

/** A logger that never throws, even if the page replaced the logger behind it. */
function guarded(logger: Pick<Logger, Level>): Pick<Logger, Level> {
  const quietly =
    (level: Level) =>
    (...message: unknown[]) => {
      try {
        (logger[level] as (...message: unknown[]) => void)(...message);
      } catch {
        // There is no other place to report this.
      }
    };
  return { debug: quietly('debug'), warn: quietly('warn'), error: quietly('error') };
}
