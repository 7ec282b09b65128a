import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compilePointer, RENAMED_FIELDS } from '../../js/keys/pointer.js';
import type { TrackedPayload } from '../../js/types.js';

/** What a pointer finds in an event. */
function found(payload: TrackedPayload, pointer: string): string | undefined {
  const place = compilePointer(pointer);
  if (typeof place === 'string') throw new Error(`${pointer} ${place}`);
  return place(payload);
}

const entities = {
  schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0',
  data: [
    null,
    {
      schema: 'iglu:com.acme/user/jsonschema/2-0-1',
      data: { ids: [{ value: 'ada' }], 'a/b~c': 7, on: false, two: ['x', 'y'], one: ['z'] },
    },
    { schema: 'iglu:com.acme/user_group/jsonschema/1-0-0', data: { value: 'not a user' } },
    { schema: 'iglu:com.acme/item/jsonschema/1-0-0', data: { sku: 'first' } },
    { schema: 'iglu:com.acme/item/jsonschema/1-0-1', data: { sku: 'second' } },
  ],
};
const login = {
  schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
  data: {
    schema: 'iglu:com.acme/login/jsonschema/1-0-3',
    data: { name: 'Jürgen 雪', nested: { deep: '?>~' } },
  },
};
const base64url = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
const plain = { e: 'ue', co: JSON.stringify(entities), ue_pr: JSON.stringify(login) };
const encoded = { e: 'ue', cx: base64url(entities), ue_px: base64url(login) };

afterEach(() => vi.restoreAllMocks());

describe.each([
  ['plain', plain],
  ['base64', encoded],
])('in an event with %s JSON, a pointer', (_, payload) => {
  it.each([
    ['/co/com.acme/user/ids/value', 'ada'],
    ['/entities/com.acme/user/0/ids/0/value', 'ada'],
    ['/cx/com.acme/user/a~1b~0c', '7'],
    ['context/com.acme/user/on', 'false'],
    ['/entity/com.acme/user/one', 'z'],
    ['/entity/com.acme/item/1/sku', 'second'],
    ['/ue/com.acme/login/name', 'Jürgen 雪'],
    ['/ue_pr/com.acme/login/name', 'Jürgen 雪'],
    ['/ue_px/com.acme/login/nested/deep', '?>~'],
    ['/unstruct/com.acme/login/nested/deep', '?>~'],
    ['/unstruct_event/com.acme/login/nested/deep', '?>~'],
    ['/self_describing/com.acme/login/nested/deep', '?>~'],
    ['/sde/com.acme/login/nested/deep', '?>~'],
    ['/event', 'unstruct'],
    ['/event_vendor', 'com.acme'],
    ['event_name', 'login'],
    ['event_format', 'jsonschema'],
    ['event_version', '1-0-3'],
  ])('%s finds %s', (pointer, expected) => {
    expect(found(payload, pointer)).toBe(expected);
  });

  it.each([
    '/co/com.acme/us/ids',
    '/co/com.acme/item/sku',
    '/co/com.acme/user/ids/value/further',
    '/co/com.acme/user/ids',
    '/co/com.acme/user/two',
    '/co/com.acme/user/toString',
    '/co/other/user/on',
    '/sde/com.acme/logout/name',
    '/sde/com.acme/user/on',
  ])('%s finds nothing', (pointer) => {
    expect(found(payload, pointer)).toBeUndefined();
  });
});

describe('what enrichment computes', () => {
  const url =
    'https://shop.example:8443/a/b?utm_source=mail&utm_campaign=spring%20sale&gclid=g1&_sp=duid-1.1700000000#top';
  const payload = {
    ...{ e: 'pv', vp: '800x600', res: '1920x1080', ds: '801x4000', ua: 'Test/1.0', url },
    refr: 'http://other.example/from?q=1',
  };

  it.each([
    ['page_urlscheme', 'https'],
    ['page_urlhost', 'shop.example'],
    ['page_urlport', '8443'],
    ['/page_urlpath', '/a/b'],
    ['page_urlfragment', 'top'],
    ['refr_urlscheme', 'http'],
    ['refr_urlhost', 'other.example'],
    ['refr_urlport', undefined],
    ['refr_urlpath', '/from'],
    ['refr_urlquery', 'q=1'],
    ['refr_urlfragment', undefined],
    ['mkt_medium', undefined],
    ['mkt_source', 'mail'],
    ['mkt_campaign', 'spring sale'],
    ['mkt_clickid', 'g1'],
    ['refr_domain_userid', 'duid-1'],
    ['refr_dvce_tstamp', '1700000000'],
    ['refr_device_tstamp', '1700000000'],
    ['br_viewwidth', '800'],
    ['br_viewheight', '600'],
    ['dvce_screenwidth', '1920'],
    ['dvce_screenheight', '1080'],
    ['doc_width', '801'],
    ['doc_height', '4000'],
    ['useragent', 'Test/1.0'],
    ['event', 'page_view'],
    ['event_vendor', 'com.snowplowanalytics.snowplow'],
    ['event_name', 'page_view'],
    ['event_version', '1-0-0'],
  ])('%s is %s', (pointer, expected) => {
    expect(found(payload, pointer)).toBe(expected);
  });

  it('is nothing where there is nothing to compute it from', () => {
    for (const name of ['page_urlpath', 'mkt_source', 'br_viewwidth', 'event_name', 'refr_domain_userid']) {
      expect(found({ url: 'no url' }, name), name).toBeUndefined();
    }
  });

  it('takes the browser from the page, because trackers seldom send it', () => {
    vi.stubGlobal('navigator', { userAgent: 'Test/2.0' });
    expect(found({}, 'useragent')).toBe('Test/2.0');
    vi.unstubAllGlobals();
  });
});

describe('field names', () => {
  it('are those of the server', () => {
    const source = readFileSync(
      new URL('../../crates/wire/src/tracker_protocol.rs', import.meta.url),
      'utf8',
    );
    const table = source.slice(source.indexOf('RENAMED_FIELDS'), source.indexOf('];'));
    const pairs = [...table.matchAll(/\("(\w+)", "(\w+)"\)/g)].map(([, wire, enriched]) => [enriched, wire]);
    expect(pairs.length).toBeGreaterThan(40);
    // Browsers leave it to the request's header: it is computed.
    expect({ ...RENAMED_FIELDS, useragent: 'ua' }).toMatchObject(Object.fromEntries(pairs));
  });

  it('may be bare, enriched or of the tracker, and ordinary whatever they are', () => {
    const payload = {
      duid: 'd',
      'a/b': 'slash',
      'a~1': 'tilde',
      '~': 'lone',
      ['constructor' as string]: 'c',
    };
    for (const pointer of ['duid', '/duid', 'domain_userid', '/domain_userid'])
      expect(found(payload, pointer)).toBe('d');
    expect(found(payload, '/a~1b')).toBe('slash');
    expect(found(payload, '/a~01')).toBe('tilde');
    expect(found(payload, '/~')).toBe('lone');
    expect(found(payload, '/constructor')).toBe('c');
  });
});

describe('a pointer', () => {
  it('that can lead to no id is refused with the reason', () => {
    expect(compilePointer('')).toContain('is empty');
    for (const pointer of ['/co', 'co/com.acme', '/ue_pr/com.acme/login'])
      expect(compilePointer(pointer)).toContain('must go on');
  });

  it('finds nothing in a broken event, and throws nothing', () => {
    for (const payload of [
      { co: '{oops', cx: '!!', ue_pr: 5, ue_px: 'bm90IEpTT04' },
      {
        co: '{"data":null}',
        cx: '{"data":[1,{},{"schema":7}]}',
        ue_pr: '{}',
        ue_px: '{"data":{"schema":null}}',
      },
      { co: '{"data":[{"schema":"iglu:com.acme/user/jsonschema/1-0-0"}]}' },
    ]) {
      for (const pointer of ['/co/com.acme/user/id', '/ue/com.acme/user/id', 'event_name'])
        expect(found({ e: 'ue', ...payload }, pointer), pointer).toBeUndefined();
    }
  });

  it('shares the parsed JSON with the others, and parses none that cannot hold what it looks for', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const payload = { co: JSON.stringify({ ...entities, fresh: true }) };
    expect(found(payload, '/co/com.acme/nowhere/id')).toBeUndefined();
    expect(parse).not.toHaveBeenCalled();
    expect(found(payload, '/co/com.acme/user/ids/value')).toBe('ada');
    expect(found({ ...payload }, '/co/com.acme/item/0/sku')).toBe('first');
    expect(parse).toHaveBeenCalledTimes(1);
  });
});
