// Odd values that real shops send, with the real tracker: they count, and the page receives interventions for them.
import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

declare global {
  interface Window {
    /** Names of the interventions that a handler got. */
    heard: string[];
  }
}

const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";
const USER_ID = '0d3a8a4e-6d4c-4d07-9b43-6b9d1c1f0a55';

/** Opens a page with the tracker and the plugin, which does `work` and then looks at four products, for a discount. */
async function shopWith(page: Page, server: MockServer, work: string, path = '/bare.html') {
  const script = `
    import { newTracker, setUserId, trackPageView } from '@snowplow/browser-tracker';
    import { SnowplowEcommercePlugin, trackProductView } from '@snowplow/browser-plugin-snowplow-ecommerce';
    import { SignalsPlugin, addInterventionHandlers, init, subscribeToInterventions } from './dist/index.js';

    window.heard = [];
    history.replaceState(null, '', '${path}');
    init('/signals/signals-interventions.wasm');
    newTracker('sp', location.origin, {
      cookieSecure: false,
      plugins: [SignalsPlugin(), SnowplowEcommercePlugin()],
    });
    addInterventionHandlers({ note: ({ name }) => void window.heard.push(name) });
    ${work}
    trackPageView();
    for (let view = 0; view < 4; view++) {
      trackProductView({ id: 'kettle', name: 'Kettle', price: 10, currency: 'USD', category: 'kitchen' });
    }
  `;
  await openBarePage(page, server, { script, policy: POLICY });
}

const heard = (page: Page) => expect.poll(() => page.evaluate(() => window.heard), { timeout: 20_000 });

test('a user id with a line break is cleaned alike by page and server, and costs nothing', async ({
  page,
  server,
}) => {
  const requested = page.waitForRequest((request) => request.url().includes('user_id=ada'));
  await shopWith(
    page,
    server,
    `setUserId('ada\\n');
     subscribeToInterventions({ endpoint: location.origin, attributeKeyTargets: { user_id: '/user_id' } });`,
  );
  const ids = new URL((await requested).url()).searchParams;
  expect(ids.get('user_id')).toBe('ada');
  await heard(page).toEqual(['discount']);
});

test('half an emoji in a title loses no event', async ({ page, server }) => {
  await shopWith(
    page,
    server,
    `document.title = 'Big sale \u{1F389}'.slice(0, 10);
     subscribeToInterventions({ endpoint: location.origin });`,
  );
  await heard(page).toEqual(['discount']);
  const metrics = await (await fetch(`${server.origin}/metrics`)).text();
  expect(metrics).toMatch(/events_bad\w* 0\b|events\w*\{[^}]*bad[^}]*\} 0\b/);
});

test('an id that the server refuses does not affect the others, and the page is told once', async ({
  page,
  server,
  problems,
}) => {
  problems.expect(/status of 422/);
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('rejected the id of')) warnings.push(message.text());
  });
  await shopWith(
    page,
    server,
    `subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { network_userid: 'no-uuid' } });`,
  );
  await heard(page).toEqual(['discount']);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('`network_userid`');
});

test('a client without a tracker receives for its good ids, whatever the others are', async ({
  page,
  server,
  problems,
}) => {
  problems.expect(/status of 422/);
  await openBarePage(page, server, {
    script: `
      import { createInterventionsClient, init } from './dist/index.js';
      window.heard = [];
      init('/signals/signals-interventions.wasm');
      const client = createInterventionsClient({
        endpoint: location.origin,
        attributeKeyIds: { user_id: '${USER_ID}', domain_userid: 'no-uuid' },
      });
      client.addHandlers({ note: ({ name }) => void window.heard.push(name) });
    `,
    policy: POLICY,
  });
  await expect.poll(() => server.openStreams(), { timeout: 20_000 }).toBe(1);
  await server.push('discount', USER_ID, 'user_id');
  await heard(page).toEqual(['discount']);
});

test('of a campaign parameter given twice the page takes the value that the server takes', async ({
  page,
  server,
}) => {
  const requested = page.waitForRequest((request) => request.url().includes('user_id='));
  await shopWith(
    page,
    server,
    `subscribeToInterventions({ endpoint: location.origin, attributeKeyTargets: { user_id: '/mkt_campaign' } });`,
    '/bare.html?utm_campaign=first&utm_campaign=last&utm_campaign=',
  );
  const ids = new URL((await requested).url()).searchParams;
  expect(ids.get('user_id')).toBe('last');
});
