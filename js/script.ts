// Entry of the script-tag build: its exports become the global `snowplowSignals`.
import { type Files, loadFrom } from './facade/loader.js';

// Only known while the script itself runs.
const script = document.currentScript as HTMLScriptElement | null;

const beside = (name: string, wasmUrl?: string): string => new URL(name, wasmUrl ?? script?.src).href;

const files: Files = {
  importCore: (wasmUrl) => import(beside('core.js', wasmUrl)),
  wasmUrl: () => beside('signals-interventions.wasm'),
};
loadFrom(files);

export * from './api.js';
