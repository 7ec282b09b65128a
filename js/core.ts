// Loaded on demand: the glue around the WebAssembly, and what it needs of the Snowplow tracker.
import { buildSelfDescribingEvent } from '@snowplow/tracker-core';
import initialise, { Page } from '../target/wasm-bindgen/signals_interventions.js';
import { compiled } from './facade/compile.js';
import type { Core, CoreModule } from './facade/core.js';

export const start: CoreModule['start'] = async (wasm, url, warn): Promise<Core> => {
  await initialise({ module_or_path: wasm instanceof Promise ? await compiled(wasm, url, warn) : wasm });
  return new Page(buildSelfDescribingEvent);
};
