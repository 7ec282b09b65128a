// Loaded on demand: the glue around the WebAssembly, and what it needs of the Snowplow tracker.
import { buildSelfDescribingEvent } from '@snowplow/tracker-core';
import initialise, { Page } from '../target/wasm-bindgen/signals_interventions.js';
import type { Core, CoreModule } from './facade/core.js';

export const start: CoreModule['start'] = async (wasm, url, warn): Promise<Core> => {
  const module = wasm instanceof Promise ? await compile(await received(wasm, url), url, warn) : wasm;
  await initialise({ module_or_path: module });
  return new Page(buildSelfDescribingEvent);
};

async function received(download: Promise<Response>, url: string | undefined): Promise<Response> {
  const response = await download.catch((error) => {
    throw new Error(`${url} could not be fetched: ${error}`);
  });
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return response;
}

async function compile(
  response: Response,
  url: string | undefined,
  warn: (message: string) => void,
): Promise<WebAssembly.Module> {
  const type = response.headers.get('Content-Type');
  if (type?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  const bytes = await response.arrayBuffer();
  if (!startsLikeWasm(bytes)) {
    throw new Error(`${url} answered with status ${response.status}, but with ${type} instead of WebAssembly`);
  }
  warn(`${url} is served as ${type}. It loads faster as application/wasm.`);
  return WebAssembly.compile(bytes);
}

function startsLikeWasm(bytes: ArrayBuffer): boolean {
  const [zero, a, s, m] = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
  return zero === 0 && a === 0x61 && s === 0x73 && m === 0x6d;
}
