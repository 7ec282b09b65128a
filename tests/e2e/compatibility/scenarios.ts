import { type Connection, instance, type Storefront } from './storefront';

/** Something that happens to a storefront, and what its plugin makes of it. */
export interface Scenario {
  /** What happens. */
  title: string;
  /** What the successive connections to the server do. */
  connections: Connection[];
  /** Lets it happen, and says what was seen. */
  observe: (store: Storefront) => Promise<string>;
}

const ALL_WELL: Connection = { frames: [instance('one')] };
const KEEP: Connection = {};
const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const HELLO =
  'id: 0\nevent: hello\ndata:{"server":"x","resume_param":"last_event_id","keep_alive_ms":15000}\n\n';

/** Whether the plugin recovers from whatever its first connection met. */
async function recovery(store: Storefront): Promise<string> {
  await store.startAll();
  if (await store.receives(1)) return 'Retries and receives the intervention.';
  const requests = (await store.requests()).length;
  return requests === 1
    ? 'Gives up and sends no further request.'
    : `Receives nothing after ${requests} requests.`;
}

async function callsAfter(store: Storefront, ...frames: string[]): Promise<string[]> {
  await store.startAll();
  await store.waitFor(async () => (await store.requests()).some(({ open }) => open));
  await store.send(...frames);
  await store.receives(1, 5_000);
  // Whatever else the frames cause has its time to happen.
  await store.passTime(2_000);
  return store.calls();
}

/** Everything that is compared, in the order of the document. */
export const SCENARIOS: Scenario[] = [
  {
    title: 'The server answers the first request with 503',
    connections: [{ status: 503 }, ALL_WELL],
    observe: recovery,
  },
  {
    title: 'The server answers the first request with 204',
    connections: [{ status: 204 }, ALL_WELL],
    observe: recovery,
  },
  {
    title: 'A proxy answers the first request with an HTML page',
    connections: [{ contentType: 'text/html', end: 'close' }, ALL_WELL],
    observe: recovery,
  },
  {
    title: 'The server does not answer within `connectionTimeoutMs`',
    connections: [{ end: 'hang' }, ALL_WELL],
    observe: recovery,
  },
  {
    title: 'The connection breaks and the next two requests get 503',
    connections: [{ end: 'drop' }, { status: 503 }, { status: 503 }, ALL_WELL],
    observe: async (store) => {
      await store.startAll();
      // The browser itself makes the second request, in its own time.
      await store.waitFor(async () => (await store.requests()).length >= 2);
      return (await store.receives(1)) ? 'Retries and receives the intervention.' : 'Gives up.';
    },
  },
  {
    title: 'The server announces its keep-alive interval, then falls silent',
    connections: [{ frames: [HELLO] }, ALL_WELL],
    observe: async (store) => {
      await store.startAll();
      await store.waitFor(async () => (await store.requests()).some(({ open }) => open));
      const receives = await store.receives(1);
      return receives ? 'Reconnects after three intervals and receives the intervention.' : 'Waits forever.';
    },
  },
  {
    title: 'A message is not JSON; the next one is an intervention',
    connections: [KEEP],
    observe: async (store) => {
      const errors: Error[] = [];
      store.page.on('pageerror', (error) => errors.push(error));
      const calls = await callsAfter(store, 'data: {oops\n\n', instance('one'));
      const next = calls.includes('first one') ? 'delivers the next one' : 'loses the next one';
      return errors.length > 0 ? `Throws an uncaught error; ${next}.` : `Logs a warning; ${next}.`;
    },
  },
  {
    title: 'A message is `null`; the next one is an intervention',
    connections: [KEEP],
    observe: async (store) => {
      const errors: Error[] = [];
      store.page.on('pageerror', (error) => errors.push(error));
      const calls = await callsAfter(store, 'data: null\n\n', instance('one'));
      const next = calls.includes('first one') ? 'delivers the next one' : 'loses the next one';
      return errors.length > 0 ? `Throws an uncaught error; ${next}.` : `Logs a warning; ${next}.`;
    },
  },
  {
    title: 'An intervention has no `attributes`',
    connections: [KEEP],
    observe: async (store) => {
      await callsAfter(store, instance('one', { attributes: undefined }));
      const received = await store.page.evaluate(() => window.store.received as { attributes?: object }[]);
      if (received.length === 0) return 'Loses it.';
      const [{ attributes } = {}] = received;
      return `Delivers it with \`attributes\` ${attributes ? `\`${JSON.stringify(attributes)}\`` : 'missing'}.`;
    },
  },
  {
    title: 'An intervention has unknown fields',
    connections: [KEEP],
    observe: async (store) => {
      await callsAfter(store, instance('one', { colour: 'red' }));
      const received = await store.page.evaluate(() => window.store.received as { colour?: string }[]);
      return received[0]?.colour === 'red' ? 'Passes them to the handler.' : 'Loses them.';
    },
  },
  {
    title: 'The server sends the same intervention twice',
    connections: [KEEP],
    observe: async (store) => {
      const calls = await callsAfter(store, instance('one'), instance('one'));
      return `Delivers it ${times(calls.length)}.`;
    },
  },
  {
    title: 'The page is reloaded and the server sends the intervention again',
    connections: [ALL_WELL],
    observe: async (store) => {
      await store.startAll();
      await store.receives(1);
      await store.page.reload();
      await store.startAll();
      await store.waitFor(async () => (await store.requests()).length === 2);
      await store.passTime(5_000);
      return `Delivers it ${times(1 + (await store.calls()).length)}.`;
    },
  },
  {
    title: 'An intervention arrives before a handler is registered',
    connections: [ALL_WELL],
    observe: async (store) => {
      await store.page.evaluate(() => {
        window.store.startTracker();
        window.store.subscribe({ user_id: 'ada' });
      });
      await store.waitFor(async () => (await store.requests()).some(({ open }) => open));
      await store.passTime(5_000);
      await store.page.evaluate(() => window.store.addHandler('late'));
      return (await store.receives(1, 5_000)) ? 'Keeps it for the handler.' : 'Loses it.';
    },
  },
  {
    title: 'An id changes (the user logs in) while the server is slow',
    connections: [KEEP, { end: 'hang' }],
    observe: async (store) => {
      await store.startAll();
      await store.waitFor(async () => (await store.requests()).some(({ open }) => open));
      await store.page.evaluate(() => window.store.subscribe({ user_id: 'grace' }));
      await store.waitFor(async () => (await store.requests()).length === 2);
      await store.send(instance('meanwhile'));
      return (await store.receives(1, 2_000))
        ? 'Delivers from the old stream until the new one is open.'
        : 'Loses interventions until the new stream is open.';
    },
  },
  {
    title: 'A shopper has three tabs open',
    connections: [KEEP],
    observe: async (store) => {
      const tabs = [store, await store.anotherTab(), await store.anotherTab()];
      for (const tab of tabs) {
        await tab.startAll();
        await tab.waitFor(async () => (await tab.requests()).some(({ open }) => open));
        // Tabs have their time to hear of each other.
        await tab.passTime(3_000);
      }
      await store.send(instance('one'));
      for (const tab of tabs) await tab.receives(1, 5_000);
      const calls = await Promise.all(tabs.map((tab) => tab.calls()));
      const once = calls.every((calls) => calls.length === 1)
        ? 'each tab delivers once'
        : 'not every tab delivers once';
      const open = (await store.requests()).filter(({ open }) => open).length;
      for (const tab of tabs.slice(1)) await tab.page.close();
      return `${open === 1 ? 'Shares one connection' : `Opens ${open} connections`}; ${once}.`;
    },
  },
  {
    title: 'A handler throws',
    connections: [KEEP],
    observe: async (store) => {
      await store.page.evaluate(() => window.store.startTracker());
      await store.page.evaluate(() => window.store.addHandler('broken', 'throw'));
      const calls = await callsAfter(store, instance('one'), instance('two'));
      const others = calls.filter((call) => call.startsWith('first')).length;
      return others === 2
        ? 'Calls the other handlers and delivers later interventions.'
        : 'Skips other handlers or later interventions.';
    },
  },
  {
    title: 'A handler is called `__proto__`',
    connections: [KEEP],
    observe: async (store) => {
      await store.page.evaluate(() => window.store.startTracker());
      await store.page.evaluate(() => window.store.addHandler('__proto__'));
      const calls = await callsAfter(store, instance('one'));
      return calls.includes('__proto__ one') ? 'Calls it like any other.' : 'Never calls it.';
    },
  },
  {
    title: 'The page registers handlers and subscribes before it creates a tracker',
    connections: [ALL_WELL],
    observe: async (store) => {
      await store.page.evaluate(() => {
        window.store.addHandler('early');
        window.store.subscribe({ user_id: 'ada' });
        window.store.startTracker();
      });
      return (await store.receives(1, 10_000)) ? 'Applies them to the tracker.' : 'Ignores them.';
    },
  },
  {
    title: 'The page passes a `fetcher`',
    connections: [KEEP],
    observe: async (store) => {
      await store.page.evaluate(() => {
        const told: string[] = [];
        window.store.fetcherTold = told;
        window.store.startTracker({
          fetcher: (tracker: { id: string }, dispatch: (instance: object, tracker: object) => void) => ({
            configure: ({ attributeKeyIds }: { attributeKeyIds: { user_id: string } }) => {
              told.push(attributeKeyIds.user_id);
              dispatch({ intervention_id: 'own', name: 'offer', version: 1, attributes: {} }, tracker);
            },
            update: ({ e }: { e: string }) => told.push(e),
          }),
        });
        window.store.addHandler('first');
        window.store.subscribe({ user_id: 'ada' });
      });
      await store.receives(1, 10_000);
      await store.page.evaluate(() => window.store.trackPageView());
      const told = await store.page.evaluate(() => window.store.fetcherTold);
      const isTold = told.includes('ada') && told.includes('pv');
      const configures = isTold ? 'Configures it and passes it events' : 'Tells it too little';
      const calls = await store.calls();
      const requests = (await store.requests()).length;
      const delivers = calls.includes('first own') ? 'delivers its interventions' : 'loses its interventions';
      return `${configures}, ${delivers}, and opens ${requests === 0 ? 'no stream' : 'a stream too'}.`;
    },
  },
  {
    title: 'An id is the nil UUID, which every anonymous tracker sends',
    connections: [KEEP],
    observe: async (store) => {
      await store.page.evaluate((domain_userid) => {
        window.store.startTracker();
        window.store.addHandler('first');
        window.store.subscribe({ domain_userid });
      }, NIL_UUID);
      await store.waitFor(async () => (await store.requests()).length > 0);
      const [request] = await store.requests();
      return request?.query.includes(NIL_UUID)
        ? 'Subscribes to the interventions of all anonymous users.'
        : 'Ignores the id.';
    },
  },
  {
    title: 'A handler succeeds',
    connections: [KEEP],
    observe: async (store) => {
      const tracked = trackedEvents(store);
      await callsAfter(store, instance('one'));
      // The tracker sends one event after the other, as fast as the collector answers.
      await store.waitFor(async () => tracked.length >= 2);
      return `Tracks ${names(tracked)}.`;
    },
  },
  {
    title: 'A handler rejects',
    connections: [KEEP],
    observe: async (store) => `Tracks ${names(await trackedOfRejection(store))}.`,
  },
];

/** The events about an instance whose only handler rejects. */
export async function trackedOfRejection(store: Storefront): Promise<TrackedEvent[]> {
  const tracked = trackedEvents(store);
  await store.page.evaluate(() => {
    window.store.startTracker();
    window.store.addHandler('broken', 'reject');
    window.store.subscribe({ user_id: 'ada' });
  });
  await store.waitFor(async () => (await store.requests()).some(({ open }) => open));
  await store.send(instance('one'));
  await store.receives(1, 5_000);
  await store.passTime(2_000);
  await store.waitFor(async () => tracked.length >= 2);
  return tracked;
}

const times = (count: number) => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);

/** A self-describing event as the tracker sent it, with the entity that describes the intervention. */
export interface TrackedEvent {
  schema: string;
  data: object;
  instance: { schema: string; data: object } | undefined;
}

/** Notes the self-describing events that the page's tracker sends from now on. */
function trackedEvents(store: Storefront): TrackedEvent[] {
  const events: TrackedEvent[] = [];
  store.page.on('request', (request) => {
    if (!request.url().includes('/com.snowplowanalytics.snowplow/tp2')) return;
    for (const { e, ue_pr, co } of request.postDataJSON().data) {
      if (e !== 'ue') continue;
      const entities: { schema: string; data: object }[] = JSON.parse(co).data;
      const instance = entities.find(({ schema }) => schema.includes('/intervention_instance/'));
      events.push({ ...JSON.parse(ue_pr).data, instance });
    }
  });
  return events;
}

const names = (events: TrackedEvent[]) =>
  events.map(({ schema }) => `\`${schema.split('/')[1]}\``).join(', then ');
