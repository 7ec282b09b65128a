// Serves the measured pages, and acts as their collector and as Signals.

import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const now = () => performance.timeOrigin + performance.now();

/** The frame of one intervention, like those of Signals. */
const frame = (id) =>
  `id: ${id}\ndata: ${JSON.stringify({
    intervention_id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    name: `intervention_${id % 7}`,
    version: 1,
    attributes: {
      count_product_views: 4,
      last_category: 'lamps',
      cart_value: 128.5,
      recently_seen: ['a', 'b'],
    },
    target_attribute_key: { name: 'domain_userid', id: '7f6c7c0e-9b0e-4a57-9f0e-2f1f5b0d2f11' },
  })}\n\n`;

/** Serves all pages, one at a time. */
export class BenchServer {
  #server = createServer((request, response) => this.#answer(request, response));
  #folder;
  #stream;
  #streamOpened = new EventTarget();
  #lastId = 0;
  /** When a page last requested a stream, in milliseconds since the epoch. */
  streamRequestedAt = 0;
  /** Events that the page's tracker sent since then. */
  collected = 0;

  /** @param {string} folder folder of the built pages */
  constructor(folder) {
    this.#folder = folder;
  }

  /** Starts to listen. Resolves with the server's address. */
  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Resolves when the next page requests its stream. */
  nextStream() {
    return new Promise((resolve) => this.#streamOpened.addEventListener('open', resolve, { once: true }));
  }

  /** Writes `count` interventions at once. Returns the time in milliseconds since the epoch. */
  burst(count) {
    const frames = Array.from({ length: count }, () => frame(++this.#lastId)).join('');
    const writtenAt = now();
    this.#stream.write(frames);
    return writtenAt;
  }

  /** Writes `count` interventions, one every `gapMs` milliseconds. */
  async spaced(count, gapMs) {
    for (let sent = 0; sent < count; sent++) {
      this.#stream.write(frame(++this.#lastId));
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, 'http://bench');
    if (pathname === '/api/v1/interventions') return this.#openStream(request, response);
    if (pathname.endsWith('/tp2')) return this.#collect(request, response);
    const file = path.join(this.#folder, path.normalize(pathname));
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, {
      'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      // In an isolated page, the clock has a resolution of 5 µs.
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    createReadStream(file).pipe(response);
  }

  #openStream(request, response) {
    // A `fetch` that asks why the server refused a stream must not count as a stream.
    if (!request.headers.accept?.includes('text/event-stream')) return response.writeHead(200).end();
    this.streamRequestedAt = now();
    this.collected = 0;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': welcome\n\n');
    this.#stream = response;
    this.#streamOpened.dispatchEvent(new Event('open'));
  }

  async #collect(request, response) {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.collected += body ? JSON.parse(body).data.length : 0;
    response.end('ok');
  }
}
