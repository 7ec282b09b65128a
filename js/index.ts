import { loadFrom } from './facade/loader.js';

loadFrom({
  importCore: () => import('./core.js'),
  wasmUrl: () => new URL('./signals-interventions.wasm', import.meta.url).href,
});

export * from './api.js';
export type * from './types.js';
