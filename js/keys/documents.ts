// The JSON inside tracked events. It is decoded when a pointer asks for it, once for all pointers, and parsed only if its text can
// hold what that pointer looks for: this runs for every event of the page.
import type { TrackedPayload } from '../types.js';

interface Document {
  raw: unknown;
  text: string;
  /** The `data` of the outer self-describing JSON, once it was parsed. */
  data?: unknown;
  isParsed?: boolean;
}

interface SelfDescribing {
  schema?: unknown;
  data?: unknown;
}

/** The latest document of each field: events that follow each other often carry the same entities. */
const documents: Record<string, Document> = {};

/** The kinds of events, by what trackers call them. */
export const EVENT_TYPES: Record<string, string> = {
  pv: 'page_view',
  pp: 'page_ping',
  ue: 'unstruct',
  se: 'struct',
  tr: 'transaction',
  ti: 'transaction_item',
};

/** Finds the data of all entities of a kind, in any version, as a list. */
export function entities(vendor: string, name: string) {
  const { canHold, isOf } = kind(vendor, name);
  return (payload: TrackedPayload): unknown[] =>
    ['co', 'cx'].flatMap((field) => {
      const list = dataOf(payload, field, canHold);
      return Array.isArray(list) ? list.filter(isOf).map(({ data }) => data) : [];
    });
}

/** Finds the data of a self-describing event of a kind, in any version. */
export function eventData(vendor: string, name: string) {
  const { canHold, isOf } = kind(vendor, name);
  return (payload: TrackedPayload): unknown => {
    for (const field of ['ue_pr', 'ue_px']) {
      const event = dataOf(payload, field, canHold);
      if (isOf(event)) return event.data;
    }
    return undefined;
  };
}

/** The schema of an event as `vendor/name/format/version`. */
export function eventSchema(payload: TrackedPayload): string | undefined {
  const type = EVENT_TYPES[payload.e as string];
  if (type && type !== 'unstruct') {
    const kind = type === 'struct' ? 'com.google.analytics/event' : `com.snowplowanalytics.snowplow/${type}`;
    return `${kind}/jsonschema/1-0-0`;
  }
  const event = dataOf(payload, 'ue_pr') ?? dataOf(payload, 'ue_px');
  const { schema } = event as SelfDescribing;
  return typeof schema === 'string' && schema.startsWith('iglu:') ? schema.slice(5) : undefined;
}

function kind(vendor: string, name: string) {
  const start = `iglu:${vendor}/${name}/`;
  // Anything but a plain name may be written in more than one way.
  const trace = /^[\w-]+$/.test(name) ? name : '';
  return {
    canHold: (text: string) => text.includes(trace),
    isOf: (json: unknown): json is SelfDescribing => {
      const schema = (json as SelfDescribing | null | undefined)?.schema;
      return typeof schema === 'string' && schema.startsWith(start);
    },
  };
}

function dataOf(payload: TrackedPayload, field: string, canHold = (_: string) => true): unknown {
  const raw = payload[field];
  if (typeof raw !== 'string') return undefined;
  let document = documents[field];
  if (document?.raw !== raw) {
    document = { raw, text: decoded(raw) };
    documents[field] = document;
  }
  if (!canHold(document.text)) return undefined;
  if (!document.isParsed) {
    document.isParsed = true;
    document.data = parsed(document.text)?.data;
  }
  return document.data;
}

/** No base64 has a brace in it, and no JSON object is without one. */
function decoded(raw: string): string {
  if (raw.includes('{')) return raw;
  try {
    const bytes = atob(raw.replace(/-/g, '+').replace(/_/g, '/'));
    return /[^\0-\x7f]/.test(bytes) ? utf8(bytes) : bytes;
  } catch {
    return '';
  }
}

function utf8(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}

function parsed(text: string): SelfDescribing | null | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
