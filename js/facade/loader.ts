import type { WasmSource } from '../types.js';
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
let ahead: { url: string; binary: Promise<Response> } | undefined;
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
 * Requests the files ahead of need: they are on their way while the tracker starts, and nothing waits for them. What fails now
 * is requested again when it is needed, and reported then.
 */
export async function preload(): Promise<void> {
  if (!inBrowser() || loading || ahead) return;
  try {
    const url = files.wasmUrl();
    ahead = { url, binary: fetch(url) };
    const [{ ok }] = await Promise.all([ahead.binary, files.importCore(undefined)]);
    if (ok) return;
  } catch {
    // No use, like an answer that says no.
  }
  ahead = undefined;
}

async function start(wasm: WasmSource | undefined): Promise<void> {
  const isAddress = wasm === undefined || typeof wasm === 'string' || wasm instanceof URL;
  const givenUrl = isAddress && wasm ? new URL(wasm, document.baseURI).href : undefined;
  const url = isAddress ? (givenUrl ?? files.wasmUrl()) : '';
  const binary = !isAddress ? wasm : url === ahead?.url ? ahead.binary : download(url);
  // A download is of use once.
  ahead = undefined;
  const core = await files.importCore(givenUrl);
  runWith(await core.start(binary, url, warn));
  setReady();
}

/** Should the script fail first, nobody is left to see the download fail. */
function download(url: string): Promise<Response> {
  const response = fetch(url);
  response.catch(() => {});
  return response;
}
