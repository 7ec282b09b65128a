// Entry of the script-tag build: its exports become the global `snowplowSignals`.
import type { BannerOptions } from './banner/index.js';
import { type Files, loadFrom } from './facade/loader.js';
import type { HandlerFunction } from './types.js';

// Only known while the script itself runs.
const script = document.currentScript as HTMLScriptElement | null;

const beside = (name: string, wasmUrl?: string): string => new URL(name, wasmUrl ?? script?.src).href;

const files: Files = {
  importCore: (wasmUrl) => import(beside('core.js', wasmUrl)),
  wasmUrl: () => beside('signals-interventions.wasm'),
};
loadFrom(files);

export * from './api.js';

/**
 * `bannerHandler` of the module build. The script with the banners loads from beside this one when the first intervention
 * arrives, or when an earlier page left banners, so that other pages never load it.
 *
 * @param options - as in the module build; what is wrong with them is reported with the first intervention
 */
export function bannerHandler(options: BannerOptions): HandlerFunction {
  let handler: Promise<HandlerFunction> | undefined;
  const load = () => {
    handler ??= loadBannerHandler(options).catch((error) => {
      // The next intervention tries again.
      handler = undefined;
      throw error;
    });
    return handler;
  };
  if (bannersWait(options)) load().catch(() => {});
  return async (intervention, tracker) => (await load())(intervention, tracker);
}

/** Whether an earlier page of this tab left banners, which should not have to wait for the first intervention. */
function bannersWait(options: BannerOptions): boolean {
  try {
    return sessionStorage.getItem(`${options.storageKey ?? 'signals-banners'}.pending`) !== null;
  } catch {
    return false;
  }
}

async function loadBannerHandler(options: BannerOptions): Promise<HandlerFunction> {
  const banner: typeof import('./banner/index.js') = await import(beside('banner.js'));
  return banner.bannerHandler(options);
}
