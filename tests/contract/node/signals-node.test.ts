// The unmodified Signals SDK for Node.js reads attributes from the mock server.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Signals } from '@snowplow/signals-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MockServer } from '../../e2e/support/mock-server';

const TOKEN = 'sandbox';

const DEFINITIONS = {
  attribute_groups: [
    {
      name: 'clicks',
      version: 2,
      attribute_key: { name: 'domain_userid' },
      attributes: [
        { name: 'count', type: 'int32', events: [{ name: 'event' }], aggregation: 'counter' },
        {
          name: 'words',
          type: 'string_list',
          events: [{ name: 'event' }],
          aggregation: 'unique_list',
          property: { type: 'atomic', name: 'se_property' },
        },
      ],
    },
  ],
  services: [{ name: 'clicker', attribute_groups: [{ name: 'clicks', version: 2 }] }],
};

const folder = mkdtempSync(path.join(tmpdir(), 'signals-node-'));
let server: MockServer;

beforeAll(async () => {
  const definitions = path.join(folder, 'definitions.json');
  writeFileSync(definitions, JSON.stringify(DEFINITIONS));
  server = await MockServer.start(folder, undefined, ['--definitions', definitions]);
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A new visitor who clicks on these words. */
async function clicker(...words: string[]): Promise<string> {
  const duid = randomUUID();
  const click = (word: string) => ({
    e: 'se',
    p: 'web',
    tv: 'js',
    eid: randomUUID(),
    duid,
    se_ca: 'c',
    se_ac: 'a',
    se_pr: word,
  });
  const schema = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4';
  const answer = await fetch(`${server.origin}/com.snowplowanalytics.snowplow/tp2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema, data: words.map(click) }),
  });
  expect(answer.status).toBe(200);
  return duid;
}

const signals = (sandboxToken = TOKEN) => new Signals({ baseUrl: server.origin, sandboxToken });

test('reads the attributes of a service', async () => {
  const identifier = await clicker('chair');
  expect(
    await signals().getServiceAttributes({ name: 'clicker', attribute_key: 'domain_userid', identifier }),
  ).toEqual({ domain_userid: identifier, count: 1, words: ['chair'] });
});

test('reads the attributes of a service for several at once', async () => {
  const identifiers: [string, string] = [await clicker('chair'), await clicker('lamp', 'table')];
  expect(
    await signals().getBatchServiceAttributes({
      name: 'clicker',
      attribute_key: 'domain_userid',
      identifiers,
    }),
  ).toMatchObject({ domain_userid: identifiers, count: [1, 2] });
});

test('reads attributes of one version of a group', async () => {
  const identifier = await clicker('chair', 'chair');
  expect(
    await signals().getGroupAttributes({
      name: 'clicks',
      version: 2,
      attributes: ['count'],
      attribute_key: 'domain_userid',
      identifier,
    }),
  ).toEqual({ domain_userid: identifier, count: 2 });
});

test('rejects with the status and the reason of a refusal', async () => {
  const unknown = { name: 'nothing', attribute_key: 'domain_userid', identifier: randomUUID() };
  await expect(signals().getServiceAttributes(unknown)).rejects.toThrow(/404.*service `nothing`/s);
  await expect(signals('guess').getServiceAttributes(unknown)).rejects.toThrow(/403.*wrong token/s);
});
