/**
 * The plugin, subscriptions, handlers and attributes.
 *
 * @module signals-interventions
 */

import { loadFrom } from './facade/loader.js';

/** Where Vite's development server keeps its copies of packages' scripts, beside the packages themselves. */
const VITE_COPY = /\/\.vite\/deps\/.*/;

loadFrom({
  importCore: () => import('./core.js'),
  wasmUrl: () =>
    // Such a copy leaves the file beside the original behind.
    VITE_COPY.test(import.meta.url)
      ? import.meta.url.replace(VITE_COPY, '/signals-interventions/dist/signals-interventions.wasm')
      : new URL('./signals-interventions.wasm', import.meta.url).href,
});

export * from './api.js';
export type * from './types.js';
