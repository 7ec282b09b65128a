import type { BrowserTracker, TrackerCore } from '@snowplow/browser-tracker';
import { load } from './facade/loader.js';
import { reportError } from './facade/log.js';
import { enqueue } from './facade/queue.js';
import type { Fetcher, FetcherFactory, SignalsInterventionConfiguration, TrackedPayload } from './types.js';

/** The fetchers of the page, by the name that their tracker gives itself in events. */
const fetchers = new Map<unknown, { fetcher: Fetcher; trackerCore: TrackerCore }>();

/**
 * Starts the page's own source of interventions for a tracker.
 *
 * @returns what hands the fetcher its configuration; undefined if there is no fetcher, or none that could be made
 */
export function startFetcher(
  tracker: BrowserTracker,
  factory: FetcherFactory | undefined,
): ((config: SignalsInterventionConfiguration) => void) | undefined {
  const fetcher = guarded(() =>
    factory?.(tracker, (intervention, { id } = tracker) => {
      // A copy, because missing attributes are filled in.
      enqueue((core) => core.deliver({ ...intervention }, id));
      load().catch(() => {});
    }),
  );
  if (!fetcher) return undefined;
  fetchers.set(tracker.namespace, { fetcher, trackerCore: tracker.core });
  return (config) => guarded(() => fetcher.configure(config));
}

/** Shows a tracked event to the fetcher of its tracker. False if there is none. */
export function updateFetcher(payload: TrackedPayload): boolean {
  const known = fetchers.get(payload.tna);
  guarded(() => known?.fetcher.update(payload));
  return known !== undefined;
}

/** Forgets the fetcher of a tracker that is gone. */
export function dropFetcher(trackerCore: TrackerCore): void {
  for (const [name, known] of fetchers) {
    if (known.trackerCore === trackerCore) fetchers.delete(name);
  }
}

/** Whatever goes wrong in a fetcher stays out of the page's own code. */
function guarded<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    reportError('The fetcher failed', error);
    return undefined;
  }
}
