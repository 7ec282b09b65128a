import type { EventJson, JsonProcessor, PayloadBuilder, SelfDescribingJson } from '@snowplow/tracker-core';

const UNSTRUCT_EVENT_SCHEMA = 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0';

/**
 * Makes a self-describing event for `track` of a tracker's core, like tracker-core's `buildSelfDescribingEvent`. That function would
 * add 2.5% to the download, and must have the tracker's version. This one works with versions 3 and 4.
 */
export function selfDescribingEvent(event: SelfDescribingJson): PayloadBuilder {
  const builder = payloadBuilder();
  builder.add('e', 'ue');
  builder.addJson('ue_px', 'ue_pr', { schema: UNSTRUCT_EVENT_SCHEMA, data: event });
  return builder;
}

/** Collects fields. The tracker's processor encodes the JSON. */
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
