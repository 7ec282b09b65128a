import { describe, expect, it, vi } from 'vitest';
import { compiled } from '../../js/facade/compile.js';

const URL = 'https://shop.example/plugin.wasm';
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

function download(body: BodyInit, type: string, status = 200) {
  return Promise.resolve(new Response(body, { status, headers: { 'Content-Type': type } }));
}

describe('the WebAssembly download', () => {
  it('compiles as it streams in when it is served as application/wasm', async () => {
    const warn = vi.fn();
    const module = await compiled(download(EMPTY_MODULE, 'application/wasm'), URL, warn);
    expect(module).toBeInstanceOf(WebAssembly.Module);
    expect(warn).not.toHaveBeenCalled();
  });

  it('loads with one warning when its content type is wrong', async () => {
    const warn = vi.fn();
    const module = await compiled(download(EMPTY_MODULE, 'application/octet-stream'), URL, warn);
    expect(module).toBeInstanceOf(WebAssembly.Module);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain('application/octet-stream');
  });

  it('names address and status of an error page', async () => {
    const page = download('<h1>Not found</h1>', 'text/html', 404);
    await expect(compiled(page, URL, vi.fn())).rejects.toThrow(`${URL} answered with status 404`);
  });

  it('names address and status of a page that pretends to be found', async () => {
    const page = download('<h1>Welcome</h1>', 'text/html');
    await expect(compiled(page, URL, vi.fn())).rejects.toThrow(
      `${URL} answered with status 200, but with text/html`,
    );
  });

  it('is not mistaken for WebAssembly when it is empty', async () => {
    await expect(compiled(download('', 'text/plain'), URL, vi.fn())).rejects.toThrow(
      'instead of WebAssembly',
    );
  });

  it('names the address that could not be reached', async () => {
    const failed = Promise.reject(new TypeError('Failed to fetch'));
    await expect(compiled(failed, URL, vi.fn())).rejects.toThrow(`${URL} could not be fetched`);
  });
});
