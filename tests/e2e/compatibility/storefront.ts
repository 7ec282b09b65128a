import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { inProject } from '../../../scripts/support/project.mjs';
import { startScriptedServer } from '../../support/scripted-server.mjs';
import type { MockServer } from '../support/mock-server';

/** The plugins that are compared. */
export type PluginName = 'peer' | 'ours';

/** What one connection to the scripted server does; see `tests/support/scripted-server.mjs`. */
export interface Connection {
  status?: number;
  contentType?: string;
  frames?: string[];
  end?: 'keep' | 'close' | 'drop' | 'hang';
}

/** One request for the stream, as the scripted server saw it. */
export interface StreamRequest {
  query: string;
  open: boolean;
}

declare global {
  interface Window {
    store: {
      plugin: typeof import('@snowplow/signals-browser-plugin');
      /** `handler intervention_id` of every call. */
      calls: string[];
      /** The instances that handlers were called with. */
      received: unknown[];
      startTracker: (options?: object) => void;
      trackPageView: () => void;
      /** What a test's own source of interventions was told. */
      fetcherTold: string[];
      subscribe: (ids?: Record<string, string>) => void;
      addHandler: (id: string, behaviour?: 'return' | 'throw' | 'reject') => void;
    };
  }
}

const PLUGINS: Record<PluginName, string> = {
  peer: `import * as plugin from '@snowplow/signals-browser-plugin';`,
  ours: 'const plugin = window.snowplowSignals;',
};

/** The page's address says where to send events to and what to subscribe to. */
const SCRIPT = `
  import { newTracker, trackPageView } from '@snowplow/browser-tracker';

  const place = new URLSearchParams(location.search);
  const calls = [];
  const received = [];
  const behaviours = {
    return: () => {},
    throw: () => { throw new Error('no luck'); },
    reject: () => Promise.reject(new Error('no luck')),
  };
  window.store = {
    plugin,
    calls,
    received,
    trackPageView,
    startTracker: (options) => newTracker(place.get('tracker'), place.get('collector'), {
      cookieSecure: false,
      plugins: [plugin.SignalsPlugin(options)],
    }),
    subscribe: (attributeKeyIds) => plugin.subscribeToInterventions({ endpoint: place.get('endpoint'), attributeKeyIds }),
    addHandler: (id, behaviour = 'return') => plugin.addInterventionHandlers({
      [id]: (intervention) => {
        calls.push(id + ' ' + intervention.intervention_id);
        received.push(intervention);
        return behaviours[behaviour]();
      },
    }),
  };
`;

const SIMULATED_STEP_MS = 1_000;

/** A page with one of the plugins and the real tracker, its clock in our hands, subscribed to a scripted server. */
export class Storefront {
  readonly page: Page;
  readonly #channel: string;

  private constructor(page: Page, channel: string) {
    this.page = page;
    this.#channel = channel;
  }

  /** Opens the page; no tracker is started yet. */
  static async open(
    page: Page,
    { pages, scripted, server }: Servers,
    plugin: PluginName,
    script: Connection[],
  ) {
    await scripted.script(plugin, script);
    await page.clock.install();
    const place = new URLSearchParams({
      collector: server.origin,
      endpoint: `${scripted.origin}/${plugin}`,
      // Trackers of the same name share their unsent events across pages, and would send those of the other plugin's page too.
      tracker: plugin,
    });
    await page.goto(`${pages.origin}/${plugin}.html?${place}`);
    return new Storefront(page, `${scripted.origin}/channels/${plugin}`);
  }

  /** Opens the same page in another tab of the same shopper. */
  async anotherTab(): Promise<Storefront> {
    const page = await this.page.context().newPage();
    await page.clock.install();
    await page.goto(this.page.url());
    return new Storefront(page, this.#channel);
  }

  /** Starts a tracker, registers a handler that just returns, and subscribes a known user. */
  async startAll(): Promise<void> {
    await this.page.evaluate(() => {
      window.store.startTracker();
      window.store.addHandler('first');
      window.store.subscribe({ user_id: 'ada' });
    });
  }

  /** The requests for the stream so far. */
  async requests(): Promise<StreamRequest[]> {
    // Asked for by the page, so that whatever it requested before is under way.
    return this.page.evaluate(async (log) => (await fetch(log)).json(), `${this.#channel}/log`);
  }

  /** Writes frames on the open streams. */
  async send(...frames: string[]): Promise<void> {
    await fetch(`${this.#channel}/send`, { method: 'POST', body: frames.join('') });
  }

  /** `handler intervention_id` of every call of a handler. */
  calls(): Promise<string[]> {
    return this.page.evaluate(() => window.store.calls);
  }

  /** Waits in real time. Whether the condition came true. */
  async waitFor(condition: () => Promise<boolean>): Promise<boolean> {
    for (let look = 0; look < 1_000; look++) {
      if (await condition()) return true;
      await this.page.clock.runFor(1);
    }
    return false;
  }

  /** Lets the page's time pass until the condition comes true, at most so long. Whether it did. */
  async passTime(
    simulatedMs: number,
    condition: () => Promise<boolean> = async () => false,
  ): Promise<boolean> {
    for (let passed = 0; passed < simulatedMs; passed += SIMULATED_STEP_MS) {
      if (await condition()) return true;
      await this.requests();
      await this.page.clock.runFor(SIMULATED_STEP_MS);
    }
    return condition();
  }

  /** Lets time pass until handlers were called so often. */
  async receives(calls: number, simulatedMs = 70_000): Promise<boolean> {
    return this.passTime(simulatedMs, async () => (await this.calls()).length >= calls);
  }
}

/** Everything that a storefront talks to. */
export interface Servers {
  pages: Pages;
  scripted: Scripted;
  server: MockServer;
}

/** Serves the pages of the storefronts. Really serves them: browsers do not let made-up pages talk to this machine. */
export class Pages {
  readonly origin: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<Pages> {
    const files = new Map<string, string>();
    for (const plugin of Object.keys(PLUGINS) as PluginName[]) {
      files.set(`/${plugin}.html`, html(plugin));
      files.set(`/${plugin}.js`, await script(plugin));
    }
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://pages');
      const type = CONTENT_TYPES[path.extname(pathname)] ?? 'application/octet-stream';
      const content =
        files.get(pathname) ?? (await readFile(inProject('dist', path.basename(pathname))).catch(() => null));
      response.writeHead(content === null ? 404 : 200, { 'Content-Type': type }).end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Pages(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

const html = (
  plugin: PluginName,
) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Store</title>
  <link rel="icon" href="data:,"><script src="signals-interventions.js"></script><script src="${plugin}.js"></script>`;

async function script(plugin: PluginName): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PLUGINS[plugin] + SCRIPT, resolveDir: inProject(), loader: 'js' },
    bundle: true,
    format: 'iife',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** The scripted server. */
export class Scripted {
  readonly origin: string;
  readonly #close: () => Promise<void>;

  private constructor(origin: string, close: () => Promise<void>) {
    this.origin = origin;
    this.#close = close;
  }

  static async start(): Promise<Scripted> {
    const { port, close } = await startScriptedServer(0);
    return new Scripted(`http://127.0.0.1:${port}`, close);
  }

  /** Says what the successive connections of a channel do; the last one repeats. */
  async script(channel: string, connections: Connection[]): Promise<void> {
    await fetch(`${this.origin}/channels/${channel}`, { method: 'PUT', body: JSON.stringify(connections) });
  }

  stop(): Promise<void> {
    return this.#close();
  }
}

/** A frame with one instance. `fields` replace or add fields; undefined ones are left out. */
export function instance(intervention_id: string, fields: Record<string, unknown> = {}): string {
  const data = { intervention_id, name: 'offer', version: 1, attributes: { count: 4 }, ...fields };
  return `id: ${intervention_id}\ndata: ${JSON.stringify(data)}\n\n`;
}
