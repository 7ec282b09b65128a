import type { BrowserPlugin } from '@snowplow/browser-tracker';
import { load, preload, ready } from './facade/loader.js';
import { useLogger } from './facade/log.js';
import { enqueue, observe, runningCore } from './facade/queue.js';
import { dropFetcher, startFetcher, updateFetcher } from './fetchers.js';
import type {
  ConnectionListener,
  DeliveryStats,
  Handler,
  HandlerId,
  OneOrMore,
  SignalsPluginOptions,
  SubscriptionConfiguration,
  TrackerId,
  WasmSource,
} from './types.js';

// The tag-based tracker appends its list of trackers after `function.length` arguments, so every parameter after the documented
// ones needs a default value.

/**
 * Makes the Snowplow plugin. Pass it to `newTracker` in `plugins`, or to `addPlugin`. It requests the WebAssembly in advance and starts
 * it with the first {@link subscribeToInterventions}.
 *
 * @param options - handlers, measurement settings and a fetcher, all optional
 */
export function SignalsPlugin(options: SignalsPluginOptions = {}): BrowserPlugin {
  preload();
  return {
    logger(logger) {
      const guarded = useLogger(logger);
      enqueue((core) => core.setLogger(guarded));
    },
    activateBrowserPlugin(tracker) {
      const configure = startFetcher(tracker, options.fetcher);
      enqueue((core) => core.activate(tracker, options, configure));
    },
    afterTrack(payload) {
      if (!options.fetcher || !updateFetcher(payload)) observe(payload);
    },
    deactivatePlugin(trackerCore) {
      dropFetcher(trackerCore);
      enqueue((core) => core.deactivate(trackerCore));
    },
  };
}

/** {@link SignalsPlugin} with the name of this package. */
export const SignalsInterventionsPlugin = SignalsPlugin;

/**
 * Subscribes to interventions, or changes the subscription. The first call starts the WebAssembly.
 *
 * @param config - if a field is invalid, the plugin logs its name with the tracker's logger and ignores the call
 * @param trackerIds - trackers to subscribe; default all that have the plugin or, if there is none yet, those that get it later
 */
export function subscribeToInterventions(
  config: SubscriptionConfiguration,
  trackerIds: TrackerId[] | null = null,
): void {
  enqueue((core) => core.subscribe(config, trackerIds));
  load().catch(alreadyReported);
}

/**
 * Closes the stream. Handlers stay registered, and a later {@link subscribeToInterventions} resumes from the same position.
 *
 * @param trackerIds - trackers to unsubscribe; default all
 */
export function unsubscribeFromInterventions(trackerIds: TrackerId[] | null = null): void {
  enqueue((core) => core.unsubscribe(trackerIds));
}

/**
 * Registers handlers. They are called in order of registration. If an id is in use, the new handler replaces the old one at its place.
 *
 * @param handlers - handlers by id
 * @param trackerIds - trackers to listen to; default all that have the plugin or, if there is none yet, those that get it later
 */
export function addInterventionHandlers(
  handlers: Record<HandlerId, Handler>,
  trackerIds: TrackerId[] | null = null,
): void {
  enqueue((core) => core.addHandlers(handlers, trackerIds));
}

/**
 * Removes handlers. Ids that are not registered are ignored.
 *
 * @param handlerIds - one id or several
 * @param trackerIds - trackers to remove them from; default all
 */
export function removeInterventionHandlers(
  handlerIds: OneOrMore<HandlerId>,
  trackerIds: TrackerId[] | null = null,
): void {
  enqueue((core) => core.removeHandlers(handlerIds, trackerIds));
}

/**
 * Watches the connection.
 *
 * @param listener - called with the current state, then after every change
 * @param trackerIds - trackers to watch; default all, including later ones
 * @returns a function that removes the listener
 */
export function onConnectionChange(
  listener: ConnectionListener,
  trackerIds: TrackerId[] | null = null,
): () => void {
  // A new function per call, so that the same listener can be registered twice and removed once.
  const registered: ConnectionListener = (change) => listener(change);
  enqueue((core) => core.addConnectionListener(registered, trackerIds));
  return () => enqueue((core) => core.removeConnectionListener(registered));
}

/**
 * Returns counters of received interventions and their outcomes.
 *
 * @param trackerIds - trackers to ask; default all
 * @returns counters by tracker id. Empty until the WebAssembly runs
 */
export function stats(trackerIds: TrackerId[] | null = null): Record<TrackerId, DeliveryStats> {
  let stats = {};
  // Runs at once, and keeps errors out of the page's code. Before the core runs, the call would only be queued.
  if (runningCore())
    enqueue((core) => {
      stats = core.stats(trackerIds);
    });
  return stats;
}

/**
 * Starts the WebAssembly now instead of at the first {@link subscribeToInterventions}. To load it from another place, call this before
 * {@link SignalsPlugin}, which requests it.
 *
 * @param wasm - address, bytes or compiled module; default the file beside this script
 * @returns a promise that resolves when the WebAssembly runs (on a server, at once, without doing anything). It rejects with an error
 * that names the address and the HTTP status. The error is also logged, so you can ignore the promise.
 */
export function init(wasm?: WasmSource): Promise<void> {
  // The tag-based tracker calls with its list of trackers.
  const started = load(Array.isArray(wasm) ? undefined : wasm);
  started.catch(alreadyReported);
  return started;
}

export { createInterventionsClient, type InterventionsClient } from './client.js';
export {
  getServiceAttributes,
  type ServiceAttributes,
  ServiceAttributesError,
  type ServiceAttributesRequest,
} from './service-attributes.js';
export { ready };

function alreadyReported(): void {}
