import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BannerOptions } from '../../js/banner/index.js';
import type { Intervention } from '../../js/types.js';

const intervention = (name: string) => ({ name }) as Intervention;

/** The script-tag build as a page gets it from `directory`. */
async function scriptFrom(directory: string) {
  vi.resetModules();
  vi.stubGlobal('document', {
    currentScript: { src: new URL(`${directory}/script.js`, import.meta.url).href },
  });
  return import('../../js/script.js');
}

function bannerOptions() {
  const seen: string[] = [];
  return { seen, options: { templates: {}, seen } as BannerOptions };
}

beforeEach(() => vi.unstubAllGlobals());
afterEach(() => vi.unstubAllGlobals());

describe('the script-tag build', () => {
  it('offers banners from the script beside it', async () => {
    const { bannerHandler } = await scriptFrom('./fixtures');
    const { seen, options } = bannerOptions();
    const handler = bannerHandler(options);
    await handler(intervention('first'), {} as never);
    await handler(intervention('second'), {} as never);
    expect(seen).toEqual(['first', 'second']);
  });

  it('fails the handling of an intervention when that script cannot be loaded, not the page', async () => {
    const { bannerHandler } = await scriptFrom('./nowhere');
    const handler = bannerHandler(bannerOptions().options);
    await expect(handler(intervention('first'), {} as never)).rejects.toThrow('banner.js');
  });

  it('loads that script at once where an earlier page left banners', async () => {
    const { bannerHandler } = await scriptFrom('./fixtures');
    const left = vi.fn((key: string) => (key === 'shop.pending' ? '[]' : null));
    vi.stubGlobal('sessionStorage', { getItem: left });
    const made = vi.fn(() => [] as string[]);
    // The script in the fixtures reads `seen` when it makes a handler.
    const options = (storageKey: string) =>
      Object.defineProperty({ templates: {}, storageKey }, 'seen', { get: made }) as BannerOptions;
    bannerHandler(options('elsewhere'));
    expect(left).toHaveBeenCalledWith('elsewhere.pending');
    bannerHandler(options('shop'));
    await vi.waitFor(() => expect(made).toHaveBeenCalledTimes(1));
  });

  it('has the whole API of the module build', async () => {
    const script = await scriptFrom('./fixtures');
    expect(script).toMatchObject(await import('../../js/api.js'));
  });
});
