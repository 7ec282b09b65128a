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

  it('are limited in number, even if another page wrote them', () => {
    const stored = ['one', 'two', 'three'].map(instance);
    expect(new Pending(memory(stored), 2).left()).toEqual([instance('one'), instance('two')]);
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

  /** A storage of the browser, which may be full. */
  function storage(isFull = (): boolean => false) {
    const items = new Map<string, string>();
    const area: Partial<Storage> = {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, text) => (isFull() ? forbidden() : void items.set(key, text)),
      removeItem: (key) => void items.delete(key),
    };
    return { items, area: area as Storage };
  }

  it('is kept as JSON under its key, and leaves nothing when it is cleared', () => {
    const { items, area } = storage();
    const kept = storedMemory(() => area, 'key');
    kept.write(['offer']);
    expect([...items]).toEqual([['key', '["offer"]']]);
    expect(storedMemory(() => area, 'key').read()).toEqual(['offer']);
    kept.write(undefined);
    expect([...items]).toEqual([]);
    expect(kept.read()).toBeUndefined();
  });

  it('forgets what did not fit once something fits', () => {
    let isFull = true;
    const { area } = storage(() => isFull);
    const kept = storedMemory(() => area, 'key');
    kept.write('too much');
    isFull = false;
    kept.write(undefined);
    expect(kept.read()).toBeUndefined();
  });

  it('lasts as long as the page where the storage is forbidden', () => {
    const page = storedMemory(forbidden, 'key');
    expect(page.read()).toBeUndefined();
    page.write(['offer']);
    expect(page.read()).toEqual(['offer']);
    page.write(undefined);
    expect(page.read()).toBeUndefined();
  });

  it('lasts as long as the page where the storage is full', () => {
    const { area } = storage(() => true);
    const page = storedMemory(() => area, 'key');
    page.write('offer');
    expect(page.read()).toBe('offer');
  });

  it('treats invalid JSON as missing', () => {
    const page = storedMemory(() => ({ getItem: () => '{oops' }) as unknown as Storage, 'key');
    expect(page.read()).toBeUndefined();
  });
});
