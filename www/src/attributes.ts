import { Observable } from './observable';

/** The public service of the default definitions. A page can read its shopper's attributes from it without a token. */
const SERVICE = 'shop';

/** The latest response of the Signals API. */
export interface Attributes {
  /** By name. Empty before the first response. */
  values: Readonly<Record<string, unknown>>;
  /** Why there are none, as text. */
  problem: string;
}

interface LiveAttributesOptions {
  signalsUrl: string;
  /** The current shopper, or empty if there is none yet. */
  domainUserId: () => string;
}

/** The shopper's attribute values. While they are shown, they are read again whenever they may have changed. */
export class LiveAttributes {
  readonly now = new Observable<Attributes>({ values: {}, problem: '' });
  readonly #options: LiveAttributesOptions;
  #watched = false;
  #reading = false;
  #readAgain = false;

  constructor(options: LiveAttributesOptions) {
    this.#options = options;
  }

  /** Sets whether the values are shown. */
  watch(watched: boolean): void {
    this.#watched = watched;
    this.mayHaveChanged();
  }

  /** Reads the values. During a read, it reads them once more afterwards. */
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
    if (!identifier) return { values: {}, problem: 'There are no values before the first event.' };
    const signals = window.snowplowSignals;
    if (!signals) return { values: {}, problem: 'The plugin could not be loaded.' };
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
