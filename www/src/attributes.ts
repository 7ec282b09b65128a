import { Observable } from './observable';

/** The public service of the default definitions: what a page may read of its own shopper, without a token. */
const SERVICE = 'shop';

/** What the Signals API last said. */
export interface Attributes {
  /** By name; empty before the first answer. */
  values: Readonly<Record<string, unknown>>;
  /** Why there are none, in words. */
  problem: string;
}

interface LiveAttributesOptions {
  signalsUrl: string;
  /** The shopper of the moment; empty if there is none yet. */
  domainUserId: () => string;
}

/** The shopper's attribute values, read again whenever they may have changed and somebody looks. */
export class LiveAttributes {
  readonly now = new Observable<Attributes>({ values: {}, problem: '' });
  readonly #options: LiveAttributesOptions;
  #watched = false;
  #reading = false;
  #readAgain = false;

  constructor(options: LiveAttributesOptions) {
    this.#options = options;
  }

  /** Says whether somebody looks. */
  watch(watched: boolean): void {
    this.#watched = watched;
    this.mayHaveChanged();
  }

  /** Reads the values, or once more after the reading that is under way. */
  async mayHaveChanged(): Promise<void> {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#watched && this.#readAgain) {
      this.#readAgain = false;
      this.now.set(await this.#read());
    }
    this.#reading = false;
  }

  async #read(): Promise<Attributes> {
    const identifier = this.#options.domainUserId();
    if (!identifier) return { values: {}, problem: 'Nothing is known before the first event.' };
    const signals = window.snowplowSignals;
    if (!signals) return { values: {}, problem: 'The plugin that reads them could not be loaded.' };
    const { signalsUrl: endpoint } = this.#options;
    try {
      const request = { endpoint, service: SERVICE, attributeKey: 'domain_userid', identifier };
      return { values: await signals.getServiceAttributes(request), problem: '' };
    } catch (error) {
      const isUnknown = error instanceof signals.ServiceAttributesError && error.status === 404;
      const problem = isUnknown
        ? `${endpoint} has no public service called ${SERVICE}.`
        : `${endpoint}: ${error}`;
      return { values: {}, problem };
    }
  }
}
