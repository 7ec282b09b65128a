import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import type { MockServer } from './support/mock-server';
import { countResources } from './support/resources';
import { expect, test } from './support/test';

declare global {
  interface Window {
    plugin: {
      /** Gives the tracker the plugin with a handler and a subscription, and waits for a state of its connection. */
      activate: (state: string) => Promise<void>;
      deactivate: () => void;
      /** Resolves when the WebAssembly runs. */
      ready: Promise<void>;
      received: number;
      domainUserId: string;
    };
  }
}

const SCRIPT = `
  import { newTracker } from '@snowplow/browser-tracker';

  const signals = window.snowplowSignals;
  const tracker = newTracker('sp', location.origin, { cookieSecure: false });
  let stop = () => {};
  const plugin = {
    received: 0,
    ready: signals.ready,
    domainUserId: tracker.getDomainUserInfo()[1],
    activate(state) {
      plugin.current = signals.SignalsPlugin({
        handlers: { count: () => void plugin.received++ },
        measurement: { delivery: false, dispatch_accept: false, dispatch_error: false },
      });
      plugin.current.activateBrowserPlugin(tracker);
      signals.subscribeToInterventions({ endpoint: location.origin });
      return new Promise((resolve) => {
        stop = signals.onConnectionChange((change) => change.state === state && resolve());
      });
    },
    deactivate() {
      stop();
      plugin.current.deactivatePlugin(tracker.core);
    },
  };
  window.plugin = plugin;
  signals.init();
`;

async function open(page: Page, server: MockServer) {
  await countResources(page);
  await openBarePage(page, server, {
    body: '<script src="signals/signals-interventions.js"></script>',
    script: SCRIPT,
    policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  });
  await page.evaluate(() => window.plugin.ready);
}

const resources = (page: Page) => page.evaluate(() => window.resources());

test('after the plugin is deactivated, nothing is left of what it took from the browser', async ({
  page,
  server,
}) => {
  await open(page, server);
  const before = await resources(page);
  await page.evaluate(() => window.plugin.activate('open'));
  await server.push('one', await page.evaluate(() => window.plugin.domainUserId));
  await expect.poll(() => page.evaluate(() => window.plugin.received)).toBe(1);

  const during = await resources(page);
  expect(during.listeners).toBeGreaterThan(before.listeners);
  expect(during.ports).toBeGreaterThan(before.ports);
  expect(during).toMatchObject({ streams: 1, channels: 1, locks: 1, timers: before.timers + 1 });

  await page.evaluate(() => window.plugin.deactivate());
  // The browser releases a lock with a delay.
  await expect.poll(() => resources(page)).toEqual(before);
  await expect.poll(() => server.openStreams()).toBe(0);
});

test('a thousand rounds of activation leave neither resources nor memory behind', async ({
  page,
  server,
}) => {
  await open(page, server);
  const before = await resources(page);
  const rounds = (count: number) =>
    page.evaluate(async (count) => {
      // Some end before the stream is requested, some while it connects, some when it is open.
      const states = ['idle', 'connecting', 'connecting', 'connecting', 'open'];
      for (let round = 0; round < count; round++) {
        await window.plugin.activate(states[round % states.length] ?? '');
        window.plugin.deactivate();
      }
      return window.wasmBytes();
    }, count);
  const warm = await rounds(100);
  expect(await rounds(1_000)).toBe(warm);
  await expect.poll(() => resources(page)).toEqual(before);
  await expect.poll(() => server.openStreams()).toBe(0);
});
