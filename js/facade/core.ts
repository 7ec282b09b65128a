import type { BrowserTracker, Logger, TrackerCore } from '@snowplow/browser-tracker';
import type {
  ClientHandler,
  ConnectionListener,
  Handler,
  HandlerId,
  OneOrMore,
  SignalsInterventionConfiguration,
  SignalsPluginOptions,
  TrackedPayload,
  TrackerId,
  WasmSource,
} from '../types.js';

/** The part of the plugin that runs in WebAssembly. It mirrors the public API; `null` stands for all trackers. */
export interface Core {
  setLogger(logger: Pick<Logger, 'debug' | 'warn' | 'error'>): void;
  /** With `configure`, which must not throw, interventions come from elsewhere, and it gets what the stream would be configured with. */
  activate(
    tracker: BrowserTracker,
    options: SignalsPluginOptions,
    configure?: (config: SignalsInterventionConfiguration) => void,
  ): void;
  deactivate(trackerCore: TrackerCore): void;
  afterTrack(payload: TrackedPayload): void;
  subscribe(config: SignalsInterventionConfiguration, trackerIds: TrackerId[] | null): void;
  unsubscribe(trackerIds: TrackerId[] | null): void;
  addHandlers(handlers: Record<HandlerId, Handler | ClientHandler>, trackerIds: TrackerId[] | null): void;
  removeHandlers(handlerIds: OneOrMore<HandlerId>, trackerIds: TrackerId[] | null): void;
  /** Takes in an instance that arrived elsewhere. */
  deliver(intervention: object, trackerId: TrackerId): void;
  addConnectionListener(listener: ConnectionListener, trackerIds: TrackerId[] | null): void;
  /** `DeliveryStats` by tracker id. */
  stats(trackerIds: TrackerId[] | null): object;
  removeConnectionListener(listener: ConnectionListener): void;
}

/** What the lazily loaded script exports. */
export interface CoreModule {
  /**
   * Compiles and starts the WebAssembly.
   *
   * @param wasm - a running download, or what `init()` was given
   * @param url - its address for messages; empty if there is none
   * @param warn - told about a wrong content type
   * @throws Error naming the address and the status when what arrived is no WebAssembly
   */
  start(
    wasm: Promise<Response> | Exclude<WasmSource, string | URL>,
    url: string,
    warn: (message: string) => void,
  ): Promise<Core>;
}
