import { describe, expect, it } from 'vitest';
import { type BannerFrequency, checkFrequency, mayAppear } from '../../../js/banner/frequency.js';
import { History } from '../../../js/banner/history.js';
import { memory } from './memory.js';

const NOON = Date.UTC(2026, 0, 1, 12);

describe('frequency caps', () => {
  /** Whether a banner may appear `sinceMs` after it did before, in the same tab or another one. */
  const again = (frequency: BannerFrequency | undefined, sinceMs: number, inSession: boolean) =>
    mayAppear(frequency, { sinceMs, inSession });

  it.each<BannerFrequency>(['once', 'session', { everyMs: 1000 }])(
    '%o lets the first one through',
    (frequency) => {
      expect(mayAppear(frequency, { sinceMs: undefined, inSession: false })).toBe(true);
    },
  );

  it('once means once, in whatever tab', () => {
    expect(again('once', 1e12, false)).toBe(false);
  });

  it('session means once per tab', () => {
    expect(again('session', 1, true)).toBe(false);
    expect(again('session', 1, false)).toBe(true);
  });

  it('everyMs counts from the latest, in whatever tab', () => {
    expect(again({ everyMs: 1000 }, 999, false)).toBe(false);
    expect(again({ everyMs: 1000 }, 1000, true)).toBe(true);
  });

  it('without a cap banners come whenever they come', () => {
    expect(again(undefined, 0, true)).toBe(true);
  });

  it.each([null, 'twice', {}, { everyMs: 0 }, { everyMs: '5' }, { everyMs: Number.NaN }])(
    'refuses %o by name',
    (value) => {
      expect(() => checkFrequency(value, 'templates.offer.frequency')).toThrow(
        /^templates\.offer\.frequency must/,
      );
    },
  );
});

describe('the history of banners', () => {
  it('is known to the next page, and by the tab that saw it', () => {
    const times = memory();
    const tab = memory();
    new History(times, tab).appeared('offer', NOON);
    expect(new History(times, tab).earlier('offer', NOON + 5)).toEqual({ sinceMs: 5, inSession: true });
    expect(new History(times, memory()).earlier('offer', NOON + 5)).toEqual({ sinceMs: 5, inSession: false });
    expect(new History(times, tab).earlier('other', NOON)).toEqual({ sinceMs: undefined, inSession: false });
  });

  it('tells how long ago the latest one appeared, whichever it was', () => {
    const history = new History(memory(), memory());
    expect(history.sinceLastMs(NOON)).toBe(Number.POSITIVE_INFINITY);
    history.appeared('one', NOON);
    history.appeared('two', NOON + 10);
    expect(history.sinceLastMs(NOON + 30)).toBe(20);
  });

  it('does not silence banners when the clock was put back', () => {
    const history = new History(memory(), memory());
    history.appeared('offer', NOON);
    expect(history.sinceLastMs(NOON - 1)).toBe(Number.POSITIVE_INFINITY);
    expect(mayAppear({ everyMs: 1000 }, history.earlier('offer', NOON - 1))).toBe(true);
    expect(mayAppear('once', history.earlier('offer', NOON - 1))).toBe(false);
  });

  it('forgets the interventions that appeared longest ago, above 200', () => {
    const history = new History(memory(), memory());
    for (let i = 0; i < 200; i++) history.appeared(`offer ${i}`, NOON + i);
    history.appeared('offer 0', NOON + 200);
    history.appeared('new', NOON + 201);
    expect(history.earlier('offer 1', NOON + 300).sinceMs).toBeUndefined();
    expect(history.earlier('offer 0', NOON + 300).sinceMs).toBe(100);
    expect(history.earlier('offer 2', NOON + 300).sinceMs).toBe(298);
  });

  it('remembers no more than 200 interventions of a tab', () => {
    const tab = memory();
    const history = new History(memory(), tab);
    for (let i = 0; i <= 200; i++) history.appeared(`offer ${i}`, NOON);
    expect(tab.read()).toHaveLength(200);
    expect(history.earlier('offer 200', NOON).inSession).toBe(true);
  });

  it.each([null, 7, 'text', { offer: 1 }, [['offer']], [[1, 2]], [null]])(
    'takes %o in its storage for nothing',
    (stored) => {
      const history = new History(memory(stored), memory(stored));
      expect(history.earlier('offer', NOON)).toEqual({ sinceMs: undefined, inSession: false });
      history.appeared('offer', NOON);
      expect(history.earlier('offer', NOON + 1)).toEqual({ sinceMs: 1, inSession: true });
    },
  );
});
