// Where to find an id in a tracked event. Written in TypeScript, because the browser's own `URL`, `atob` and `JSON` do nearly all of
// the work: the same in Rust is five kilobytes of download more, an eighth of the plugin. What counts as an id and when it has
// changed is decided in Rust.
import type { TrackedPayload } from '../types.js';
import { EVENT_TYPES, entities, eventData, eventSchema } from './documents.js';

/** Finds a value in an event; undefined where there is none. */
export type Place = (payload: TrackedPayload) => string | undefined;

type Read = (payload: TrackedPayload) => unknown;

/** Enriched names and what trackers call the same. A test compares them with those of `crates/wire`. */
export const RENAMED_FIELDS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'app_id=aid,platform=p,dvce_created_tstamp=dtm,dvce_sent_tstamp=stm,true_tstamp=ttm,event_id=eid,txn_id=tid,name_tracker=tna,' +
    'v_tracker=tv,user_id=uid,domain_userid=duid,domain_sessionidx=vid,domain_sessionid=sid,network_userid=nuid,' +
    'user_ipaddress=ip,user_fingerprint=fp,page_url=url,page_title=page,page_referrer=refr,br_lang=lang,doc_charset=cs,' +
    'os_timezone=tz,br_colordepth=cd,br_cookies=cookie,se_category=se_ca,se_action=se_ac,se_label=se_la,se_property=se_pr,' +
    'se_value=se_va,pp_xoffset_min=pp_mix,pp_xoffset_max=pp_max,pp_yoffset_min=pp_miy,pp_yoffset_max=pp_may,tr_orderid=tr_id,' +
    'tr_affiliation=tr_af,tr_total=tr_tt,tr_tax=tr_tx,tr_shipping=tr_sh,tr_city=tr_ci,tr_state=tr_st,tr_country=tr_co,' +
    'tr_currency=tr_cu,ti_orderid=ti_id,ti_sku=ti_sk,ti_name=ti_na,ti_category=ti_ca,ti_price=ti_pr,ti_quantity=ti_qu,' +
    'ti_currency=ti_cu'
  )
    .split(',')
    .map((pair) => pair.split('=')),
);

const ENTITY_NAMES = ['co', 'cx', 'context', 'entity', 'entities'];
const EVENT_DATA_NAMES = ['ue', 'ue_pr', 'ue_px', 'unstruct', 'unstruct_event', 'self_describing', 'sde'];

/** What enrichment would compute, in the form that warehouses have: URL parts come without the punctuation between them. */
const COMPUTED: Record<string, Read> = {
  event: ({ e }) => EVENT_TYPES[e as string] ?? e,
  useragent: ({ ua }) => ua ?? navigator.userAgent,
  mkt_clickid: parameter('gclid'),
  refr_domain_userid: piece(parameter('_sp'), '.', 0),
  refr_dvce_tstamp: piece(parameter('_sp'), '.', 1),
  // Not its enriched name, but the one that `@snowplow/signals-browser-plugin` knows it by.
  refr_device_tstamp: piece(parameter('_sp'), '.', 1),
};
for (const name of ['medium', 'source', 'term', 'content', 'campaign']) {
  COMPUTED[`mkt_${name}`] = parameter(`utm_${name}`);
}
for (const [index, name] of ['vendor', 'name', 'format', 'version'].entries()) {
  COMPUTED[`event_${name}`] = piece(eventSchema, '/', index);
}
for (const [field, width, height] of [
  ['vp', 'br_viewwidth', 'br_viewheight'],
  ['res', 'dvce_screenwidth', 'dvce_screenheight'],
  ['ds', 'doc_width', 'doc_height'],
] as const) {
  COMPUTED[width] = piece((payload) => payload[field], 'x', 0);
  COMPUTED[height] = piece((payload) => payload[field], 'x', 1);
}
for (const [field, prefix] of [
  ['url', 'page_url'],
  ['refr', 'refr_url'],
] as const) {
  for (const [name, part, start, end] of [
    ['scheme', 'protocol', 0, -1],
    ['host', 'hostname'],
    ['port', 'port'],
    ['path', 'pathname'],
    ['query', 'search', 1],
    ['fragment', 'hash', 1],
  ] as const) {
    COMPUTED[prefix + name] = (payload) =>
      new URL(payload[field] as string)[part].slice(start, end) || undefined;
  }
}

function parameter(name: string): Read {
  return (payload) => new URL(payload.url as string).searchParams.get(name);
}

function piece(read: Read, separator: string, index: number): Read {
  return (payload) => (read(payload) as string | undefined)?.split(separator)[index];
}

/**
 * Reads a JSON Pointer (RFC 6901) on tracker-protocol payloads. A bare name means that field; enriched names mean what they are
 * made of. A tilde that escapes nothing stands for itself.
 *
 * @returns the place that it points to, or what is wrong with it, to be shown after the pointer
 */
export function compilePointer(pointer: string): Place | string {
  if (!pointer) return 'is empty and would mean the whole event';
  const segments = pointer
    .replace(/^\//, '')
    .split('/')
    .map((segment) => segment.replace(/~1/g, '/').replace(/~0/g, '~'));
  const read = compile(segments);
  if (!read) return 'must go on: /vendor/name/property';
  return (payload) => {
    try {
      const value = read(payload);
      return value == null || typeof value === 'object' ? undefined : String(value);
    } catch {
      // Pages do have URLs that are none.
      return undefined;
    }
  };
}

function compile([name = '', ...path]: string[]): Read | undefined {
  const findsEntities = ENTITY_NAMES.includes(name);
  if (findsEntities || EVENT_DATA_NAMES.includes(name)) {
    const [vendor, kind, ...property] = path;
    if (property.length === 0) return undefined;
    const find = (findsEntities ? entities : eventData)(vendor as string, kind as string);
    return (payload) => follow(find(payload), property);
  }
  if (hasOwn(COMPUTED, name)) return COMPUTED[name];
  const field = (hasOwn(RENAMED_FIELDS, name) && RENAMED_FIELDS[name]) || name;
  return path.length > 0 ? (payload) => follow(payload[field], path) : (payload) => payload[field];
}

function hasOwn(object: object, name: string): boolean {
  return Object.hasOwn(object, name);
}

/** Follows a path from a value. A list of one element stands for its element. */
function follow(start: unknown, path: string[]): unknown {
  let value = start;
  for (const segment of path) {
    value = own(value, segment) ?? own(onlyElement(value), segment);
  }
  return onlyElement(value) ?? value;
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value && hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function onlyElement(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : undefined;
}
