/**
 * The plugin, subscriptions, handlers and attributes.
 *
 * @module signals-interventions
 */

import { loadFrom } from './facade/loader.js';

/** The folder in which Vite's development server keeps its copies of scripts, beside the packages. */
const VITE_COPY = /\/\.vite\/deps\/.*/;

loadFrom({
  importCore: () => import('./core.js'),
  wasmUrl: () =>
    // Such a copy does not include the `.wasm` file, which stays beside the original.
    VITE_COPY.test(import.meta.url)
      ? import.meta.url.replace(VITE_COPY, '/signals-interventions/dist/signals-interventions.wasm')
      : new URL('./signals-interventions.wasm', import.meta.url).href,
});

export * from './api.js';
export type * from './types.js';
