/**
 * Compiles a download. With the right content type, it is compiled while it arrives.
 *
 * @param download - the running request
 * @param url - its address, for messages
 * @param warn - called for a wrong content type, which works but is slower
 * @throws Error naming the address and the status, if the response is not WebAssembly
 */
export async function compiled(
  download: Promise<Response>,
  url: string,
  warn: (message: string) => void,
): Promise<WebAssembly.Module> {
  const response = await received(download, url);
  const type = response.headers.get('Content-Type');
  if (type?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  const bytes = await response.arrayBuffer();
  if (!startsLikeWasm(bytes)) {
    throw new Error(
      `${url} answered with status ${response.status}, but with ${type} instead of WebAssembly`,
    );
  }
  warn(`${url} is served as ${type}. It loads faster as application/wasm.`);
  return WebAssembly.compile(bytes);
}

async function received(download: Promise<Response>, url: string): Promise<Response> {
  const response = await download.catch((error) => {
    throw new Error(`${url} could not be fetched: ${error}`);
  });
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return response;
}

function startsLikeWasm(bytes: ArrayBuffer): boolean {
  const [zero, a, s, m] = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
  return zero === 0 && a === 0x61 && s === 0x73 && m === 0x6d;
}
