import type { Payload } from '@snowplow/browser-tracker';

/** A tracked event, as text. */
export interface EventDescription {
  title: string;
  detail: string;
}

interface SelfDescribing {
  schema: string;
  data: Record<string, unknown>;
}

const PLAIN_EVENTS: Readonly<Record<string, string>> = { pv: 'page view', pp: 'page ping' };

/** Describes an event from its tracker-protocol form, whose JSON must not be base64. */
export function describeEvent(payload: Payload): EventDescription {
  const event = parse<{ data: SelfDescribing }>(payload.ue_pr)?.data;
  if (!event)
    return {
      title: PLAIN_EVENTS[String(payload.e)] ?? String(payload.e),
      detail: String(payload.page ?? ''),
    };

  const entities = parse<{ data: SelfDescribing[] }>(payload.co)?.data ?? [];
  const name = schemaName(event.schema);
  // All ecommerce actions have the same schema. The type distinguishes them.
  const title = name === 'snowplow_ecommerce_action' ? String(event.data.type) : name;
  return { title: title.replaceAll('_', ' '), detail: describeEntities(entities) };
}

function describeEntities(entities: SelfDescribing[]): string {
  return entities
    .flatMap(({ schema, data }) => {
      if (schemaName(schema) === 'product') return [String(data.name)];
      if (schemaName(schema) === 'intervention_instance') return [String(data.name)];
      return [];
    })
    .join(', ');
}

function schemaName(schema: string): string {
  return schema.split('/')[1] ?? schema;
}

function parse<T>(json: unknown): T | undefined {
  return typeof json === 'string' ? (JSON.parse(json) as T) : undefined;
}
