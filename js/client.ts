import type { CoreClient } from './facade/core.js';
import { load } from './facade/loader.js';
import { enqueue } from './facade/queue.js';
import type {
  ClientHandler,
  ConnectionChange,
  ConnectionListener,
  ConnectionState,
  HandlerId,
  OneOrMore,
  SubscriptionConfiguration,
} from './types.js';

/** Receives interventions without a tracker. */
export interface InterventionsClient {
  /** Registers handlers, called in order of registration; their second argument is undefined. An id in use gets the new handler. */
  addHandlers(handlers: Record<HandlerId, ClientHandler>): void;
  /** Removes handlers. Ids that are not registered are ignored. */
  removeHandlers(handlerIds: OneOrMore<HandlerId>): void;
  /** Watches the connection; told the present state first. Returns a function that stops it. */
  onConnectionChange(listener: ConnectionListener): () => void;
  /** Closes the stream for good. */
  close(): void;
  /** How the connection is. */
  readonly state: ConnectionState;
}

let clients = 0;

/**
 * Subscribes to interventions on a page without a Snowplow tracker. Nothing is measured, as there is nothing to measure with. Several
 * clients may exist at once.
 *
 * @param config - as for `subscribeToInterventions`; `attributeKeyIds` says for whom, as there are no events to find ids in
 */
export function createInterventionsClient(config: SubscriptionConfiguration): InterventionsClient {
  clients += 1;
  const id = `client:${clients}`;
  let client: CoreClient | undefined;
  let closed = false;
  const listeners = new Set<ConnectionListener>();
  let latest: ConnectionChange = { trackerId: id, state: 'idle', attempt: 0 };
  const tell = (change: ConnectionChange) => {
    if (closed) return;
    latest = change;
    for (const listener of listeners) listener(change);
  };
  enqueue((core) => {
    if (!closed) client = core.createClient(id, config, tell);
  });
  load().catch(() => {});
  return {
    addHandlers(handlers) {
      enqueue(() => client?.addHandlers(handlers));
    },
    removeHandlers(handlerIds) {
      enqueue(() => client?.removeHandlers(handlerIds));
    },
    onConnectionChange(listener) {
      // An own function per call, so that the same listener may be registered twice and removed once.
      const registered: ConnectionListener = (change) => listener(change);
      listeners.add(registered);
      registered(latest);
      return () => listeners.delete(registered);
    },
    close() {
      if (closed) return;
      tell({ trackerId: id, state: 'closed', attempt: 0 });
      closed = true;
      enqueue(() => client?.close());
    },
    get state() {
      return latest.state;
    },
  };
}
