import type { WasmSource } from '../types.js';
import { compiled } from './compile.js';
import type { CoreModule } from './core.js';
import { reportError, warn } from './log.js';
import { inBrowser, runWith } from './queue.js';

/** Where a build finds the two files that are loaded later. */
export interface Files {
  /** Imports the script. `wasmUrl` is the address that was passed to `init()`, if any. */
  importCore(wasmUrl: string | undefined): Promise<CoreModule>;
  /** The default address of the WebAssembly file. */
  wasmUrl(): string;
}

let files: Files;
/** The WebAssembly, requested in advance. */
let ahead: { url: string; module: Promise<WebAssembly.Module> } | undefined;
let loading: Promise<void> | undefined;
let setReady: () => void;

/** Resolves when the core runs. Never rejects, unlike the promise of `init`. */
export const ready: Promise<void> = new Promise((resolve) => {
  setReady = resolve;
});

/** Configures the loader for a build. Called once, by the entry file. */
export function loadFrom(entryFiles: Files): void {
  files = entryFiles;
}

/**
 * Loads and starts the core, unless that has begun. After a failure, the next call tries again. Until then, the page's calls stay
 * queued.
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
 * Requests the files in advance and compiles the WebAssembly while the tracker starts. Nothing waits for it. If it fails, it is tried
 * again when it is needed, and the error is reported then.
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
  // A download can be used only once.
  ahead = undefined;
  const core = await files.importCore(givenUrl);
  runWith(await core.start(module));
  setReady();
}

function download(url: string): Promise<WebAssembly.Module> {
  const module = compiled(fetch(url), url, warn);
  // If the script fails first, nothing handles a rejection of the module.
  module.catch(() => {});
  return module;
}
