import { describe, expect, it } from 'vitest';
import { Agenda } from '../../../js/banner/agenda.js';

const LONG_AGO = Number.POSITIVE_INFINITY;

function agenda(options: Partial<ConstructorParameters<typeof Agenda>[0]> = {}) {
  return new Agenda<string>({ maxVisible: 1, maxWaiting: 20, minIntervalMs: 0, ...options });
}

describe('the agenda of banners', () => {
  it('shows at most maxVisible at a time, first come, first served', () => {
    const banners = agenda({ maxVisible: 2 });
    for (const name of ['one', 'two', 'three']) banners.add(name, 0);
    expect([banners.next(LONG_AGO), banners.next(LONG_AGO), banners.next(LONG_AGO)]).toEqual([
      'one',
      'two',
      undefined,
    ]);
    banners.leave('one');
    expect(banners.next(LONG_AGO)).toBe('three');
  });

  it('lets the highest priority go first, and equals in the order they came', () => {
    const banners = agenda({ maxVisible: 9 });
    banners.add('low', -1);
    banners.add('first', 0);
    banners.add('urgent', 5);
    banners.add('second', 0);
    expect(banners.waiting).toEqual(['urgent', 'first', 'second', 'low']);
    expect(banners.next(LONG_AGO)).toBe('urgent');
  });

  it('takes no place away from one that is seen', () => {
    const banners = agenda();
    banners.add('seen', 0);
    banners.next(LONG_AGO);
    banners.add('urgent', 5);
    expect(banners.next(LONG_AGO)).toBeUndefined();
    expect(banners.waiting).toEqual(['urgent']);
  });

  it('lets one that gives its turn back be the next again, in line as its priority has it', () => {
    const banners = agenda();
    for (const name of ['one', 'two']) banners.add(name, 0);
    banners.putBack(banners.next(LONG_AGO) ?? '', 0);
    banners.add('urgent', 1);
    expect(banners.waiting).toEqual(['urgent', 'one', 'two']);
    expect(banners.next(LONG_AGO)).toBe('urgent');
  });

  it('leaves minIntervalMs between two, and tells how long is left', () => {
    const banners = agenda({ maxVisible: 2, minIntervalMs: 1000 });
    banners.add('one', 0);
    expect(banners.waitMs(400)).toBe(600);
    expect(banners.next(999)).toBeUndefined();
    expect(banners.next(1000)).toBe('one');
    expect(banners.waitMs(0)).toBeUndefined();
  });

  it('crowds out the last in line when too many wait, and says which', () => {
    const banners = agenda({ maxWaiting: 2 });
    expect(banners.add('one', 0)).toBeUndefined();
    expect(banners.add('two', 0)).toBeUndefined();
    expect(banners.add('urgent', 1)).toBe('two');
    expect(banners.add('late', 0)).toBe('late');
    expect(banners.waiting).toEqual(['urgent', 'one']);
  });
});
