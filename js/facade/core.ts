import type { BrowserTracker, Logger, TrackerCore } from '@snowplow/browser-tracker';
import type {
  ClientHandler,
  ConnectionListener,
  Handler,
  HandlerId,
  OneOrMore,
  SignalsInterventionConfiguration,
  SignalsPluginOptions,
  SubscriptionConfiguration,
  TrackedPayload,
  TrackerId,
  WasmSource,
} from '../types.js';

/** The part of the plugin that runs in WebAssembly. It mirrors the public API. `null` means all trackers. */
export interface Core {
  setLogger(logger: Pick<Logger, 'debug' | 'warn' | 'error'>): void;
  /** With `configureSource`, interventions come from a fetcher, which gets the configuration instead of the stream. It must not throw. */
  activate(
    tracker: BrowserTracker,
    options: SignalsPluginOptions,
    configureSource?: (config: SignalsInterventionConfiguration) => void,
  ): void;
  deactivate(trackerCore: TrackerCore): void;
  afterTrack(payload: TrackedPayload): void;
  subscribe(config: SubscriptionConfiguration, trackerIds: TrackerId[] | null): void;
  unsubscribe(trackerIds: TrackerId[] | null): void;
  addHandlers(handlers: Record<HandlerId, Handler>, trackerIds: TrackerId[] | null): void;
  removeHandlers(handlerIds: OneOrMore<HandlerId>, trackerIds: TrackerId[] | null): void;
  /** Delivers an intervention from a fetcher. */
  deliver(intervention: object, trackerId: TrackerId): void;
  addConnectionListener(listener: ConnectionListener, trackerIds: TrackerId[] | null): void;
  /** `DeliveryStats` by tracker id. */
  stats(trackerIds: TrackerId[] | null): object;
  removeConnectionListener(listener: ConnectionListener): void;
  /** Subscribes without a tracker. `id` names the client in messages and in the stored position for reloads. */
  createClient(id: string, config: SubscriptionConfiguration, listener: ConnectionListener): CoreClient;
}

/** A client without a tracker. */
export interface CoreClient {
  addHandlers(handlers: Record<HandlerId, ClientHandler>): void;
  removeHandlers(handlerIds: OneOrMore<HandlerId>): void;
  close(): void;
}

/** The exports of the lazily loaded script. */
export interface CoreModule {
  /**
   * Starts the WebAssembly.
   *
   * @param wasm - the module, which may still be loading, or its bytes
   * @throws Error if that fails
   */
  start(wasm: Promise<WebAssembly.Module> | Exclude<WasmSource, string | URL>): Promise<Core>;
}
