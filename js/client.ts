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
  /**
   * Registers handlers, called in order of registration. Their second argument is undefined. If an id is in use, the new handler
   * replaces the old one.
   */
  addHandlers(handlers: Record<HandlerId, ClientHandler>): void;
  /** Removes handlers. Ids that are not registered are ignored. */
  removeHandlers(handlerIds: OneOrMore<HandlerId>): void;
  /** Watches the connection. Calls the listener with the current state first. Returns a function that removes it. */
  onConnectionChange(listener: ConnectionListener): () => void;
  /** Closes the stream for good. */
  close(): void;
  /** The state of the connection. */
  readonly state: ConnectionState;
}

let clients = 0;

/**
 * Subscribes to interventions on a page without a Snowplow tracker. Without a tracker, nothing is measured. A page can have several
 * clients.
 *
 * @param config - as for `subscribeToInterventions`. Pass the ids in `attributeKeyIds`, because there are no events to find ids in
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
      // A new function per call, so that the same listener can be registered twice and removed once.
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
