import type { WasmSource } from '../types.js';
import { compiled } from './compile.js';
import type { CoreModule } from './core.js';
import { reportError, warn } from './log.js';
import { inBrowser, runWith } from './queue.js';

/** Where a build finds the two files that load later. */
export interface Files {
  /** Imports the script; `wasmUrl` is the address given to `init()`, if any. */
  importCore(wasmUrl: string | undefined): Promise<CoreModule>;
  /** Address of the WebAssembly file unless `init()` gives one. */
  wasmUrl(): string;
}

let files: Files;
/** The WebAssembly, requested before it was needed. */
let ahead: { url: string; module: Promise<WebAssembly.Module> } | undefined;
let loading: Promise<void> | undefined;
let setReady: () => void;

/** Resolves when the core runs. Never rejects: what `init` returns does. */
export const ready: Promise<void> = new Promise((resolve) => {
  setReady = resolve;
});

/** Tells the loader which build it is part of. Called once, by the entry file. */
export function loadFrom(entryFiles: Files): void {
  files = entryFiles;
}

/**
 * Loads and starts the core unless that has begun. After a failure the next call tries again; until then the calls of the
 * page keep waiting.
 */
export function load(wasm?: WasmSource): Promise<void> {
  if (!inBrowser()) return Promise.resolve();
  if (!loading) {
    loading = start(wasm);
    loading.catch((error) => {
      loading = undefined;
      reportError('Interventions are unavailable on this page: the plugin could not be loaded', error);
    });
  }
  return loading;
}

/**
 * Requests the files ahead of need, and compiles: that goes on while the tracker starts, and nothing waits for it. What fails
 * now is tried again when it is needed, and reported then.
 */
export async function preload(): Promise<void> {
  if (!inBrowser() || loading || ahead) return;
  try {
    const url = files.wasmUrl();
    ahead = { url, module: download(url) };
    await Promise.all([ahead.module, files.importCore(undefined)]);
  } catch {
    ahead = undefined;
  }
}

async function start(wasm: WasmSource | undefined): Promise<void> {
  const isAddress = wasm === undefined || typeof wasm === 'string' || wasm instanceof URL;
  const givenUrl = isAddress && wasm ? new URL(wasm, document.baseURI).href : undefined;
  const url = givenUrl ?? (isAddress ? files.wasmUrl() : '');
  const module = !isAddress ? wasm : url === ahead?.url ? ahead.module : download(url);
  // A download is of use once.
  ahead = undefined;
  const core = await files.importCore(givenUrl);
  runWith(await core.start(module));
  setReady();
}

function download(url: string): Promise<WebAssembly.Module> {
  const module = compiled(fetch(url), url, warn);
  // Should the script fail first, nobody is left to see this fail.
  module.catch(() => {});
  return module;
}
