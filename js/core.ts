// Loaded on demand: the glue code of the WebAssembly, and the parts of the Snowplow tracker that it needs.
import initialise, { Plugin } from 'wasm-bindgen-glue';
import type { Core, CoreModule } from './facade/core.js';
import { selfDescribingEvent } from './facade/self-describing-event.js';

export const start: CoreModule['start'] = async (wasm): Promise<Core> => {
  await initialise({ module_or_path: await wasm });
  return new Plugin(selfDescribingEvent);
};
