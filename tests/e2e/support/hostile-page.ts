import { expect, type Page } from '@playwright/test';
import { openBarePage } from './bare-page';
import type { MockServer } from './mock-server';

declare global {
  interface Window {
    /** What a {@link HostilePage} works with. */
    hostile: {
      signals: typeof import('../../../js/script.js');
      tracker: import('@snowplow/browser-tracker').BrowserTracker;
      /** Names of the interventions that the well-behaved handler got, in order. */
      names: string[];
      states: string[];
    };
  }
}

/** What a site may allow at most, where it allows as little as the plugin can do with. */
export const STRICT_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT = `
  import { newTracker, trackPageView } from '@snowplow/browser-tracker';

  const signals = window.snowplowSignals;
  const tracker = newTracker('sp', location.origin, { cookieSecure: false, ...TRACKER, plugins: [signals.SignalsPlugin(PLUGIN)] });
  window.hostile = { signals, tracker, names: [], states: [] };
  signals.onConnectionChange(({ state }) => void window.hostile.states.push(state), ['sp']);
  signals.subscribeToInterventions({ endpoint: location.origin, ...CONFIG });
  trackPageView();
`;

/** A page with the real tracker and the script-tag build that makes life hard for the plugin. */
export class HostilePage {
  readonly #complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly server: MockServer,
  ) {
    page.on('console', (message) => {
      if (message.text().includes('[SignalsPlugin')) this.#complaints.push(message.text());
    });
  }

  /** Opens the page with these settings of tracker, plugin and subscription. */
  static async open(
    page: Page,
    server: MockServer,
    { tracker = {}, plugin = {}, config = {} }: { tracker?: object; plugin?: object; config?: object } = {},
  ): Promise<HostilePage> {
    const hostile = new HostilePage(page, server);
    await openBarePage(page, server, {
      body: '<script src="signals/signals-interventions.js"></script>',
      script: `const TRACKER = ${JSON.stringify(tracker)};
        const PLUGIN = ${JSON.stringify(plugin)};
        const CONFIG = ${JSON.stringify(config)};
        ${SCRIPT}`,
      policy: STRICT_POLICY,
    });
    return hostile;
  }

  /** Registers a handler that just notes what it gets: after those that are there. */
  async listen(): Promise<void> {
    await this.page.evaluate(() =>
      window.hostile.signals.addInterventionHandlers({
        good: ({ name }) => void window.hostile.names.push(name),
      }),
    );
  }

  /** Runs statements of the page, one after the other, as its own code: `signals` is the plugin. */
  async run(...statements: string[]): Promise<void> {
    await this.page.evaluate(
      `{ const { signals } = window.hostile; const hostile = window.hostile; ${statements.join(';\n')} }`,
    );
  }

  async isOpen(): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => window.hostile.states.at(-1))).toBe('open');
  }

  /** Sends interventions to the page's shopper. */
  async push(...names: string[]): Promise<void> {
    const id = await this.page.evaluate(() => window.hostile.tracker.getDomainUserId());
    for (const name of names) await this.server.push(name, id);
  }

  /** Sends frames with this data on the page's stream. */
  async frames(...data: string[]): Promise<void> {
    await this.events(...data.map((data) => `data: ${data}`));
  }

  /** Sends so many interventions at once, and waits until the well-behaved handler has got all of them. */
  async burst(count: number): Promise<void> {
    const heard = () => this.page.evaluate(() => window.hostile.names.length);
    const before = await heard();
    const instance = (index: number) => ({
      intervention_id: crypto.randomUUID(),
      name: `burst ${index}`,
      version: 1,
      attributes: { count_product_views: index, total_cart_value: 12.5, last_category: 'kitchen' },
      target_attribute_key: { name: 'domain_userid', id: 'somebody' },
    });
    await this.frames(...Array.from({ length: count }, (_, index) => JSON.stringify(instance(index))));
    await expect.poll(heard).toBe(before + count);
  }

  /** Sends these lines on the page's stream. */
  async events(...events: string[]): Promise<void> {
    await this.server.fault({ send_raw: events.map((event) => `${event}\n\n`).join('') });
  }

  /** What the plugin reported on the console. */
  complaints(): string[] {
    return this.#complaints;
  }

  /** Calls every exported function with every kind of value in every place. Answers with what was thrown. */
  async callWithAnything(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const refuse = () => {
        throw new Error('on purpose');
      };
      const values: unknown[] = [
        undefined,
        null,
        true,
        7,
        Number.NaN,
        7n,
        '',
        'text',
        Symbol('on purpose'),
        {},
        [],
        [undefined],
        [[]],
        Object.create(null),
        refuse,
        { endpoint: refuse, attributeKeyTargets: refuse, attributeKeyIds: refuse },
        { endpoint: location.origin, attributeKeyTargets: { a: 7, b: [7], c: '', d: Symbol('d') } },
        { endpoint: location.origin, attributeKeyIds: { a: {}, b: Symbol('b'), c: Number.NaN } },
        { endpoint: location.origin, connectionTimeoutMs: 7n, apiPath: {}, shareConnection: Symbol('on') },
        { bad: { match: Object.freeze(/x/g), handle: () => {} } },
        new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse, has: refuse }),
      ];
      const thrown: string[] = [];
      const { signals } = window.hostile;
      for (const [name, call] of Object.entries(signals)) {
        if (typeof call !== 'function' || /^[A-Z].*Error$/.test(name)) continue;
        for (const [index, value] of values.entries()) {
          try {
            // biome-ignore lint/suspicious/noExplicitAny: that no type allows this is the point.
            const result = (call as any)(value, index % 2 ? value : undefined);
            // Promises are promised to reject.
            if (result instanceof Promise) result.catch(() => {});
            // Functions that undo the call.
            else if (typeof result === 'function' && name === 'onConnectionChange') result();
            else if (name === 'createInterventionsClient') result.close();
          } catch (error) {
            thrown.push(`${name} with value ${index}: ${error}`);
          }
        }
      }
      return thrown;
    });
  }

  /** Expects that the well-behaved handler gets exactly these. */
  async hears(...names: string[]): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => window.hostile.names)).toEqual(names);
  }
}
