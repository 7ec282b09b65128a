// What must never happen, whatever a page does to the plugin. The fixture `problems` fails a test for whatever is thrown into
// its page: every uncaught exception, every rejection that nobody handles.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { inProject } from '../../scripts/support/project.mjs';
import { callsOf } from './support/calls';
import { HostilePage } from './support/hostile-page';
import { expect, test } from './support/test';

/** What the plugin reports of code that fails: at the level error, through the tracker's logger. */
const REPORTED = /^console error: .*\[SignalsPlugin/;

/** Code of pages: it is handed over as text, because functions cannot be. */
type Code = (...values: never[]) => unknown;

test.describe('nothing is thrown into the page', () => {
  // biome-ignore-start lint/suspicious/noThenProperty: some of these are about what only looks like a promise.
  const FAILING: Record<string, Code> = {
    'throws an error': () => {
      throw new Error('on purpose');
    },
    'throws nothing in particular': () => {
      throw undefined;
    },
    'throws an error that cannot be read': () => {
      throw {
        toString() {
          throw new Error('on purpose');
        },
      };
    },
    'throws an object that refuses everything': () => {
      const refuse = () => {
        throw new Error('on purpose');
      };
      throw new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse, ownKeys: refuse });
    },
    rejects: () => Promise.reject(new Error('on purpose')),
    'rejects with nothing': () => Promise.reject(),
    'rejects later': async () => {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      throw new Error('on purpose');
    },
    'never settles': () => new Promise(() => {}),
    'answers with a promise that throws': () => ({
      then() {
        throw new Error('on purpose');
      },
    }),
    'answers with a promise that settles twice, both ways': () => ({
      then(resolve: () => void, reject: (error: Error) => void) {
        resolve();
        reject(new Error('on purpose'));
        resolve();
      },
    }),
    'answers with what does not let itself be asked whether it is a promise': () => ({
      get then() {
        throw new Error('on purpose');
      },
    }),
    'freezes what it gets': (given: object) => Object.freeze(given),
  };
  // biome-ignore-end lint/suspicious/noThenProperty: see above

  /** Registers one of each kind of failing code. */
  const register = (kinds: Record<string, Code>, call: (code: string, index: number) => string) =>
    Object.values(kinds).map((code, index) => call(String(code), index));

  test('by handlers, whatever they do', async ({ page, server, problems }) => {
    problems.expect(REPORTED);
    const hostile = await HostilePage.open(page, server);
    await hostile.run(
      ...register(
        FAILING,
        (code, index) => `signals.addInterventionHandlers({ ['bad ' + ${index}]: ${code} })`,
      ),
      `signals.addInterventionHandlers({ frozen: { match: Object.freeze(/one/g), handle: () => {} } })`,
    );
    await hostile.listen();
    await hostile.isOpen();
    await hostile.push('one', 'two');
    await hostile.hears('one', 'two');
  });

  const { rejects: _, 'rejects with nothing': __, 'rejects later': ___, ...FAILING_AT_ONCE } = FAILING;

  test('by predicates of handlers and by listeners, whatever they do', async ({ page, server, problems }) => {
    problems.expect(REPORTED);
    const hostile = await HostilePage.open(page, server);
    await hostile.run(
      ...register(
        FAILING_AT_ONCE,
        (match, index) =>
          `signals.addInterventionHandlers({ ['bad ' + ${index}]: { match: ${match}, handle: () => {} } })`,
      ),
      ...register(FAILING_AT_ONCE, (code) => `signals.onConnectionChange(${code})`),
    );
    await hostile.listen();
    await hostile.isOpen();
    await hostile.push('one', 'two');
    await hostile.hears('one', 'two');
  });

  for (const [title, code] of Object.entries({
    'decide whether to measure': (throwing: string) =>
      `{ delivery: ${throwing}, dispatch_accept: ${throwing}, dispatch_error: ${throwing} }`,
    'make entities': (throwing: string) => `{ context: [${throwing}] }`,
  })) {
    test(`by functions that ${title} and throw`, async ({ page, server, problems }) => {
      problems.expect(REPORTED);
      const hostile = await HostilePage.open(page, server);
      const measurement = code(String(FAILING['throws an error']));
      await hostile.run(
        `signals.SignalsPlugin({ measurement: ${measurement} }).activateBrowserPlugin(hostile.tracker)`,
        'signals.subscribeToInterventions({ endpoint: location.origin })',
      );
      await hostile.listen();
      await hostile.isOpen();
      await hostile.push('one', 'two');
      await hostile.hears('one', 'two');
      await expect.poll(() => problems.count(/Measurement event could not be tracked/)).toBeGreaterThan(1);
    });
  }

  test('by a logger that throws', async ({ page, server }) => {
    const hostile = await HostilePage.open(page, server);
    await hostile.isOpen();
    await hostile.run(
      `const refuse = () => { throw new Error('on purpose'); }`,
      'const logger = { debug: refuse, info: refuse, warn: refuse, error: refuse }',
      'signals.SignalsPlugin().logger(logger)',
      // Each of these has something to report.
      'signals.subscribeToInterventions({ endpoint: 7 })',
      'signals.addInterventionHandlers({ bad: 7 })',
      'signals.addInterventionHandlers({ get bad() { throw new Error("on purpose"); } })',
      'signals.addInterventionHandlers({ bad: refuse })',
      'signals.onConnectionChange(refuse)',
    );
    await hostile.listen();
    await hostile.frames('{oops', 'null', '{}');
    await hostile.push('one', 'two');
    await hostile.hears('one', 'two');
  });

  const TRACKERS = {
    'knows no ids and says so by throwing': `{ id: 'bad', core: {}, getDomainUserInfo() { throw new Error('on purpose'); } }`,
    'has no ids': `{ id: 'bad', core: {}, getDomainUserInfo: () => undefined }`,
    'has ids of strange types': `{ id: 'bad', core: {}, getDomainUserInfo: () => [7, Symbol('id'), {}, [], null, 0, () => {}] }`,
    'has no functions': `{ id: 'bad' }`,
    'has no id': '{}',
    'has an id that is a number': '{ id: 7, core: {}, getDomainUserInfo: () => [] }',
    'is none': 'undefined',
    'refuses everything': `new Proxy({}, { get() { throw new Error('on purpose'); } })`,
    'cannot track': `{ id: 'bad', core: { track() { throw new Error('on purpose'); } }, getDomainUserInfo: () => hostile.tracker.getDomainUserInfo() }`,
  };
  test('by trackers, whatever they are', async ({ page, server, problems }) => {
    // The server refuses the strange ids.
    problems.expect(REPORTED, /status of 422/);
    const hostile = await HostilePage.open(page, server);
    await hostile.listen();
    await hostile.isOpen();
    const names: string[] = [];
    for (const [does, tracker] of Object.entries(TRACKERS)) {
      await test.step(`one that ${does}`, async () => {
        await hostile.run(
          `const plugin = signals.SignalsPlugin({ handlers: { any: () => {} } })`,
          `plugin.activateBrowserPlugin(${tracker})`,
          'signals.subscribeToInterventions({ endpoint: location.origin })',
          `for (const strange of [{}, { tna: 'bad' }, { tna: 7, duid: 7 }]) plugin.afterTrack(strange)`,
          'signals.stats()',
        );
        names.push(does);
        await hostile.push(does);
        await hostile.hears(...names);
        await hostile.run('signals.SignalsPlugin().deactivatePlugin(undefined)');
      });
    }
  });

  test('by frames with anything in them', async ({ page, server, problems }) => {
    problems.expect(REPORTED);
    const hostile = await HostilePage.open(page, server);
    await hostile.listen();
    await hostile.isOpen();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    await hostile.frames(
      '',
      '{oops',
      'null',
      '7',
      '"text"',
      '[{"name": "listed"}]',
      '{"attributes": {}}',
      '{"name": null}',
      '{"name": 7}',
      '{"name": {"toString": 7}}',
      deep,
      `{"name": "ok 1", "attributes": ${deep}}`,
      '{"name": "ok 2", "attributes": 7, "intervention_id": {"toString": 7}, "version": [], "target_attribute_key": "x"}',
      '{"name": "ok 3", "attributes": {"__proto__": {"polluted": true}, "constructor": null}, "intervention_id": "__proto__"}',
      '{"__proto__": {"name": "inherited"}, "name": "ok 4", "then": 7, "toJSON": 7}',
      '{"name": "", "intervention_id": "\\ud800\\u0000"}',
    );
    await hostile.events('event: hello\ndata: {oops', 'event: hello\ndata: null', 'event: hello\ndata: []');
    await hostile.events('event: hello\ndata: {"keep_alive_ms": -1, "resume_param": {"toString": 7}}');
    await hostile.events('event: ping\ndata', 'event: error\ndata: {}', 'event: open\ndata: 7', 'retry: x');
    await hostile.push('at last');
    await hostile.hears('ok 1', 'ok 2', 'ok 3', 'ok 4', '', 'at last');
    expect(await page.evaluate(() => 'polluted' in {})).toBe(false);
  });

  const STORAGE = {
    'is not allowed': `Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('on purpose', 'SecurityError'); } })`,
    'is full': `Storage.prototype.setItem = () => { throw new DOMException('on purpose', 'QuotaExceededError'); }`,
    'holds garbage': `Storage.prototype.getItem = () => '\\ud800\\u0000{oops\\n\\n\\t,;'`,
    'is missing': `Object.defineProperty(window, 'sessionStorage', { value: undefined })`,
  };
  for (const [how, code] of Object.entries(STORAGE)) {
    test(`where storage ${how}`, async ({ page, server, problems }) => {
      // What the tracker says of it.
      problems.expect(/Failed to (persist|access)/);
      await page.addInitScript(code);
      const hostile = await HostilePage.open(page, server);
      await hostile.listen();
      await hostile.isOpen();
      await hostile.push('one');
      await hostile.hears('one');
      // This is when positions are remembered.
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
      await hostile.isOpen();
      await hostile.push('two');
      await hostile.hears('one', 'two');
    });
  }

  for (const api of ['navigator.locks', 'BroadcastChannel', 'requestIdleCallback', 'sessionStorage']) {
    test(`in a browser without ${api}`, async ({ page, server }) => {
      await page.addInitScript(without(api));
      const hostile = await HostilePage.open(page, server);
      await hostile.listen();
      await hostile.isOpen();
      await hostile.push('one');
      await hostile.hears('one');
    });
  }

  for (const api of ['WebAssembly', 'EventSource', 'MessageChannel', 'fetch']) {
    test(`in a browser without ${api}, which the plugin cannot do without: it says so`, async ({
      page,
      server,
      problems,
    }) => {
      problems.expect(REPORTED);
      await page.addInitScript(without(api));
      const hostile = await HostilePage.open(page, server, { tracker: { customFetch: undefined } });
      await hostile.listen();
      await expect.poll(() => hostile.complaints()).not.toEqual([]);
    });
  }

  test('by any argument of any function, before and after it is loaded', async ({
    page,
    server,
    problems,
  }) => {
    problems.expect(REPORTED, /status of 422/, /Request timed out/);
    const hostile = await HostilePage.open(page, server);
    expect(await hostile.callWithAnything()).toEqual([]);
    await page.evaluate(() => window.hostile.signals.ready);
    expect(await hostile.callWithAnything()).toEqual([]);
    await hostile.run('signals.subscribeToInterventions({ endpoint: location.origin }, ["sp"])');
    await hostile.listen();
    await hostile.isOpen();
    await hostile.push('one');
    await hostile.hears('one');
  });
});

/** Source that takes an API of the browser away. */
function without(api: string): string {
  const [name, owner = 'window'] = api.split('.').reverse();
  const object = owner === 'window' ? 'window' : 'Navigator.prototype';
  return `Object.defineProperty(${object}, '${name}', { value: undefined, configurable: true, writable: true });`;
}

// The browser hands out all frames that it has read from the network in one task of its own, however many they are.
test.describe('the plugin computes for less than 5 ms at a time while 2,000 instances arrive at once', () => {
  /** Opens the page, lets everything be compiled as on one that has been open for a while, and sends the instances. */
  async function longest(hostile: HostilePage): Promise<number> {
    await hostile.listen();
    await hostile.isOpen();
    await hostile.burst(500);
    // Garbage that others left may be collected during any call: the calmest burst counts.
    const bursts: number[] = [];
    for (let burst = 0; burst < 3; burst++) {
      const calls = await callsOf(hostile.page, /\/signals\//, () => hostile.burst(2_000));
      expect(calls.length).toBeGreaterThan(2_000);
      bursts.push(Math.max(...calls));
    }
    return Math.min(...bursts);
  }

  const OFF = { delivery: false, dispatch_accept: false, dispatch_error: false };

  test('when nothing is measured', async ({ page, server }) => {
    const hostile = await HostilePage.open(page, server, { plugin: { measurement: OFF } });
    expect(await longest(hostile)).toBeLessThan(5);
  });

  test('when each is measured, apart from what the tracker makes of that', async ({ page, server }) => {
    const hostile = await HostilePage.open(page, server);
    await hostile.run('hostile.tracker.core.track = () => undefined');
    expect(await longest(hostile)).toBeLessThan(5);
  });
});

test.describe('no more of a Content-Security-Policy is needed than WebAssembly and the endpoint', () => {
  test('where scripts are trusted types and styles forbidden, banners and all', async ({ page, server }) => {
    await page.addInitScript(() => {
      const violations: string[] = [];
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        violations.push(`${violatedDirective} ${blockedURI}`),
      );
      Object.assign(window, { violations });
    });
    const hostile = await HostilePage.open(page, server);
    await hostile.run(
      `signals.addInterventionHandlers({ banner: signals.bannerHandler({
        templates: { discount: { message: '10% off for {count_product_views} views', code: 'SAVE10' } },
      }) })`,
    );
    await hostile.listen();
    await hostile.isOpen();
    await server.push(
      'discount',
      await page.evaluate(() => window.hostile.tracker.getDomainUserId()),
      'domain_userid',
      { count_product_views: 4 },
    );
    const banner = page.getByRole('status');
    await expect(banner).toContainText('SAVE10');
    await banner.getByRole('button', { name: 'Close' }).click();
    await expect(banner).toHaveCount(0);
    expect(await page.evaluate('window.violations')).toEqual([]);
  });

  for (const file of readdirSync(inProject('dist')).filter((name) => name.endsWith('.js'))) {
    test(`${file} makes no code, markup or inline style of texts`, () => {
      const code = readFileSync(inProject('dist', file), 'utf8');
      const found = code.match(
        // "Function(name)" is how wasm-bindgen describes a function in a message.
        /\beval\(|\bFunction\((?!\$\{)|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|srcdoc|["'`]style["'`]|cssText/g,
      );
      expect(found).toBeNull();
    });
  }
});

test('ids appear in messages at the level debug only', async ({ page, server, problems }) => {
  problems.expect(REPORTED, /status of 422/, /status of 503/, /failed request/);
  const messages: { level: string; text: string }[] = [];
  page.on('console', (message) => messages.push({ level: message.type(), text: message.text() }));
  const ids = { user_id: 'ada-lovelace' };
  const hostile = await HostilePage.open(page, server, {
    config: { attributeKeyIds: ids },
  });
  // Of every level, whatever the tracker would let through.
  await hostile.run('signals.SignalsPlugin().logger(console)');
  await hostile.isOpen();
  await server.fault({ status: 503, times: 3 });
  await hostile.frames('{oops', '{"attributes": {"user_id": "ada-lovelace"}}');
  await hostile.run(
    `signals.addInterventionHandlers({ bad: 7, worse: () => { throw new Error('on purpose'); } })`,
    `signals.subscribeToInterventions({ endpoint: '//', attributeKeyIds: { user_id: 'ada-lovelace' } })`,
    `signals.subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: ['ada-lovelace'] })`,
    `signals.subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { user_id: { name: 'ada-lovelace' } } })`,
    `signals.subscribeToInterventions({ endpoint: location.origin, attributeKeyIds: { user_id: 'ada-lovelace-2' } })`,
  );
  await expect.poll(() => problems.count(/retrying|Failed to load/)).toBeGreaterThan(0);
  await hostile.listen();
  await expect
    .poll(() => page.evaluate(() => window.hostile.states.at(-1)), { timeout: 20_000 })
    .toBe('open');
  await hostile.push('one');
  await hostile.hears('one');

  const [, domainUserId, , , , , sessionId] = await page.evaluate(() =>
    window.hostile.tracker.getDomainUserInfo(),
  );
  const secrets = [...Object.values(ids), String(domainUserId), String(sessionId)];
  const telling = messages.filter(
    ({ text }) => text.includes('[SignalsPlugin') && secrets.some((secret) => text.includes(secret)),
  );
  expect(new Set(telling.map(({ level }) => level))).toEqual(new Set(['debug']));
  expect(messages.some(({ level, text }) => level === 'warning' && text.includes('[SignalsPlugin'))).toBe(
    true,
  );
});

test('nothing is requested but the plugin, the stream, and what the tracker sends', async ({
  page,
  server,
  problems,
}) => {
  problems.expect(/status of 503/, /ERR_ABORTED/);
  const requested = new Set<string>();
  page.on('request', (request) => {
    const { origin, protocol, pathname } = new URL(request.url());
    if (protocol !== 'data:') requested.add(origin === server.origin ? pathname : request.url());
  });
  const hostile = await HostilePage.open(page, server);
  await hostile.listen();
  await hostile.isOpen();
  await hostile.push('one');
  await hostile.hears('one');
  await server.fault({ status: 503, times: 1 });
  await page.evaluate(() => {
    for (const event of ['offline', 'online']) dispatchEvent(new Event(event));
  });
  await expect
    .poll(() => page.evaluate(() => window.hostile.states.at(-1)), { timeout: 20_000 })
    .toBe('open');
  await page.reload();
  await hostile.isOpen();
  expect([...requested].sort()).toEqual([
    '/api/v1/interventions',
    '/bare.html',
    '/bare.js',
    '/com.snowplowanalytics.snowplow/tp2',
    '/signals/core.js',
    '/signals/signals-interventions.js',
    '/signals/signals-interventions.wasm',
  ]);
});

test('in Node, importing does nothing, no call throws, and nothing keeps the process alive', async () => {
  const script = `
    const { subscribeToInterventions, ...signals } = await import(${JSON.stringify(inProject('dist/index.js'))});
    const { bannerHandler } = await import(${JSON.stringify(inProject('dist/banner.js'))});
    const before = JSON.stringify(Object.keys(globalThis));
    const plugin = signals.SignalsPlugin({ handlers: { banner: bannerHandler({ templates: {} }) } });
    plugin.activateBrowserPlugin({});
    plugin.afterTrack({});
    subscribeToInterventions({ endpoint: 'signals.example.com' });
    signals.addInterventionHandlers({ log: () => {} });
    signals.removeInterventionHandlers('log');
    signals.unsubscribeFromInterventions();
    signals.onConnectionChange(() => {})();
    signals.createInterventionsClient({ endpoint: 'signals.example.com', attributeKeyIds: { user_id: 'ada' } }).close();
    await signals.init();
    console.log(JSON.stringify(signals.stats()), String(JSON.stringify(Object.keys(globalThis)) === before));
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 30_000,
  });
  expect(await run).toEqual({ stdout: '{} true\n', stderr: '' });
});
