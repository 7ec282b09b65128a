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

// The tag-based tracker appends its own list of trackers after `function.length` arguments, so every parameter that follows
// the documented ones needs a default value.

/**
 * Makes the Snowplow plugin; pass it to `newTracker` in `plugins`, or to `addPlugin`. The files that a subscription needs are
 * requested meanwhile; they start with the first {@link subscribeToInterventions}.
 *
 * @param options - handlers, measurement settings and a source of interventions, all optional
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

/** {@link SignalsPlugin} under the name of this package. */
export const SignalsInterventionsPlugin = SignalsPlugin;

/**
 * Starts to receive interventions, or changes from where and for whom. The first call starts the WebAssembly.
 *
 * @param config - an invalid field is reported through the tracker's logger, by name, and the call changes nothing
 * @param trackerIds - trackers to subscribe; default all that have the plugin, or those that come later if there is none yet
 */
export function subscribeToInterventions(
  config: SubscriptionConfiguration,
  trackerIds: TrackerId[] | null = null,
): void {
  enqueue((core) => core.subscribe(config, trackerIds));
  load().catch(alreadyReported);
}

/**
 * Closes the stream. Handlers stay, and a later {@link subscribeToInterventions} resumes where this left off.
 *
 * @param trackerIds - trackers to unsubscribe; default all
 */
export function unsubscribeFromInterventions(trackerIds: TrackerId[] | null = null): void {
  enqueue((core) => core.unsubscribe(trackerIds));
}

/**
 * Registers handlers, which are called in order of registration. An id that is in use keeps its place and gets the new handler.
 *
 * @param handlers - handlers by id
 * @param trackerIds - trackers to listen to; default all that have the plugin, or those that come later if there is none yet
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
 * @param listener - called with the present state, then after every change
 * @param trackerIds - trackers to watch; default all, including those that come later
 * @returns a function that stops it
 */
export function onConnectionChange(
  listener: ConnectionListener,
  trackerIds: TrackerId[] | null = null,
): () => void {
  // An own function per call, so that the same listener may be registered twice and removed once.
  const registered: ConnectionListener = (change) => listener(change);
  enqueue((core) => core.addConnectionListener(registered, trackerIds));
  return () => enqueue((core) => core.removeConnectionListener(registered));
}

/**
 * Counts what arrived and what became of it.
 *
 * @param trackerIds - trackers to ask; default all
 * @returns counters by tracker id; empty until the core runs
 */
export function stats(trackerIds: TrackerId[] | null = null): Record<TrackerId, DeliveryStats> {
  let stats = {};
  // Runs at once, and keeps what goes wrong out of the page's own code. Before the core runs it would only pile up.
  if (runningCore())
    enqueue((core) => {
      stats = core.stats(trackerIds);
    });
  return stats;
}

/**
 * Starts the WebAssembly now instead of at the first {@link subscribeToInterventions}. To load it from somewhere else, call this before
 * {@link SignalsPlugin}, which requests it.
 *
 * @param wasm - address, bytes or compiled module; default the file that lies beside this script
 * @returns a promise that resolves when the core runs (on a server: at once, without doing anything) and rejects with an
 * error that names the address and the HTTP status. The failure is also logged, so the promise may be ignored.
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
