import type { BrowserTracker, Payload, SelfDescribingJson } from '@snowplow/browser-tracker';

/** Name of an attribute key, the kind of id of a profile, for example `domain_userid`. */
export type AttributeKeyName = string;

/** Id of a user, session or other entity, for an attribute key. */
export type AttributeKeyId = string;

/** Id of a handler. Any string, unique per tracker. */
export type HandlerId = string;

/** Id of a Snowplow tracker, the first argument of `newTracker`. */
export type TrackerId = string;

/** One value or a list of them. */
export type OneOrMore<T> = T | T[];

/**
 * Location of an id in a tracked event: a JSON Pointer (RFC 6901) into the payload of the tracker protocol.
 *
 * - `/duid`, or the bare name `duid`: a field. Enriched names (`/domain_userid`) and names that enrichment computes
 *   (`/page_urlpath`, `/mkt_source`, `/event_name`) work too.
 * - `/co/{vendor}/{name}/{path…}`: a value in an entity, in any schema version. Aliases: `cx context entity entities`.
 * - `/ue_pr/{vendor}/{name}/{path…}`: a value in the data of a self-describing event. Aliases: `ue ue_px unstruct unstruct_event
 *   self_describing sde`.
 *
 * A list of one element stands for its element. The plugin logs an error for a pointer that cannot lead to an id, such as an empty one.
 */
export type JSONPointer = string;

/** One or several pointers. The first one that finds a value counts. */
export type JSONPointerList = OneOrMore<JSONPointer>;

/** Attribute values by name, with the types that they can have in any rule. */
export type Attributes = Record<string, OneOrMore<string | number | boolean>>;

/**
 * A delivered intervention. Unknown fields are kept.
 *
 * @typeParam A - the attributes that the rule sends, if you know them: `Intervention<{ cart_value: number }>`. Not checked at run time.
 */
export interface Intervention<A extends Attributes = Attributes> {
  /** Unique id. Each id is delivered once. */
  intervention_id: string;
  /** Name of the intervention (the rule). */
  name: string;
  /** Version of the rule that triggered. */
  version: number;
  /** Attribute values at the time of triggering. An empty object if the server sent none. */
  attributes: A;
  /** The attribute key and id that the intervention is for. */
  target_attribute_key?: { name: AttributeKeyName; id?: AttributeKeyId };
}

/** Selects interventions by name, list of names, regular expression for the name, or predicate. */
export type InterventionMatch = string | string[] | RegExp | ((intervention: Intervention) => boolean);

/** A handler for selected interventions. */
export interface MatchingHandler {
  /** Which interventions to handle. */
  match: InterventionMatch;
  // A method, because TypeScript then allows a narrower type of the parameter: `Intervention<{ cart_value: number }>`.
  /** Called for matching interventions. */
  handle(intervention: Intervention, tracker: BrowserTracker): Promise<unknown> | unknown;
}

/**
 * Called once for each intervention. If it throws (or rejects), the plugin logs the error and measures it, and continues with the other
 * handlers. Otherwise, the intervention counts as handled.
 */
export type HandlerFunction = MatchingHandler['handle'];

/** A handler function, or a handler for selected interventions. */
export type Handler = HandlerFunction | MatchingHandler;

/** {@link MatchingHandler} of a client without a tracker. */
export interface ClientMatchingHandler {
  /** Which interventions to handle. */
  match: InterventionMatch;
  /** Called for matching interventions. */
  handle(intervention: Intervention): Promise<unknown> | unknown;
}

/** A handler of a client without a tracker. The second argument of its function is undefined. */
export type ClientHandler = ClientMatchingHandler['handle'] | ClientMatchingHandler;

/** The configuration of a subscription: the server and the ids. */
export interface SignalsInterventionConfiguration {
  /**
   * Signals API: a host name (`https` is assumed), or a URL with a scheme and an optional path prefix. The plugin adds `apiPath`.
   * Required. For example `signals.example.com`, or `http://127.0.0.1:8787` on your machine.
   */
  endpoint: string;
  /** Path of the stream under `endpoint`. Default `/api/v1/interventions`. */
  apiPath?: string;
  /**
   * Where to find the ids of attribute keys in tracked events. By default, `domain_userid` is at `/duid` and `domain_sessionid` at
   * `/sid`. Your pointers are added to these, or replace them for the same attribute key.
   */
  attributeKeyTargets?: Record<AttributeKeyName, JSONPointerList>;
  /** Fixed ids. They take precedence over ids in events. */
  attributeKeyIds?: Record<AttributeKeyName, AttributeKeyId>;
  /**
   * Milliseconds to wait for the server to accept the stream before retrying. Default 2500. After each timeout, the time doubles, up to
   * 20,000 or your value if that is larger.
   */
  connectionTimeoutMs?: number;
  /**
   * Whether tabs of this origin with the same endpoint and ids share one connection. One tab holds it and forwards interventions to
   * the others. Another tab takes over within a second if that tab closes. Default true. Has no effect in browsers without Web Locks or
   * BroadcastChannel, and on pages without HTTPS: there, every tab has its own connection.
   */
  shareConnection?: boolean;
}

/** {@link SignalsInterventionConfiguration} for pages where an id can be missing, for example because the user is not logged in. */
export interface SubscriptionConfiguration extends Omit<SignalsInterventionConfiguration, 'attributeKeyIds'> {
  /** Fixed ids. They take precedence over ids in events. A key with a missing id (null, undefined or empty) is ignored. */
  attributeKeyIds?: Record<AttributeKeyName, AttributeKeyId | null | undefined>;
}

/** The measurement events: intervention received, handler succeeded, handler failed. */
export type MeasurementEvents = 'delivery' | 'dispatch_accept' | 'dispatch_error';

/** For each measurement event: on, off, or a function that decides for each intervention. By default, all are on. */
export type MeasurementSettings = Record<
  MeasurementEvents,
  boolean | ((intervention: Intervention) => boolean)
>;

/** Entities for measurement events, or functions that return them. */
export type MeasurementContext = (
  | SelfDescribingJson
  | ((
      event: MeasurementEvents,
      intervention: Intervention,
      payload: Record<string, unknown>,
    ) => SelfDescribingJson | SelfDescribingJson[] | null | undefined)
)[];

/**
 * A source of interventions that replaces the stream of `subscribeToInterventions`.
 *
 * If it throws, the plugin logs the error and continues.
 */
export interface Fetcher {
  /**
   * Called when the page subscribes, and when it changes the subscription.
   *
   * @param config - the object that the page passed. Ids can be null or undefined, as in that object
   */
  configure(config: SignalsInterventionConfiguration): void;
  /**
   * Called after each event of the tracker.
   *
   * @param payload - the event as it was tracked
   * @param explicitAttributeKeys - this plugin never passes it. It is part of the interface that existing fetchers implement
   */
  update(payload?: TrackedPayload, explicitAttributeKeys?: Record<AttributeKeyName, AttributeKeyId>): void;
}

/**
 * Creates the source of interventions for a tracker. Called when the tracker gets the plugin.
 *
 * @param tracker - the tracker
 * @param dispatch - call this with each intervention, and optionally with the tracker that measures it (default: `tracker`). The plugin
 * treats it like one from the stream. For example, it delivers each id once, and waits for a handler if there is none yet.
 * @returns the source
 */
export type FetcherFactory = (
  tracker: BrowserTracker,
  dispatch: (intervention: Intervention, tracker?: BrowserTracker) => void,
) => Fetcher;

/** Options of the plugin, all optional. */
export interface SignalsPluginOptions {
  /** Handlers to register when the tracker starts. You can add more later. */
  handlers?: Record<HandlerId, Handler>;
  /** The Snowplow events to track for received interventions, and the entities to attach to them. */
  measurement?: Partial<MeasurementSettings> & { context?: MeasurementContext };
  /**
   * A source of interventions that replaces the stream. With a fetcher, `unsubscribeFromInterventions` and the connection states have
   * no meaning.
   */
  fetcher?: FetcherFactory;
}

/** {@link SignalsPluginOptions} with the name in `@snowplow/signals-browser-plugin`. */
export type SignalsHandlerConfiguration = SignalsPluginOptions;

/**
 * - `idle`: not subscribed, or no id known yet.
 * - `connecting`: waiting for the server to accept the stream.
 * - `open`: receiving.
 * - `retrying`: failed, and will try again.
 * - `paused`: the browser is offline, or the page is in the back-forward cache or frozen.
 * - `closed`: the tracker is gone. This state is final.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'retrying' | 'paused' | 'closed';

/** A change of the connection. */
export interface ConnectionChange {
  /** The tracker whose subscription changed. */
  trackerId: TrackerId;
  /** The new state. */
  state: ConnectionState;
  /** Failed attempts since the connection was last healthy. */
  attempt: number;
  /** Milliseconds until the next attempt. Only set while `retrying`, and not if the browser decides. */
  nextDelayMs?: number;
  /** Why the latest attempt failed. Not set while `open`. */
  lastError?: string;
}

/** Counters for one tracker since the page was loaded. */
export interface DeliveryStats {
  /** Frames that contained, or should have contained, an intervention. */
  received: number;
  /** Interventions passed to handlers. */
  delivered: number;
  /** Interventions dropped because their id was received before. */
  duplicates: number;
  /** Frames dropped because they did not contain an intervention. */
  malformed: number;
  /** Interventions that wait for a handler. */
  waiting: number;
  /** Interventions dropped because no handler was registered in time. */
  lost: number;
  /** Handler calls that threw or rejected. */
  handlerErrors: number;
}

/** Called with the current state at once, and after every change. */
export type ConnectionListener = (change: ConnectionChange) => void;

/** The WebAssembly: its address, its bytes or the compiled module. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

/** An event as the tracker sent it, in the tracker protocol. */
export type TrackedPayload = Payload;
