import type { BrowserTracker, TrackerCore } from '@snowplow/browser-tracker';
import { load } from './facade/loader.js';
import { reportError } from './facade/log.js';
import { enqueue } from './facade/queue.js';
import type { Fetcher, FetcherFactory, SignalsInterventionConfiguration, TrackedPayload } from './types.js';

/** The page's fetchers, by the namespace of their tracker in events. */
const fetchers = new Map<unknown, { fetcher: Fetcher; trackerCore: TrackerCore }>();

/**
 * Starts the page's fetcher for a tracker.
 *
 * @returns a function that configures the fetcher, or undefined if there is no fetcher or it could not be created
 */
export function startFetcher(
  tracker: BrowserTracker,
  factory: FetcherFactory | undefined,
): ((config: SignalsInterventionConfiguration) => void) | undefined {
  const fetcher = guarded(() =>
    factory?.(tracker, (intervention, { id } = tracker) => {
      // A copy, because the core fills in missing attributes.
      enqueue((core) => core.deliver({ ...intervention }, id));
      load().catch(() => {});
    }),
  );
  if (!fetcher) return undefined;
  fetchers.set(tracker.namespace, { fetcher, trackerCore: tracker.core });
  return (config) => guarded(() => fetcher.configure(config));
}

/** Passes a tracked event to the fetcher of its tracker. Returns false if there is none. */
export function updateFetcher(payload: TrackedPayload): boolean {
  const known = fetchers.get(payload.tna);
  guarded(() => known?.fetcher.update(payload));
  return known !== undefined;
}

/** Removes the fetcher of a tracker that is gone. */
export function dropFetcher(trackerCore: TrackerCore): void {
  for (const [name, known] of fetchers) {
    if (known.trackerCore === trackerCore) fetchers.delete(name);
  }
}

/** Keeps errors in a fetcher out of the page's code. */
function guarded<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    reportError('The fetcher failed', error);
    return undefined;
  }
}
