import type { BrowserTracker, Payload, SelfDescribingJson } from '@snowplow/browser-tracker';

/** Name of an attribute key, the kind of identifier a profile is kept by, e.g. `domain_userid`. */
export type AttributeKeyName = string;

/** Identifier of one user, session or other entity under an attribute key. */
export type AttributeKeyId = string;

/** Name under which the page registers a handler. Any string, unique per tracker. */
export type HandlerId = string;

/** Id of a Snowplow tracker, the first argument of `newTracker`. */
export type TrackerId = string;

/** One value or a list of them. */
export type OneOrMore<T> = T | T[];

/**
 * Where to find an id in a tracked event: a JSON Pointer (RFC 6901) on the tracker-protocol payload.
 *
 * - `/duid`, or the bare name `duid`: a field. Enriched names (`/domain_userid`) and names that enrichment computes
 *   (`/page_urlpath`, `/mkt_source`, `/event_name`) work as well.
 * - `/co/{vendor}/{name}/{path…}`: a value in an entity, in any schema version. Aliases: `cx context entity entities`.
 * - `/ue_pr/{vendor}/{name}/{path…}`: a value in the data of a self-describing event. Aliases: `ue ue_px unstruct unstruct_event
 *   self_describing sde`.
 *
 * A list of one element stands for its element. What cannot be an id (the empty pointer, an entity as a whole) is reported.
 */
export type JSONPointer = string;

/** One pointer or several; the first that yields a value wins. */
export type JSONPointerList = OneOrMore<JSONPointer>;

/** Values of attributes by name, as far as a type can tell without knowing the rule. */
export type Attributes = Record<string, OneOrMore<string | number | boolean>>;

/**
 * One triggered occurrence of an intervention, as the stream delivered it. Fields that are unknown here are kept.
 *
 * @typeParam A - what the rule sends, where you know: `Intervention<{ cart_value: number }>`. Nothing checks it at run time.
 */
export interface Intervention<A extends Attributes = Attributes> {
  /** Unique id of the occurrence. Each id is delivered once. */
  intervention_id: string;
  /** Name of the intervention (the rule). */
  name: string;
  /** Version of the rule that triggered. */
  version: number;
  /** Attribute values at the moment of triggering; an empty object when the server sent none. */
  attributes: A;
  /** Whom the instance is for. */
  target_attribute_key?: { name: AttributeKeyName; id?: AttributeKeyId };
}

/** Decides by name, list of names, regular expression on the name, or predicate whether a handler gets an instance. */
export type InterventionMatch = string | string[] | RegExp | ((intervention: Intervention) => boolean);

/** A handler for some interventions only. */
export interface MatchingHandler {
  /** Which interventions to handle. */
  match: InterventionMatch;
  // Written as a method, of which TypeScript lets the parameter be of a narrower type: `Intervention<{ cart_value: number }>`.
  /** Called for those that match. */
  handle(intervention: Intervention, tracker: BrowserTracker): Promise<unknown> | unknown;
}

/**
 * Receives each intervention instance once. Returning (or resolving) counts as handled; throwing (or rejecting) is logged,
 * measured as an error, and affects neither other handlers nor the stream.
 */
export type HandlerFunction = MatchingHandler['handle'];

/** A handler function, or one narrowed to the interventions that it wants. */
export type Handler = HandlerFunction | MatchingHandler;

/** {@link MatchingHandler} of a client without a tracker. */
export interface ClientMatchingHandler {
  /** Which interventions to handle. */
  match: InterventionMatch;
  /** Called for those that match. */
  handle(intervention: Intervention): Promise<unknown> | unknown;
}

/** A handler of a client without a tracker: the second argument of its function is undefined. */
export type ClientHandler = ClientMatchingHandler['handle'] | ClientMatchingHandler;

/** Where to receive interventions from, and for whom. */
export interface SignalsInterventionConfiguration {
  /**
   * Signals API: a host name (`https` is assumed), or a URL with scheme and optional path prefix, without `apiPath`, which is added.
   * Required. For instance `signals.example.com`, or `http://127.0.0.1:8787` on your own machine.
   */
  endpoint: string;
  /** Path of the stream under `endpoint`. Default `/api/v1/interventions`. */
  apiPath?: string;
  /**
   * Where to find the ids of attribute keys in tracked events. Added to the defaults, `domain_userid` from `/duid` and
   * `domain_sessionid` from `/sid`; naming one of those replaces its default.
   */
  attributeKeyTargets?: Record<AttributeKeyName, JSONPointerList>;
  /** Fixed ids. They win over ids found in events. */
  attributeKeyIds?: Record<AttributeKeyName, AttributeKeyId>;
  /**
   * Milliseconds to wait for the server to accept the stream before trying again. Default 2500. After every attempt that timed out, the
   * next one may take twice as long, up to 20,000 or to this, if it is more.
   */
  connectionTimeoutMs?: number;
  /**
   * Whether tabs of this origin with the same endpoint and ids receive over one connection: one tab holds it and passes on what
   * arrives, and another takes over within a second when that tab goes. Default true; has no effect in browsers without Web Locks
   * or BroadcastChannel, and on pages served without HTTPS, where every tab has a connection of its own.
   */
  shareConnection?: boolean;
}

/** {@link SignalsInterventionConfiguration} of a page whose users need not be logged in. */
export interface SubscriptionConfiguration extends Omit<SignalsInterventionConfiguration, 'attributeKeyIds'> {
  /** Fixed ids. They win over ids found in events. Without an id (null, undefined, empty), a key is as if not given. */
  attributeKeyIds?: Record<AttributeKeyName, AttributeKeyId | null | undefined>;
}

/** The measurement events: instance received, handler succeeded, handler failed. */
export type MeasurementEvents = 'delivery' | 'dispatch_accept' | 'dispatch_error';

/** Per measurement event: on, off, or decided per instance. All are on by default. */
export type MeasurementSettings = Record<
  MeasurementEvents,
  boolean | ((intervention: Intervention) => boolean)
>;

/** Entities for measurement events, or functions that make them. */
export type MeasurementContext = (
  | SelfDescribingJson
  | ((
      event: MeasurementEvents,
      intervention: Intervention,
      payload: Record<string, unknown>,
    ) => SelfDescribingJson | SelfDescribingJson[] | null | undefined)
)[];

/**
 * A source of interventions in place of the stream of `subscribeToInterventions`.
 *
 * What it throws is logged and stops nothing.
 */
export interface Fetcher {
  /**
   * Called when the page subscribes, and again when it changes what it subscribes to.
   *
   * @param config - the object that the page subscribed with; ids that it left null or undefined are so here
   */
  configure(config: SignalsInterventionConfiguration): void;
  /**
   * Called after each event of the tracker.
   *
   * @param payload - the event as it was tracked
   * @param explicitAttributeKeys - never given by this plugin; part of the interface that existing fetchers implement
   */
  update(payload?: TrackedPayload, explicitAttributeKeys?: Record<AttributeKeyName, AttributeKeyId>): void;
}

/**
 * Makes the source of interventions for a tracker, when the tracker gets the plugin.
 *
 * @param tracker - the tracker
 * @param dispatch - to be called with each intervention that arrives, and the tracker to measure it with (default the one above).
 * What is handed over is treated like what a stream delivers: an id counts once, handlers may still be missing, and so on.
 * @returns the source
 */
export type FetcherFactory = (
  tracker: BrowserTracker,
  dispatch: (intervention: Intervention, tracker?: BrowserTracker) => void,
) => Fetcher;

/** Options of the plugin, all optional. */
export interface SignalsPluginOptions {
  /** Handlers to register when the tracker starts; more can be added later. */
  handlers?: Record<HandlerId, Handler>;
  /** Which Snowplow events to track about received interventions, and entities to attach to them. */
  measurement?: Partial<MeasurementSettings> & { context?: MeasurementContext };
  /**
   * Where interventions come from instead of the stream. Default: the stream. With a fetcher, `unsubscribeFromInterventions` and
   * the connection states have no meaning.
   */
  fetcher?: FetcherFactory;
}

/** {@link SignalsPluginOptions} under the name that `@snowplow/signals-browser-plugin` gives them. */
export type SignalsHandlerConfiguration = SignalsPluginOptions;

/**
 * - `idle`: not subscribed, or no id known yet.
 * - `connecting`: waiting for the server to accept the stream.
 * - `open`: receiving.
 * - `retrying`: failed; another attempt follows.
 * - `paused`: the browser is offline, or the page is in the back-forward cache or frozen.
 * - `closed`: the tracker is gone; nothing follows.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'retrying' | 'paused' | 'closed';

/** What a connection listener is told. */
export interface ConnectionChange {
  /** The tracker whose subscription changed. */
  trackerId: TrackerId;
  /** Its state now. */
  state: ConnectionState;
  /** Failed attempts since the connection was last healthy. */
  attempt: number;
  /** Milliseconds until the next attempt; absent unless `retrying`, and where the browser itself decides. */
  nextDelayMs?: number;
  /** Why the latest attempt failed; absent while `open`. */
  lastError?: string;
}

/** What arrived for one tracker since the page was loaded, and what became of it. */
export interface DeliveryStats {
  /** Frames that held an instance, or should have. */
  received: number;
  /** Instances handed out to handlers. */
  delivered: number;
  /** Instances dropped because their id had been received before. */
  duplicates: number;
  /** Frames dropped because they held no instance. */
  malformed: number;
  /** Instances that wait for the first handler. */
  waiting: number;
  /** Instances that waited in vain. */
  lost: number;
  /** Calls of handlers that threw or rejected. */
  handlerErrors: number;
}

/** Called with the present state at once, and after every change. */
export type ConnectionListener = (change: ConnectionChange) => void;

/** Where the WebAssembly comes from: its address, its bytes, or the compiled module. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

/** An event as the tracker sent it, in the tracker protocol. */
export type TrackedPayload = Payload;
