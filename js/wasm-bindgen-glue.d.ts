// Replaces the types that wasm-bindgen generates, so that types can be checked before a build. The build checks
// `core.ts` against the generated ones, so these cannot differ in what it uses.
declare module 'wasm-bindgen-glue' {
  import type { SelfDescribingJson } from '@snowplow/browser-tracker';
  import type { Core } from './facade/core.js';

  /** Compiles the module if necessary, and starts it. */
  export default function initialise(wasm: {
    module_or_path: BufferSource | WebAssembly.Module;
  }): Promise<unknown>;

  /** `Plugin` in `src/plugin.rs`. */
  export const Plugin: new (buildEvent: (event: SelfDescribingJson) => unknown) => Core;
}
