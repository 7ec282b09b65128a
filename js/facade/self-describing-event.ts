import type { EventJson, JsonProcessor, PayloadBuilder, SelfDescribingJson } from '@snowplow/tracker-core';

const UNSTRUCT_EVENT_SCHEMA = 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0';

/**
 * A self-describing event as `track` of a tracker's core wants it, like `buildSelfDescribingEvent` of tracker-core makes. That
 * function brings the whole of the payload code with it, which would be a fortieth of this plugin's download; and it must
 * be of the tracker's own version, while this works with 3 and 4.
 */
export function selfDescribingEvent(event: SelfDescribingJson): PayloadBuilder {
  const builder = payloadBuilder();
  builder.add('e', 'ue');
  builder.addJson('ue_px', 'ue_pr', { schema: UNSTRUCT_EVENT_SCHEMA, data: event });
  return builder;
}

/** Collects fields and leaves the encoding of JSON to the processor that the tracker supplies. */
function payloadBuilder(): PayloadBuilder {
  const payload: ReturnType<PayloadBuilder['build']> = {};
  const allJson: EventJson = [];
  const jsonToProcess: EventJson = [];
  const entitiesToProcess: SelfDescribingJson[] = [];
  let process: JsonProcessor | undefined;

  const builder: PayloadBuilder = {
    add(key, value) {
      if (value != null && value !== '') payload[key] = value;
    },
    addDict(fields) {
      for (const [key, value] of Object.entries(fields)) builder.add(key, value);
    },
    addJson(keyIfEncoded, keyIfNotEncoded, json) {
      if (!json || Object.keys(json).length === 0) return;
      const entry = { keyIfEncoded, keyIfNotEncoded, json };
      allJson.push(entry);
      jsonToProcess.push(entry);
    },
    addContextEntity(entity) {
      entitiesToProcess.push(entity);
    },
    getPayload: () => payload,
    getJson: () => allJson,
    withJsonProcessor(processor) {
      process = processor;
    },
    build() {
      process?.(builder, jsonToProcess, entitiesToProcess);
      return payload;
    },
  };
  return builder;
}
