// Traffic while everything goes wrong. `npm test` runs a short form; `npm run soak -- 10` runs ten minutes of it.
import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import { FlakyProxy } from './support/flaky-proxy';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

declare global {
  interface Window {
    soak: { domainUserId: string; states: string[]; become: (userId: string) => void };
  }
}

const MINUTES = Number(process.env.SOAK_MINUTES ?? 0.1);
/** How long the tabs may take to hear all, whatever went wrong before, on a busy machine. */
const PATIENCE_MS = 60_000;
/** How long they may take before time is made to pass faster for them, and in which steps: shorter than any time-out of theirs. */
const SETTLING_MS = 1_000;
const STEP_MS = 1_000;

// What was heard is kept over reloads, and written before the handler returns.
const SCRIPT = `
  import { newTracker, trackPageView } from '@snowplow/browser-tracker';

  const { SignalsPlugin, addInterventionHandlers, subscribeToInterventions, onConnectionChange } = window.snowplowSignals;
  const tracker = newTracker('sp', location.origin, { cookieSecure: false, plugins: [SignalsPlugin()] });
  const states = [];
  const become = (user_id) => {
    sessionStorage.setItem('user', user_id);
    subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { user_id } });
  };
  window.soak = { domainUserId: tracker.getDomainUserInfo()[1], states, become };
  addInterventionHandlers({
    hear: ({ name }) => sessionStorage.setItem('heard', (sessionStorage.getItem('heard') ?? '') + name + ' '),
  });
  onConnectionChange(({ state }) => void states.push(state));
  become(sessionStorage.getItem('user') ?? 'user-0');
  trackPageView();
`;

const heard = (page: Page) =>
  page.evaluate(() => (sessionStorage.getItem('heard') ?? '').split(' ').filter(Boolean).sort());

test('three tabs hear every instance exactly once, whatever happens to server, network and pages', async ({
  context,
  server,
  problems,
}) => {
  test.setTimeout(MINUTES * 60_000 + 4 * PATIENCE_MS);
  // Errors of the pages' own remain forbidden.
  problems.expect(
    /^request elsewhere: http:\/\/127\.0\.0\.1/,
    /^failed request/,
    /Failed to load resource|net::ERR_/,
    // What the tracker says of a collector that does not answer.
    /Request timed out/,
  );
  const proxy = await FlakyProxy.start(server.origin);
  const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
  for (const page of tabs) {
    await page.clock.install();
    await openBarePage(page, { origin: proxy.origin } as MockServer, {
      body: '<script src="signals/signals-interventions.js"></script>',
      script: SCRIPT,
      policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
    });
    await expect.poll(() => page.evaluate(() => window.soak.states.at(-1))).toBe('open');
  }
  const [first] = tabs as [Page];
  const shopper = await first.evaluate(() => window.soak.domainUserId);

  const pushed: string[] = [];
  let user = 0;
  const push = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const name = `n${String(pushed.length).padStart(6, '0')}`;
      await server.push(name, shopper);
      pushed.push(name);
    }
  };
  const allHeard = async (after: string) => {
    const deadline = Date.now() + PATIENCE_MS;
    for (const [index, page] of tabs.entries()) {
      const isComplete = async () => (await heard(page)).length >= pushed.length;
      const settled = Date.now() + SETTLING_MS;
      while (!(await isComplete()) && Date.now() < deadline) {
        // Back-off is waited for in the pages' time, which passes faster: the plugin recovers by itself, and nobody waits for it.
        if (Date.now() > settled) for (const page of tabs) await page.clock.fastForward(STEP_MS);
        await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
      }
      expect(await heard(page), `tab ${index} after ${after}`).toEqual(pushed);
    }
  };

  const troubles: Record<string, () => Promise<void>> = {
    'a server restart': async () => {
      // The server keeps what it has sent in its memory alone.
      await allHeard('the calm before a restart');
      await server.stop();
      await server.startAgain();
    },
    'streams refused with 503': async () => {
      await server.fault({ status: 503, times: 2 });
      proxy.reset();
    },
    'streams ended by the server': async () => {
      await server.fault({ drop_after_events: 0 });
      await push(2);
      await server.clearFaults();
    },
    'connections reset': async () => proxy.reset(),
    'half-open connections': async () => {
      // A server that promises signs of life so often is missed soon.
      await server.fault({ send_raw: 'event: hello\ndata: {"keep_alive_ms": 700}\n\n' });
      await push(1);
      await allHeard('the last sign of life');
      proxy.silence();
    },
    garbage: () =>
      server.fault({
        send_raw: 'data: {not json\n\ndata: 7\n\ndata: {"attributes": {}}\n\n:\n\nid\n\nfoo: bar\n\n',
      }),
    'instances sent again': async () => {
      const instances = await server.instances(shopper);
      const frames = instances.slice(-3).map((instance) => `data: ${JSON.stringify(instance)}\n\n`);
      await server.fault({ send_raw: frames.join('') });
    },
    'changed ids': async () => {
      user++;
      for (const page of tabs) await page.evaluate((id) => window.soak.become(id), `user-${user}`);
    },
    'a reload': async () => {
      const page = tabs[pushed.length % tabs.length] as Page;
      await Promise.all([page.reload(), push(2)]);
    },
  };

  const deadline = Date.now() + MINUTES * 60_000;
  do {
    for (const [name, strike] of Object.entries(troubles)) {
      await push(2);
      await strike();
      await push(3);
      await allHeard(name);
    }
  } while (Date.now() < deadline);
  await push(1);
  await allHeard('everything');
  console.log(`soak: ${pushed.length} instances, each heard once by ${tabs.length} tabs`);
  await proxy.stop();
});
