import type { Page } from '@playwright/test';
import { openBarePage } from './support/bare-page';
import type { MockServer } from './support/mock-server';
import { expect, test } from './support/test';

declare global {
  interface Window {
    /** Ends anonymous tracking, and tracks a page view. */
    becomeKnown: () => void;
  }
}

/** A page that tracks a self-describing event with two entities, and subscribes for what pointers find in them. */
const script = (trackerPackage: string, encodeBase64: boolean) => `
  import { newTracker, trackSelfDescribingEvent } from '${trackerPackage}';
  import { SignalsPlugin, init, subscribeToInterventions } from './dist/index.js';

  init('/signals/signals-interventions.wasm');
  newTracker('sp', location.origin, {
    cookieSecure: false,
    encodeBase64: ${encodeBase64},
    contexts: { webPage: true },
    plugins: [SignalsPlugin()],
  });
  subscribeToInterventions({
    endpoint: location.origin,
    attributeKeyTargets: {
      user_id: ['/co/com.acme/missing/id', '/entities/com.acme/user/ids/email'],
      network_userid: '/sde/com.acme/login/account',
      domain_sessionid: '/cx/com.snowplowanalytics.snowplow/web_page/id',
    },
  });
  trackSelfDescribingEvent({
    event: { schema: 'iglu:com.acme/login/jsonschema/1-0-7', data: { account: '0d3a8a4e-6d4c-4d07-9b43-6b9d1c1f0a55' } },
    context: [
      { schema: 'iglu:com.acme/user/jsonschema/3-0-0', data: { ids: [{ email: 'jürgen@example.org' }] } },
      { schema: 'iglu:com.acme/store/jsonschema/1-0-0', data: { name: 'Berlin' } },
    ],
  });
`;

function streamFor(page: Page, email: string): Promise<URLSearchParams> {
  const isWanted = (url: URL) =>
    url.pathname === '/api/v1/interventions' && url.searchParams.get('user_id') === email;
  return page
    .waitForRequest((request) => isWanted(new URL(request.url())))
    .then((request) => new URL(request.url()).searchParams);
}

for (const trackerPackage of ['@snowplow/browser-tracker', 'browser-tracker-3']) {
  for (const encodeBase64 of [true, false]) {
    const encoding = encodeBase64 ? 'base64' : 'plain JSON';
    test(`pointers find ids in entities and event data that ${trackerPackage} sends in ${encoding}`, async ({
      page,
      server,
    }) => {
      const requested = streamFor(page, 'jürgen@example.org');
      await openBarePage(page, server, {
        script: script(trackerPackage, encodeBase64),
        policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
      });
      const ids = await requested;
      expect(ids.get('network_userid')).toBe('0d3a8a4e-6d4c-4d07-9b43-6b9d1c1f0a55');
      expect(ids.get('domain_sessionid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(ids.get('domain_userid')).toMatch(/^[0-9a-f-]{36}$/);
    });
  }
}

for (const trackerPackage of ['@snowplow/browser-tracker', 'browser-tracker-3']) {
  const openAnonymousPage = (page: Page, server: MockServer, anonymousTracking: string) =>
    openBarePage(page, server, {
      script: `
        import { disableAnonymousTracking, newTracker, trackPageView } from '${trackerPackage}';
        import { SignalsPlugin, init, subscribeToInterventions } from './dist/index.js';

        init('/signals/signals-interventions.wasm');
        newTracker('sp', location.origin, {
          cookieSecure: false,
          anonymousTracking: ${anonymousTracking},
          plugins: [SignalsPlugin()],
        });
        subscribeToInterventions({ endpoint: location.origin });
        trackPageView();
        window.becomeKnown = () => {
          disableAnonymousTracking();
          trackPageView();
        };
      `,
      policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
    });
  const requestedKeys = (page: Page) =>
    page
      .waitForRequest((request) => request.resourceType() === 'eventsource')
      .then((request) => [...new URL(request.url()).searchParams.keys()]);

  test(`nothing is requested for an anonymous shopper of ${trackerPackage} until there is an id`, async ({
    page,
    server,
  }) => {
    const first = requestedKeys(page);
    const tracked = page.waitForResponse((response) => response.url().endsWith('/tp2'));
    await openAnonymousPage(page, server, 'true');
    await tracked;
    await page.evaluate(() => window.becomeKnown());
    expect(await first).toEqual(['domain_sessionid', 'domain_userid']);
  });

  test(`an anonymous shopper of ${trackerPackage} is followed by session where sessions are tracked`, async ({
    page,
    server,
  }) => {
    const first = requestedKeys(page);
    await openAnonymousPage(page, server, '{ withSessionTracking: true }');
    expect(await first).toEqual(['domain_sessionid']);
  });
}
