import { expect, type Page } from '@playwright/test';
import { openBarePage } from './bare-page';
import type { MockServer } from './mock-server';

declare global {
  interface Window {
    /** What the page of a {@link Tab} has heard. */
    tab: {
      names: string[];
      states: string[];
      domainUserId: string;
      /** The shopper logs in: a further id to receive for. */
      logIn: (userId: string) => void;
    };
  }
}

const SCRIPT = `
  import { newTracker, trackPageView } from '@snowplow/browser-tracker';

  const { SignalsPlugin, addInterventionHandlers, subscribeToInterventions, onConnectionChange } = window.snowplowSignals;
  const tracker = newTracker('sp', location.origin, { cookieSecure: false, plugins: [SignalsPlugin()] });
  window.tab = { names: [], states: [], domainUserId: tracker.getDomainUserInfo()[1], logIn };
  addInterventionHandlers({ hear: ({ name }) => void window.tab.names.push(name) });
  onConnectionChange(({ state }) => void window.tab.states.push(state));
  subscribeToInterventions({ endpoint: location.origin, ...CONFIG });
  function logIn(user_id) {
    subscribeToInterventions({ endpoint: location.origin, ...CONFIG, attributeKeyIds: { user_id } });
  }
  trackPageView();
`;

/** A tab of a shopper: a page with the real tracker and the script-tag build. */
export class Tab {
  /** When its streams were requested, in milliseconds since 1970. */
  readonly requestedAt: number[] = [];

  private constructor(
    readonly page: Page,
    readonly server: MockServer,
  ) {
    page.on('request', (request) => {
      if (request.resourceType() === 'eventsource') this.requestedAt.push(Date.now());
    });
  }

  /** Opens a page and waits until it receives. `config` is added to that of the subscription. */
  static async open(page: Page, server: MockServer, config: object = {}): Promise<Tab> {
    const tab = new Tab(page, server);
    await openBarePage(page, server, {
      body: '<script src="signals/signals-interventions.js"></script>',
      script: `const CONFIG = ${JSON.stringify(config)};\n${SCRIPT}`,
      policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
    });
    await tab.isOpen();
    return tab;
  }

  /** Waits until the page's connection, or the one that it shares, is open. */
  async isOpen(): Promise<void> {
    await this.is('open');
  }

  /** Waits until the page's connection, or the one that it shares, is in a state. */
  async is(state: string): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => window.tab?.states.at(-1))).toBe(state);
  }

  /** Names of the interventions that the page's handler got, in order. */
  names(): Promise<string[]> {
    return this.page.evaluate(() => window.tab.names);
  }

  domainUserId(): Promise<string> {
    return this.page.evaluate(() => window.tab.domainUserId);
  }
}
