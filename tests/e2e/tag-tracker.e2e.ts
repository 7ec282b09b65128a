// The tag-based tracker: `snowplow('name', …)` calls wait in a queue for the tracker, and then for the plugins that it loads.
import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

declare global {
  interface Window {
    /** `tracker: intervention` of every call of a handler, in order. */
    heard: string[];
    /** `tracker: state` of every change of a connection. */
    connections: string[];
  }
}

/** What a page has in place of the tracker until that is loaded, and what it calls the tracker with. */
const SNIPPET = `
  window.heard = [];
  window.connections = [];
  window.snowplow = (...call) => void (window.snowplow.q ??= []).push(call);
  window.hear = ({ name }, { namespace }) => void window.heard.push(namespace + ': ' + name);
  window.watch = ({ trackerId, state }) => void window.connections.push(trackerId + ': ' + state);
`;

const START = `snowplow('newTracker', 'sp1', location.origin, { cookieSecure: false });`;
const ADD = `snowplow('addPlugin', 'signals/signals-interventions.js', ['snowplowSignals', 'SignalsPlugin']);`;
const SUBSCRIBE = `snowplow('subscribeToInterventions', { endpoint: location.origin, attributeKeyIds: { user_id: 'ada' } });`;
const LISTEN = `
  snowplow('addInterventionHandlers', { hear });
  snowplow('onConnectionChange', watch);
`;

/** Opens a page that makes these calls before the tracker, and so any plugin, is there. */
async function open(page: Page, server: MockServer, calls: string, body = ''): Promise<void> {
  await openBarePage(page, server, {
    body,
    script: `
      import { startTagTracker } from './tests/e2e/support/tag-tracker';
      ${SNIPPET}
      ${calls}
      startTagTracker();
    `,
    policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  });
}

const later = (page: Page, calls: string) => page.evaluate(`{ ${calls} }`);
const heard = (page: Page) => page.evaluate(() => window.heard);
const connections = (page: Page) => page.evaluate(() => window.connections);

test.afterEach(async ({ page }) => {
  expect(await page.evaluate(() => window.unavailable), 'calls of functions that are not there').toEqual([]);
});

const isOpen = (page: Page, ...trackers: string[]) =>
  expect
    .poll(async () => new Set((await connections(page)).filter((change) => change.endsWith(': open'))))
    .toEqual(new Set(trackers.map((tracker) => `snowplow_${tracker}: open`)));

test('calls that come before the tracker and the plugin wait for them', async ({ page, server }) => {
  await open(page, server, START + ADD + LISTEN + SUBSCRIBE);
  await isOpen(page, 'sp1');
  await server.push('one', 'ada', 'user_id');
  await expect.poll(() => heard(page)).toEqual(['sp1: one']);
});

test('calls that come when all is loaded take effect at once', async ({ page, server }) => {
  await open(page, server, START + ADD);
  await page.waitForFunction(() => 'snowplowSignals' in window);
  await later(page, LISTEN + SUBSCRIBE);
  await isOpen(page, 'sp1');
  await server.push('one', 'ada', 'user_id');
  await expect.poll(() => heard(page)).toEqual(['sp1: one']);

  await later(page, `snowplow('removeInterventionHandlers', 'hear');`);
  await later(
    page,
    `snowplow('addInterventionHandlers', {
      banner: snowplowSignals.bannerHandler({ templates: { discount: { message: '10% off' } } }),
    });`,
  );
  await server.push('discount', 'ada', 'user_id');
  await expect(page.getByRole('status')).toContainText('10% off');
  expect(await heard(page)).toEqual(['sp1: one']);
});

test('the plugin may be given as an object, with its options', async ({ page, server }) => {
  const add = `snowplow('addPlugin', snowplowSignals, 'SignalsPlugin', [{ handlers: { hear } }]);`;
  const watch = `snowplow('onConnectionChange', watch);`;
  await open(
    page,
    server,
    START + add + watch + SUBSCRIBE,
    '<script src="signals/signals-interventions.js"></script>',
  );
  await isOpen(page, 'sp1');
  await server.push('one', 'ada', 'user_id');
  await expect.poll(() => heard(page)).toEqual(['sp1: one']);
});

test('calls are for the trackers that they name', async ({ page, server }) => {
  const second = `snowplow('newTracker', 'sp2', location.origin, { cookieSecure: false });`;
  await open(
    page,
    server,
    `${START + second + ADD}
    snowplow('addInterventionHandlers', { hear });
    snowplow('onConnectionChange:sp2', watch);
    snowplow('subscribeToInterventions:sp2', { endpoint: location.origin, attributeKeyIds: { user_id: 'ada' } });`,
  );
  await isOpen(page, 'sp2');
  await server.push('one', 'ada', 'user_id');
  await expect.poll(() => heard(page)).toEqual(['sp2: one']);

  await later(page, `snowplow('onConnectionChange:sp1', watch); ${SUBSCRIBE}`);
  await isOpen(page, 'sp1', 'sp2');
  await later(page, `snowplow('unsubscribeFromInterventions:sp2');`);
  // The other one goes on by itself, over a stream of its own.
  await expect
    .poll(async () => (await connections(page)).filter((change) => /idle|open/.test(change)))
    .toEqual([
      'snowplow_sp2: idle',
      'snowplow_sp2: open',
      'snowplow_sp1: idle',
      'snowplow_sp1: open',
      'snowplow_sp2: idle',
      'snowplow_sp1: open',
    ]);
  await server.push('two', 'ada', 'user_id');
  await expect.poll(() => heard(page)).toEqual(['sp2: one', 'sp1: two']);
});

test('calls without an argument are for all trackers', async ({ page, server }) => {
  const loaded = page.waitForResponse(/\.wasm$/);
  await open(page, server, `${START + ADD} snowplow('init');`);
  await loaded;
  await later(page, LISTEN + SUBSCRIBE);
  await isOpen(page, 'sp1');
  await later(page, `snowplow('unsubscribeFromInterventions');`);
  await expect.poll(async () => (await connections(page)).at(-1)).toBe('snowplow_sp1: idle');
});
