// Loaded on demand: the glue around the WebAssembly, and what it needs of the Snowplow tracker.
import initialise, { Plugin } from 'wasm-bindgen-glue';
import type { Core, CoreModule } from './facade/core.js';
import { selfDescribingEvent } from './facade/self-describing-event.js';

export const start: CoreModule['start'] = async (wasm): Promise<Core> => {
  await initialise({ module_or_path: await wasm });
  return new Plugin(selfDescribingEvent);
};
