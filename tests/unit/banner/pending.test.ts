import { describe, expect, it, vi } from 'vitest';
import { storedMemory } from '../../../js/banner/memory.js';
import { Pending } from '../../../js/banner/pending.js';
import type { Intervention } from '../../../js/types.js';
import { memory } from './memory.js';

const instance = (id: string): Intervention => ({
  intervention_id: id,
  name: 'offer',
  version: 1,
  attributes: { count: 4 },
});

describe('pending banners', () => {
  it('are kept for the next page: the deferred ones, then the ones that waited', () => {
    const tab = memory();
    const pending = new Pending(tab, 20);
    pending.defer(instance('deferred'));
    pending.keep([instance('waiting')]);
    expect(new Pending(tab, 20).left()).toEqual([instance('deferred'), instance('waiting')]);
  });

  it('leave nothing behind when they have gone', () => {
    const tab = memory();
    new Pending(tab, 20).keep([instance('waiting')]);
    new Pending(tab, 20).keep([]);
    expect(tab.read()).toBeUndefined();
  });

  it('write nothing as long as there are none', () => {
    const tab = memory();
    const write = vi.spyOn(tab, 'write');
    new Pending(tab, 20).keep([]);
    expect(write).not.toHaveBeenCalled();
  });

  it('forget the one deferred longest ago when there are too many, and say which', () => {
    const tab = memory();
    const pending = new Pending(tab, 2);
    expect(pending.defer(instance('one'))).toBeUndefined();
    expect(pending.defer(instance('two'))).toBeUndefined();
    expect(pending.defer(instance('three'))).toEqual(instance('one'));
    pending.keep([instance('waiting')]);
    expect(pending.left()).toEqual([instance('two'), instance('three')]);
  });

  it.each([null, 7, {}, [null], [{ name: 'offer' }], [{ ...instance('one'), attributes: null }]])(
    'take %o in their storage for nothing',
    (stored) => {
      expect(new Pending(memory(stored), 20).left()).toEqual([]);
    },
  );
});

describe('memory in a storage of the browser', () => {
  const forbidden = () => {
    throw new DOMException('forbidden', 'SecurityError');
  };

  it('lasts as long as the page where the storage is forbidden', () => {
    const page = storedMemory(forbidden, 'key');
    expect(page.read()).toBeUndefined();
    page.write(['offer']);
    expect(page.read()).toEqual(['offer']);
    page.write(undefined);
    expect(page.read()).toBeUndefined();
  });

  it('lasts as long as the page where the storage is full', () => {
    const full = { getItem: () => null, setItem: forbidden } as unknown as Storage;
    const page = storedMemory(() => full, 'key');
    page.write('offer');
    expect(page.read()).toBe('offer');
  });

  it('takes what is no JSON for nothing', () => {
    const page = storedMemory(() => ({ getItem: () => '{oops' }) as unknown as Storage, 'key');
    expect(page.read()).toBeUndefined();
  });
});
