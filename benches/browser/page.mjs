// The page to measure. `plugin` is one of the compared plugins. Everything else is the same.

import { newTracker, trackPageView } from '@snowplow/browser-tracker';
import { addInterventionHandlers, SignalsPlugin, subscribeToInterventions } from 'plugin';

const settings = new URLSearchParams(location.search);
const ENTITY_SCHEMA = 'iglu:com.acme/shopper/jsonschema/1-0-0';
const NO_MEASUREMENT = { delivery: false, dispatch_accept: false, dispatch_error: false };

const bench = {
  /** Calls of the handler, and the time of the last one in milliseconds since the epoch. */
  handled: 0,
  lastHandledAt: 0,
  /** Measurement events that the tracker tracked. */
  measured: 0,
  /** Milliseconds from each message event to its handler. Only with `?latency`. */
  latencies: [],
  /** Resolves when `bench[counter]` reaches `count`. */
  until(counter, count) {
    return new Promise((resolve) => {
      if (bench[counter] >= count) resolve();
      else waiting = { counter, count, resolve };
    });
  },
  /** Bytes of WebAssembly memory. */
  wasmBytes: () => wasmMemory?.buffer.byteLength ?? 0,
  /** Microseconds of plugin time for each tracked event, in `rounds` rounds of 50 different events. */
  afterTrack(rounds) {
    const began = performance.now();
    for (let round = 0; round < rounds; round++) for (const payload of payloads) plugin.afterTrack(payload);
    return ((performance.now() - began) * 1000) / (rounds * payloads.length);
  },
};
globalThis.bench = bench;

let waiting;
const arrived = (counter) => {
  if (waiting?.counter === counter && bench[counter] >= waiting.count) waiting.resolve();
};

let wasmMemory;
for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    wasmMemory = (result.instance ?? result).exports.memory;
    return result;
  };
}

const arrivals = new Map();
if (settings.has('latency')) {
  globalThis.EventSource = class extends EventSource {
    constructor(...args) {
      super(...args);
      // Must be the first listener.
      this.addEventListener('message', ({ lastEventId }) => arrivals.set(lastEventId, performance.now()));
    }
  };
}

const idOfFrame = ({ intervention_id }) => String(Number(intervention_id.slice(-12)));
const handler = settings.has('latency')
  ? (intervention) => {
      bench.latencies.push(performance.now() - arrivals.get(idOfFrame(intervention)));
      bench.handled++;
      arrived('handled');
    }
  : () => {
      bench.handled++;
      bench.lastHandledAt = performance.timeOrigin + performance.now();
      arrived('handled');
    };

const payloads = [];
const counter = {
  afterTrack(payload) {
    if (payload.ue_pr?.includes('/intervention_')) {
      bench.measured++;
      arrived('measured');
    }
    if (payloads.length < 50) payloads.push(payload);
  },
};

const plugin = SignalsPlugin(settings.has('measure') ? {} : { measurement: NO_MEASUREMENT });
newTracker('sp', location.origin, { appId: 'bench', cookieSecure: false, plugins: [plugin, counter] });
addInterventionHandlers({ noop: handler });
subscribeToInterventions({
  endpoint: location.origin,
  ...(settings.has('entity') && { attributeKeyTargets: { shopper: '/co/com.acme/shopper/id' } }),
});
const events = settings.has('events') ? 50 : 1;
for (let event = 0; event < events; event++) {
  trackPageView({ context: [{ schema: ENTITY_SCHEMA, data: { id: 'shopper-1', visits: event } }] });
}
