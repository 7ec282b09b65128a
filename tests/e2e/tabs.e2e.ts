import type { BrowserContext, Page } from '@playwright/test';
import type { MockServer } from './support/mock-server';
import { Tab } from './support/tab';
import { expect, test } from './support/test';

/** Milliseconds within which another tab has to take over. */
const TAKEOVER_MS = 1_000;

/** What becomes of an event under way when its page is left or its time is up; the tracker sends it again. */
const EVENT_CUT_OFF = /failed request: net::ERR_ABORTED .*\/tp2$/;

/** Opens tabs of one shopper. The first one gets the stream. */
async function openTabs(context: BrowserContext, server: MockServer, count: number, config?: object) {
  const tabs: Tab[] = [];
  while (tabs.length < count) tabs.push(await Tab.open(await context.newPage(), server, config));
  return tabs;
}

/** Pushes interventions with these names, one after the other, to the shopper of `tab`. */
async function pusher(tab: Tab, server: MockServer) {
  const id = await tab.domainUserId();
  return async (...names: string[]) => {
    for (const name of names) await server.push(name, id);
  };
}

const requests = (tabs: Tab[]) => tabs.map((tab) => tab.requestedAt.length);

/** Waits until one of the tabs has requested a stream after `since`, and tells after how many milliseconds. */
async function takeover(tabs: Tab[], since: number): Promise<number> {
  const times = () => tabs.flatMap((tab) => tab.requestedAt).filter((time) => time >= since);
  await expect.poll(() => times().length).toBeGreaterThan(0);
  return Math.min(...times()) - since;
}

/** What the pages warn of from now on. */
function warnings(pages: Page[]): string[] {
  const texts: string[] = [];
  for (const page of pages) {
    page.on('console', (message) => {
      if (message.type() === 'warning') texts.push(message.text());
    });
  }
  return texts;
}

async function allGot(tabs: Tab[], names: string[]) {
  for (const tab of tabs) await expect.poll(() => tab.names()).toEqual(names);
}

test('three tabs have one stream together, and each hands every instance to its handlers once', async ({
  context,
  server,
}) => {
  const tabs = await openTabs(context, server, 3);
  expect(await server.openStreams()).toBe(1);
  expect(requests(tabs)).toEqual([1, 0, 0]);

  const push = await pusher(tabs[0] as Tab, server);
  await push('one', 'two', 'three');
  await allGot(tabs, ['one', 'two', 'three']);
  expect(await server.openStreams()).toBe(1);
});

test('tabs that do not share have a stream each', async ({ context, server }) => {
  const tabs = await openTabs(context, server, 3, { shareConnection: false });
  expect(await server.openStreams()).toBe(3);
  expect(requests(tabs)).toEqual([1, 1, 1]);
  const push = await pusher(tabs[0] as Tab, server);
  await push('one');
  await allGot(tabs, ['one']);
});

test('when the tab with the stream is closed, another takes over at once and nothing is lost', async ({
  context,
  server,
}) => {
  const [first, ...others] = await openTabs(context, server, 3);
  if (!first) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('before');
  await allGot(others, ['before']);

  const closedAt = Date.now();
  const closing = first.page.close();
  await push('during 1', 'during 2', 'during 3');
  await closing;
  expect(await takeover(others, closedAt)).toBeLessThan(TAKEOVER_MS);
  await push('after');
  await allGot(others, ['before', 'during 1', 'during 2', 'during 3', 'after']);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('when the tab with the stream crashes, another takes over at once and nothing is lost', async ({
  context,
  server,
}) => {
  const [first, ...others] = await openTabs(context, server, 3);
  if (!first) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('before');
  await allGot(others, ['before']);

  const devTools = await context.newCDPSession(first.page);
  const crashed = first.page.waitForEvent('crash');
  const crashedAt = Date.now();
  devTools.send('Page.crash').catch(() => {});
  await crashed;
  await push('after');
  expect(await takeover(others, crashedAt)).toBeLessThan(TAKEOVER_MS);
  await allGot(others, ['before', 'after']);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('when the tab with the stream is frozen, another takes over, and it follows when it goes on', async ({
  context,
  server,
}) => {
  const tabs = await openTabs(context, server, 2);
  const [first, second] = tabs;
  if (!first || !second) throw new Error('no tab');
  const push = await pusher(first, server);
  // Chromium without a screen freezes no page: it only says what a page hears when it does.
  const frozenAt = Date.now();
  await first.page.evaluate(() => document.dispatchEvent(new Event('freeze')));
  expect(await takeover([second], frozenAt)).toBeLessThan(TAKEOVER_MS);
  await second.isOpen();
  await push('meanwhile');
  await allGot([second], ['meanwhile']);

  await first.page.evaluate(() => document.dispatchEvent(new Event('resume')));
  await first.isOpen();
  await push('afterwards');
  await allGot(tabs, ['meanwhile', 'afterwards']);
  expect(requests(tabs)).toEqual([1, 1]);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('a tab that moves on to another page gets what it missed, from the tab that took over', async ({
  context,
  server,
  problems,
}) => {
  problems.expect(EVENT_CUT_OFF);
  const tabs = await openTabs(context, server, 2);
  const [first, second] = tabs;
  if (!first || !second) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('on the first page');
  await allGot(tabs, ['on the first page']);

  await first.page.goto('about:blank');
  await expect.poll(() => requests(tabs)).toEqual([1, 1]);
  await second.isOpen();
  await push('in between');
  await allGot([second], ['on the first page', 'in between']);
  await first.page.goto(`${server.origin}/bare.html`);
  await first.isOpen();
  await push('on the second page');
  await allGot([first], ['in between', 'on the second page']);
  expect(requests(tabs)).toEqual([1, 1]);
});

test('a tab that left off where no other tab can tell takes the stream over and asks the server', async ({
  context,
  server,
  problems,
}) => {
  problems.expect(EVENT_CUT_OFF);
  const [first] = await openTabs(context, server, 1);
  if (!first) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('seen');
  await allGot([first], ['seen']);
  await first.page.goto('about:blank');
  await expect.poll(() => server.openStreams()).toBe(0);
  // For somebody else, so that the second tab starts at a later position than the first one has.
  await server.push('for somebody else', crypto.randomUUID());
  const [second] = await openTabs(context, server, 1);
  if (!second) throw new Error('no tab');
  await push('seen by the second tab only');
  await allGot([second], ['seen by the second tab only']);

  await first.page.goto(`${server.origin}/bare.html`);
  await first.isOpen();
  await allGot([first], ['seen by the second tab only']);
  await push('seen by both');
  await allGot([first], ['seen by the second tab only', 'seen by both']);
  await allGot([second], ['seen by the second tab only', 'seen by both']);
  expect(requests([first, second])).toEqual([2, 1]);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('a tab whose holder hangs notices, takes over, and nothing is lost', async ({
  context,
  server,
  problems,
}) => {
  // The tracker's own, should an event be under way when the clock is moved.
  problems.expect(/console error: Request timed out/, EVENT_CUT_OFF);
  const [first] = await openTabs(context, server, 1);
  const page = await context.newPage();
  await page.clock.install();
  const second = await Tab.open(page, server);
  if (!first) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('before');
  await allGot([first, second], ['before']);

  // To other tabs, a page that hangs is one that says nothing and still has the lock.
  await first.page.evaluate(() => {
    BroadcastChannel.prototype.postMessage = () => {};
  });
  await push('relayed by nobody');
  // Silence for 20 seconds, then three questions.
  await page.clock.fastForward(20_000);
  expect(requests([second])).toEqual([0]);
  for (let question = 0; question < 3; question++) await page.clock.fastForward(1_000);
  await expect.poll(() => requests([second])).toEqual([1]);
  await push('after');
  await allGot([second], ['before', 'relayed by nobody', 'after']);

  // It lost the lock, and listens to the other tab.
  await allGot([first], ['before', 'relayed by nobody', 'after']);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('tabs whose ids change one after the other meet again on one stream, and nothing is lost', async ({
  context,
  server,
}) => {
  const tabs = await openTabs(context, server, 3);
  const [first, second] = tabs;
  if (!first || !second) throw new Error('no tab');
  const push = await pusher(first, server);
  const names: string[] = [];
  // The second tab follows when it changes, the first one holds.
  for (const tab of [second, first, ...tabs.slice(2)]) {
    const name = `while tab ${tabs.indexOf(tab)} logs in`;
    names.push(name);
    await tab.page.evaluate(() => window.tab.logIn('ada'));
    await push(name);
    await allGot(tabs, names);
  }
  await expect.poll(() => server.openStreams()).toBe(1);
  expect(requests(tabs)).toEqual([1, 1, 1]);
  await server.push('for ada', 'ada', 'user_id');
  await allGot(tabs, [...names, 'for ada']);
});

test('what comes while a busy tab is about to change its ids reaches that tab too', async ({
  context,
  server,
}) => {
  const [first, second] = await openTabs(context, server, 2);
  if (!first || !second) throw new Error('no tab');
  const push = await pusher(first, server);
  await push('before');
  await allGot([first, second], ['before']);

  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await second.page.route('**/busy', async (route) => {
    await released;
    await route.fulfill({ body: '' });
  });
  const isBusy = second.page.waitForRequest('**/busy');
  const change = second.page.evaluate(() => {
    // Nothing else runs in this page meanwhile.
    const request = new XMLHttpRequest();
    request.open('GET', '/busy', false);
    request.send();
    window.tab.logIn('ada');
  });
  await isBusy;
  await first.page.evaluate(() => window.tab.logIn('ada'));
  await expect.poll(() => requests([first])).toEqual([2]);
  await expect.poll(() => server.openStreams()).toBe(1);
  await push('meanwhile');
  await allGot([first], ['before', 'meanwhile']);
  release();
  await change;
  await push('after');
  await allGot([first, second], ['before', 'meanwhile', 'after']);
  await expect.poll(() => server.openStreams()).toBe(1);
});

test('an outage is warned of by one tab, however many share the stream', async ({
  context,
  server,
  problems,
}) => {
  problems.expect(
    /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/,
  );
  const tabs = await openTabs(context, server, 3);
  const warned = warnings(tabs.map((tab) => tab.page));
  await server.stop();
  for (const tab of tabs) await tab.is('retrying');
  await server.startAgain();
  for (const tab of tabs) await tab.is('open');
  // The address is named, but the ids in it are not.
  const place = `${server.origin}/api/v1/interventions`;
  expect(warned).toEqual([expect.stringContaining(`Cannot receive interventions from ${place}, retrying`)]);
});

test('a refusal for good is explained once, however often it is repeated', async ({
  page,
  server,
  problems,
}) => {
  // The last of these is how the request ends that learns the status.
  problems.expect(/status of 404|Request timed out/, EVENT_CUT_OFF, /ERR_ABORTED .*\/interventions\?/);
  await page.clock.install();
  // The clock is moved while attempts are under way, which must not look like a time-out.
  const tab = await Tab.open(page, server, { connectionTimeoutMs: 120_000 });
  const warned = warnings([page]);
  await server.fault({ status: 404, times: 100 });
  for (const event of ['offline', 'online']) {
    await page.evaluate((name) => window.dispatchEvent(new Event(name)), event);
  }
  await expect.poll(() => warned.length).toBe(2);
  for (let repeated = 0; repeated < 4; repeated++) {
    await tab.is('retrying');
    const before = tab.requestedAt.length;
    await page.clock.fastForward(30_000);
    await expect.poll(() => tab.requestedAt.length).toBeGreaterThan(before);
  }
  await tab.is('retrying');
  expect(warned).toEqual([
    expect.stringContaining('did not answer with an event stream'),
    expect.stringContaining('answered with status 404'),
  ]);
});
