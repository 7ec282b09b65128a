// Entry of the script-tag build. Its exports become the global `snowplowSignals`.
import type { BannerOptions } from './banner/index.js';
import { type Files, loadFrom } from './facade/loader.js';
import type { HandlerFunction } from './types.js';

// Only set while the script runs.
const script = document.currentScript as HTMLScriptElement | null;

const beside = (name: string, wasmUrl?: string): string => new URL(name, wasmUrl ?? script?.src).href;

const files: Files = {
  importCore: (wasmUrl) => import(beside('core.js', wasmUrl)),
  wasmUrl: () => beside('signals-interventions.wasm'),
};
loadFrom(files);

export * from './api.js';

/**
 * `bannerHandler` of the module build. It loads the script with the banners from beside this one when the first intervention arrives, or
 * when an earlier page left banners, so that other pages do not load it.
 *
 * @param options - as in the module build. Errors in them are reported with the first intervention
 */
export function bannerHandler(options: BannerOptions): HandlerFunction {
  let handler: Promise<HandlerFunction> | undefined;
  const load = () => {
    handler ??= loadBannerHandler(options).catch((error) => {
      // Try again with the next intervention.
      handler = undefined;
      throw error;
    });
    return handler;
  };
  if (bannersWait(options)) load().catch(() => {});
  return async (intervention, tracker) => (await load())(intervention, tracker);
}

/** Whether an earlier page in this tab left banners, which need not wait for the first intervention. */
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
