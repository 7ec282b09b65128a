import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Core, CoreModule } from '../../js/facade/core.js';

const CALLS = [
  'setLogger',
  'activate',
  'deactivate',
  'afterTrack',
  'subscribe',
  'unsubscribe',
  'addHandlers',
  'deliver',
  'removeHandlers',
  'addConnectionListener',
  'removeConnectionListener',
  'stats',
] as const;

/** A core that writes down what it is asked to do. */
function recordingCore() {
  const calls: [string, ...unknown[]][] = [];
  const record = (name: string, ...args: unknown[]) => void calls.push([name, ...args]);
  const core = {
    ...Object.fromEntries(CALLS.map((name) => [name, (...args: unknown[]) => record(name, ...args)])),
    createClient(id: string, ...args: unknown[]) {
      record('createClient', id, ...args);
      const recorded = (name: string) => [name, (...args: unknown[]) => record(`${id}.${name}`, ...args)];
      return Object.fromEntries(['addHandlers', 'removeHandlers', 'close'].map(recorded));
    },
  };
  return { core: core as unknown as Core, calls, names: () => calls.map(([name]) => name) };
}

/** The facade as a fresh page gets it, with a core that starts when the test says so. */
async function freshFacade() {
  vi.resetModules();
  const api = await import('../../js/api.js');
  const { loadFrom } = await import('../../js/facade/loader.js');
  const recording = recordingCore();
  const importCore = vi.fn(async (): Promise<CoreModule> => ({ start: async () => recording.core }));
  loadFrom({ importCore, wasmUrl: () => 'https://shop.example/plugin.wasm' });
  return { api, importCore, ...recording };
}

const logger = () => ({ setLogLevel() {}, info() {}, debug() {}, warn: vi.fn(), error: vi.fn() });
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
/** Resolves when every promise that has been kept or broken so far has told so. */
const settled = () => new Promise((resolve) => setTimeout(resolve));
const tracker = { id: 'sp1' } as never;
const config = { endpoint: 'signals.example' };

beforeEach(() => {
  vi.stubGlobal('document', { baseURI: 'https://shop.example/' });
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(EMPTY_MODULE, { headers: { 'Content-Type': 'application/wasm' } })),
  );
});

afterEach(() => vi.unstubAllGlobals());

describe('the public functions', () => {
  it('have the arity that the tag-based tracker relies on', async () => {
    const { api } = await freshFacade();
    expect(api.subscribeToInterventions.length).toBe(1);
    expect(api.addInterventionHandlers.length).toBe(1);
    expect(api.removeInterventionHandlers.length).toBe(1);
    expect(api.onConnectionChange.length).toBe(1);
    expect(api.unsubscribeFromInterventions.length).toBe(0);
    expect(api.SignalsInterventionsPlugin).toBe(api.SignalsPlugin);
  });

  it('load nothing before the plugin is made', async () => {
    const { api, importCore } = await freshFacade();
    api.addInterventionHandlers({ banner: () => {} });
    api.onConnectionChange(() => {});
    expect(importCore).not.toHaveBeenCalled();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('request both files once when the plugin is made, and start nothing before the page subscribes', async () => {
    const { api, importCore, calls } = await freshFacade();
    api.SignalsPlugin().activateBrowserPlugin?.(tracker);
    api.SignalsPlugin();
    expect(importCore).toHaveBeenCalledTimes(1);
    expect(fetch).toHaveBeenCalledTimes(1);
    await settled();
    expect(calls).toEqual([]);
    api.subscribeToInterventions(config);
    await api.ready;
    expect(calls.map(([name]) => name)).toEqual(['activate', 'subscribe']);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['failed', () => Promise.reject(new Error('offline'))],
    ['was answered with an error', async () => new Response('', { status: 503 })],
  ])('request again, when the page subscribes, what %s when the plugin was made', async (_, answer) => {
    vi.mocked(fetch).mockImplementationOnce(answer);
    const { api, importCore } = await freshFacade();
    const log = logger();
    importCore.mockRejectedValueOnce(new Error('offline'));
    api.SignalsPlugin().logger?.(log);
    await settled();
    api.subscribeToInterventions(config);
    await api.ready;
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(log.error).not.toHaveBeenCalled();
  });

  it('load script and WebAssembly at once and once', async () => {
    const { api, importCore } = await freshFacade();
    api.subscribeToInterventions(config);
    api.subscribeToInterventions(config);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch).toHaveBeenCalledWith('https://shop.example/plugin.wasm');
    expect(importCore).toHaveBeenCalledTimes(1);
  });
});

describe('calls made before the core runs', () => {
  it('are replayed in order', async () => {
    const { api, calls } = await freshFacade();
    const plugin = api.SignalsPlugin();
    const handlers = { banner: () => {} };
    api.addInterventionHandlers(handlers);
    plugin.activateBrowserPlugin?.(tracker);
    api.subscribeToInterventions(config, ['sp1']);
    api.removeInterventionHandlers('banner');
    api.unsubscribeFromInterventions();
    expect(calls).toEqual([]);
    await api.ready;
    expect(calls).toEqual([
      ['addHandlers', handlers, null],
      ['activate', tracker, {}, undefined],
      ['subscribe', config, ['sp1']],
      ['removeHandlers', 'banner', null],
      ['unsubscribe', null],
    ]);
  });

  it('keep only the latest events, and show them after everything else', async () => {
    const { api, calls, names } = await freshFacade();
    const plugin = api.SignalsPlugin();
    for (let index = 0; index < 60; index += 1) plugin.afterTrack?.({ eid: String(index) });
    plugin.activateBrowserPlugin?.(tracker);
    await api.init();
    expect(names()).toEqual(['activate', ...Array(50).fill('afterTrack')]);
    expect(calls[1]).toEqual(['afterTrack', { eid: '10' }]);
    expect(calls.at(-1)).toEqual(['afterTrack', { eid: '59' }]);
  });

  it('go straight through afterwards', async () => {
    const { api, names } = await freshFacade();
    await api.init();
    api.unsubscribeFromInterventions();
    expect(names()).toEqual(['unsubscribe']);
  });

  it('do not lose their successors when one of them fails in the core', async () => {
    const { api, core, names } = await freshFacade();
    const log = logger();
    api.SignalsPlugin().logger?.(log);
    core.addHandlers = () => {
      throw new Error('trap');
    };
    api.addInterventionHandlers({});
    api.unsubscribeFromInterventions();
    await api.init();
    expect(names()).toEqual(['setLogger', 'unsubscribe']);
    expect(log.error).toHaveBeenCalledTimes(1);
  });
});

describe('a client without a tracker', () => {
  const received = { endpoint: 'signals.example', attributeKeyIds: { user_id: 'ada' } };

  it('is made, used and closed under an id of its own', async () => {
    const { api, calls, names } = await freshFacade();
    const [first, second] = [
      api.createInterventionsClient(received),
      api.createInterventionsClient(received),
    ];
    const handlers = { banner: () => {} };
    first.addHandlers(handlers);
    first.removeHandlers('banner');
    await api.ready;
    second.close();
    second.close();
    expect(names()).toEqual([
      ...['createClient', 'createClient'],
      ...['client:1.addHandlers', 'client:1.removeHandlers', 'client:2.close'],
    ]);
    expect(calls[0]?.slice(0, 3)).toEqual(['createClient', 'client:1', received]);
    expect(calls[1]?.slice(0, 3)).toEqual(['createClient', 'client:2', received]);
    expect(calls[2]?.[1]).toBe(handlers);
    expect([first.state, second.state]).toEqual(['idle', 'closed']);
  });

  it('that was closed before the core runs is never made', async () => {
    const { api, names } = await freshFacade();
    const client = api.createInterventionsClient(received);
    client.addHandlers({ banner: () => {} });
    client.close();
    await api.ready;
    expect(names()).toEqual([]);
  });

  it('tells its state to listeners, the present one first, until they stop or it is closed', async () => {
    const { api, calls } = await freshFacade();
    const client = api.createInterventionsClient(received);
    await api.ready;
    const tell = calls.find(([name]) => name === 'createClient')?.[3] as (change: object) => void;
    const states: string[] = [];
    const stop = client.onConnectionChange(({ state }) => states.push(state));
    tell({ trackerId: 'client:1', state: 'open', attempt: 0 });
    expect(client.state).toBe('open');
    stop();
    client.close();
    expect(states).toEqual(['idle', 'open']);
    expect(client.state).toBe('closed');
  });
});

describe('stats', () => {
  it('are empty until the core runs, and then what it counts', async () => {
    const { api, core } = await freshFacade();
    core.stats = () => ({ sp1: { received: 1 } }) as never;
    expect(api.stats()).toEqual({});
    await api.init();
    expect(api.stats()).toEqual({ sp1: { received: 1 } });
  });
});

describe('onConnectionChange', () => {
  it('stops exactly the registration that it was called for', async () => {
    const { api, calls } = await freshFacade();
    const listener = vi.fn();
    const stop = api.onConnectionChange(listener);
    api.onConnectionChange(listener);
    stop();
    await api.init();
    const [first, second, removed] = calls.map(([, registered]) => registered);
    expect(removed).toBe(first);
    expect(removed).not.toBe(second);
  });
});

describe('a core that cannot be loaded', () => {
  it('is reported once through the tracker logger, and calls keep being harmless', async () => {
    const { api, importCore } = await freshFacade();
    const log = logger();
    api.SignalsPlugin().logger?.(log);
    importCore.mockRejectedValue(new Error('core.js answered with status 404'));
    api.subscribeToInterventions(config);
    api.addInterventionHandlers({});
    await expect(api.init()).rejects.toThrow('404');
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(String(log.error.mock.calls[0]?.[1])).toContain('404');
  });

  it('is tried again by the next subscription, which then catches up', async () => {
    const { api, importCore, names } = await freshFacade();
    api.SignalsPlugin().logger?.(logger());
    importCore.mockRejectedValueOnce(new Error('offline'));
    await expect(api.init()).rejects.toThrow('offline');
    api.subscribeToInterventions(config);
    await api.ready;
    expect(names()).toEqual(['setLogger', 'subscribe']);
  });
});

describe('a fetcher', () => {
  const sp1 = { id: 'sp1', namespace: 'sp1', core: {} } as never;
  const instance = { intervention_id: 'a', name: 'offer', version: 1, attributes: {} };

  /** A page whose tracker has a plugin with a fetcher that writes down what it is told. */
  async function pageWithFetcher() {
    const facade = await freshFacade();
    const told: unknown[] = [];
    let dispatch: (instance: never, tracker?: never) => void = () => {};
    const factory = vi.fn((_tracker: unknown, given: typeof dispatch) => {
      dispatch = given;
      return fetcher;
    });
    const fetcher = {
      configure: (given: unknown) => void told.push(given),
      update: (...given: unknown[]) => void told.push(...given),
    };
    const plugin = facade.api.SignalsPlugin({ fetcher: factory });
    plugin.activateBrowserPlugin?.(sp1);
    return { ...facade, plugin, factory, told, dispatch: dispatch as (...given: unknown[]) => void };
  }

  it('is made for the tracker at once, and configured when the core passes the configuration on', async () => {
    const { api, factory, calls, told } = await pageWithFetcher();
    expect(factory).toHaveBeenCalledWith(sp1, expect.any(Function));
    await api.init();
    const [, , , configure] = calls.find(([name]) => name === 'activate') ?? [];
    (configure as (config: unknown) => void)(config);
    expect(told).toEqual([config]);
  });

  it('sees the events of its tracker, and the core only those of others', async () => {
    const { api, plugin, calls, told } = await pageWithFetcher();
    await api.init();
    plugin.afterTrack?.({ e: 'pv', tna: 'sp1' });
    plugin.afterTrack?.({ e: 'pv', tna: 'sp2' });
    expect(told).toEqual([{ e: 'pv', tna: 'sp1' }]);
    expect(calls).toContainEqual(['afterTrack', { e: 'pv', tna: 'sp2' }]);
    expect(calls).not.toContainEqual(['afterTrack', { e: 'pv', tna: 'sp1' }]);
  });

  it('sees no events of a tracker that is gone', async () => {
    const { plugin, told } = await pageWithFetcher();
    plugin.deactivatePlugin?.({} as never);
    plugin.afterTrack?.({ e: 'pv', tna: 'sp1' });
    expect(told).toHaveLength(1);
    plugin.deactivatePlugin?.((sp1 as { core: never }).core);
    plugin.afterTrack?.({ e: 'pp', tna: 'sp1' });
    expect(told).toHaveLength(1);
  });

  it('delivers to its tracker or to the one that it names, and so starts the core', async () => {
    const { api, dispatch, calls } = await pageWithFetcher();
    await settled();
    expect(calls).toEqual([]);
    dispatch(Object.freeze(instance));
    dispatch(instance, { id: 'sp2' });
    await api.ready;
    const delivered = calls.filter(([name]) => name === 'deliver');
    expect(delivered).toEqual([
      ['deliver', instance, 'sp1'],
      ['deliver', instance, 'sp2'],
    ]);
    expect(Object.isFrozen(delivered[0]?.[1])).toBe(false);
  });

  it('that throws is reported and stops neither page nor plugin', async () => {
    const { api, calls } = await freshFacade();
    const log = logger();
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const failing = api.SignalsPlugin({
      fetcher: () => ({ configure: fail('no configuration'), update: fail('no update') }),
    });
    failing.logger?.(log);
    failing.activateBrowserPlugin?.(sp1);
    failing.afterTrack?.({ e: 'pv', tna: 'sp1' });
    await api.init();
    const [, , , configure] = calls.find(([name]) => name === 'activate') ?? [];
    (configure as (config: unknown) => void)(config);
    api.SignalsPlugin({ fetcher: fail('no fetcher') as never }).activateBrowserPlugin?.(sp1);
    expect(log.error.mock.calls.map(([, error]) => (error as Error).message)).toEqual([
      'no update',
      'no configuration',
      'no fetcher',
    ]);
    const [, , , missing] = calls.filter(([name]) => name === 'activate')[1] ?? [];
    expect(missing, 'without a fetcher there is the stream').toBeUndefined();
  });
});

describe('init', () => {
  it('takes the list of trackers that the tag-based tracker adds to every call for none of its own', async () => {
    const { api } = await freshFacade();
    await api.init(['sp1'] as never);
    expect(fetch).toHaveBeenCalledWith('https://shop.example/plugin.wasm');
  });

  it('loads from the address that it is given, whatever was requested before', async () => {
    const { api, importCore } = await freshFacade();
    api.SignalsPlugin();
    await api.init('/assets/plugin.wasm');
    expect(fetch).toHaveBeenCalledWith('https://shop.example/assets/plugin.wasm');
    expect(importCore).toHaveBeenCalledWith('https://shop.example/assets/plugin.wasm');
  });

  it('fetches nothing when it is given the bytes', async () => {
    const { api } = await freshFacade();
    await api.init(new Uint8Array([0, 0x61, 0x73, 0x6d]));
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('on a server', () => {
  beforeEach(() => vi.unstubAllGlobals());

  it('importing and calling does nothing and does not throw', async () => {
    const { api, importCore, names } = await freshFacade();
    api.SignalsPlugin().activateBrowserPlugin?.(tracker);
    api.addInterventionHandlers({ banner: () => {} });
    api.subscribeToInterventions(config);
    await api.init();
    expect(importCore).not.toHaveBeenCalled();
    expect(names()).toEqual([]);
  });
});
