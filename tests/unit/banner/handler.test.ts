import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BannerOptions, bannerHandler } from '../../../js/banner/index.js';
import type { Intervention } from '../../../js/types.js';

/** What stands in for the screen: as many banners as there is room for, and who waits for more. */
const screen = vi.hoisted(() => ({
  room: 0,
  banners: [] as { message: string; close: () => void; putOff: () => void }[],
  /** Whether banners get their text at once. */
  isQuick: true,
  wanted: new Set<() => void>(),
}));

vi.mock('../../../js/banner/banner.js', () => ({
  Banner: class {
    readonly message: string;
    readonly close: () => void;
    readonly putOff: () => void;
    readonly show: () => void;
    constructor({ message }: { message: string }, parts: Record<string, (reason?: string) => void>) {
      this.message = message;
      this.close = () => parts.onDismiss?.('close');
      this.putOff = () => parts.onPutOff?.();
      this.show = () => screen.isQuick && parts.onShow?.();
    }
  },
}));

vi.mock('../../../js/banner/stacks.js', () => ({
  stackAt: () => ({
    add: (banner: (typeof screen.banners)[number], onRoom: () => void) => {
      if (screen.banners.length < screen.room) return screen.banners.push(banner) > 0;
      screen.wanted.add(onRoom);
      return false;
    },
    remove: (banner: (typeof screen.banners)[number]) =>
      screen.banners.splice(screen.banners.indexOf(banner), 1),
  }),
}));

/** A storage of the browser. */
class FakeStorage {
  readonly items = new Map<string, string>();
  writes = 0;
  getItem = (key: string) => this.items.get(key) ?? null;
  removeItem = (key: string) => this.items.delete(key);
  setItem = (key: string, text: string) => {
    this.writes++;
    this.items.set(key, text);
  };
}

let local: FakeStorage;
let session: FakeStorage;
let page: { readyState: string };
let listeners: Record<string, () => void>;
let reported: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(screen, { room: 100, banners: [], isQuick: true });
  screen.wanted.clear();
  local = new FakeStorage();
  session = new FakeStorage();
  reported = [];
  page = { readyState: 'complete' };
  listeners = {};
  const addEventListener = (type: string, listener: () => void) => {
    listeners[type] = listener;
  };
  vi.stubGlobal('document', Object.assign(page, { documentElement: { lang: 'en' }, addEventListener }));
  vi.stubGlobal('localStorage', local);
  vi.stubGlobal('sessionStorage', session);
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const instance = (name: string, attributes: Intervention['attributes'] = {}): Intervention => ({
  intervention_id: `id of ${name}`,
  name,
  version: 1,
  attributes,
});

/** Says its name, unless `options` say otherwise. */
function handler(options: Partial<BannerOptions> = {}) {
  const skipped: string[] = [];
  const handle = bannerHandler({
    templates: ({ name }) => ({ message: name }),
    onSkip: ({ name }, reason) => skipped.push(`${name} ${reason}`),
    ...options,
  });
  return { skipped, handle: (...names: string[]) => names.forEach((name) => void handle(instance(name))) };
}

/** Lets what is due in this task happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);
const seen = () => screen.banners.map(({ message }) => message);

describe('what earlier pages left', () => {
  const leave = (...names: string[]) =>
    session.items.set('signals-banners.pending', JSON.stringify(names.map((name) => instance(name))));

  it('is taken up, however wrong the template of one has gone meanwhile', async () => {
    leave('gone wrong', 'fine');
    handler({ templates: ({ name }) => ({ message: name === 'fine' ? name : '' }) });
    await settle();
    expect(seen()).toEqual(['fine']);
    expect(reported).toEqual([new TypeError('templates.gone wrong.message must be a non-empty string')]);
  });

  it('is forgotten if there is no template for it any more', async () => {
    leave('old');
    handler({ templates: {} });
    await settle();
    expect([...session.items]).toEqual([]);
  });

  it('waits for the page to be parsed: before, there is nowhere to show it', async () => {
    leave('offer');
    page.readyState = 'loading';
    handler();
    await settle();
    expect(seen()).toEqual([]);
    listeners.DOMContentLoaded?.();
    await settle();
    expect(seen()).toEqual(['offer']);
  });
});

describe('instances that are deferred', () => {
  it('are kept as soon as this task is over', async () => {
    const { handle } = handler({ templates: () => 'defer' });
    await settle();
    handle('offer');
    await settle();
    expect(JSON.parse(session.items.get('signals-banners.pending') ?? '')).toEqual([instance('offer')]);
  });

  it('beyond the twentieth crowd out the oldest, and the page hears which', async () => {
    const { handle, skipped } = handler({ templates: () => 'defer' });
    for (let i = 0; i < 22; i++) handle(`n${i}`);
    expect(skipped).toEqual(['n0 crowded_out', 'n1 crowded_out']);
  });
});

describe('templates', () => {
  it('that a function answers are checked like others', () => {
    const { handle } = handler({ templates: () => ({ message: 'm', tone: 'loud' as 'info' }) });
    expect(() => handle('offer')).toThrow('templates.offer.tone must be one of');
  });

  it('are filled with numbers in the locale of the handler, whatever the language of the page', async () => {
    const formats = { total: { minimumFractionDigits: 2 } };
    const handle = bannerHandler({
      templates: { offer: { message: '{total}', formats } },
      locale: 'de-DE',
    });
    handle(instance('offer', { total: 1234.5 }));
    await settle();
    expect(seen()).toEqual(['1.234,50']);
  });
});

describe('how often a banner appears', () => {
  it('is for its template to say, before the handler', async () => {
    const { handle, skipped } = handler({
      templates: {
        rare: { message: 'rare', frequency: 'once' },
        often: { message: 'often', frequency: { everyMs: 1000 } },
        usual: { message: 'usual' },
      },
      frequency: 'session',
    });
    handle('rare', 'often', 'usual');
    await settle();
    expect(seen()).toEqual(['rare', 'often', 'usual']);
    for (const banner of [...screen.banners]) banner.close();
    vi.advanceTimersByTime(1000);
    handle('rare', 'often', 'usual');
    await settle();
    expect(seen()).toEqual(['often']);
    expect(skipped).toEqual(['rare frequency', 'usual frequency']);
  });

  it('takes no place from another: one that may not appear leaves its own', async () => {
    const { handle, skipped } = handler({ maxVisible: 1, frequency: 'once' });
    handle('offer');
    await settle();
    screen.banners[0]?.close();
    handle('offer', 'other');
    await settle();
    expect(skipped).toEqual(['offer frequency']);
    expect(seen()).toEqual(['other']);
  });
});

describe('storageKey', () => {
  it('is the prefix of all that is kept', async () => {
    const { handle } = handler({ storageKey: 'mine', maxVisible: 1, frequency: 'session' });
    handle('seen', 'waiting');
    await settle();
    expect([...local.items.keys()]).toEqual(['mine.appeared']);
    expect([...session.items.keys()].sort()).toEqual(['mine.appeared', 'mine.pending']);
  });
});

describe('turns', () => {
  it('are taken once for all that come together, which are written down once', async () => {
    const { handle } = handler({ maxVisible: 1 });
    await settle();
    handle('seen', 'one', 'two', 'three');
    await settle();
    expect(session.writes).toBe(1);
  });

  it('are given back with their priority where there is no room', async () => {
    const priorities: Record<string, number> = { seen: 0, first: 5, second: 3 };
    const { handle } = handler({
      templates: ({ name }) => ({ message: name, priority: priorities[name] ?? 0 }),
    });
    screen.room = 1;
    handle('seen');
    await settle();
    handle('first');
    await settle();
    handle('second');
    await settle();
    screen.room = 2;
    for (const tell of screen.wanted) tell();
    await settle();
    expect(seen()).toEqual(['seen', 'first']);
  });

  it('that found no room are taken when the stack says that there is some', async () => {
    const { handle } = handler();
    screen.room = 0;
    handle('one', 'two');
    await settle();
    expect(seen()).toEqual([]);
    expect(screen.wanted.size).toBe(1);
    screen.room = 2;
    for (const tell of screen.wanted) tell();
    await settle();
    expect(seen()).toEqual(['one', 'two']);
  });
});

describe('a banner that goes out of sight before its text has come', () => {
  const stored = () => [...local.items.keys()];

  it('waits again as the first, and comes when it can be seen', async () => {
    const { handle } = handler({ maxVisible: 1 });
    screen.isQuick = false;
    handle('first', 'second');
    await settle();
    screen.room = 0;
    screen.banners[0]?.putOff();
    await settle();
    expect(seen()).toEqual([]);
    expect(session.items.get('signals-banners.pending')).toMatch(/"first".*"second"/);
    screen.room = 1;
    for (const tell of screen.wanted) tell();
    await settle();
    expect(seen()).toEqual(['first']);
  });

  it('does not count as one that appeared', async () => {
    const { handle } = handler({ frequency: 'once' });
    screen.isQuick = false;
    handle('offer');
    await settle();
    screen.room = 0;
    screen.banners[0]?.putOff();
    await settle();
    expect(stored()).toEqual([]);
    screen.isQuick = true;
    screen.room = 1;
    for (const tell of screen.wanted) tell();
    await settle();
    expect(seen()).toEqual(['offer']);
    expect(stored()).toEqual(['signals-banners.appeared']);
  });

  it('keeps others of its name and of the same moment from coming beside it, as its caps say', async () => {
    const { handle, skipped } = handler({ frequency: 'once', minIntervalMs: 1_000 });
    screen.isQuick = false;
    handle('offer', 'offer', 'other');
    await settle();
    expect(seen()).toEqual(['offer']);
    screen.isQuick = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen()).toEqual(['offer']);
    expect(skipped).toEqual([]);
  });

  it('keeps another of its name from coming, where it may come once', async () => {
    const { handle, skipped } = handler({ frequency: 'once' });
    screen.isQuick = false;
    handle('offer', 'offer');
    await settle();
    expect(seen()).toEqual(['offer']);
    expect(skipped).toEqual(['offer frequency']);
  });
});
