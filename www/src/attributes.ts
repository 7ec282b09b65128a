import { Observable } from './observable';

/** The public service of the default definitions: what a page may read of its own shopper, without a token. */
const SERVICE = 'shop';
const PATH = '/api/v1/get-online-attributes';

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
    const id = this.#options.domainUserId();
    if (!id) return { values: {}, problem: 'Nothing is known before the first event.' };
    const { signalsUrl } = this.#options;
    try {
      const response = await fetch(signalsUrl + PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ service: SERVICE, attribute_keys: { domain_userid: [id] } }),
      });
      if (response.status === 404) {
        return { values: {}, problem: `${signalsUrl} has no public service called ${SERVICE}.` };
      }
      if (!response.ok) return { values: {}, problem: `${signalsUrl} answered ${response.status}.` };
      return { values: firstRow(await response.json()), problem: '' };
    } catch (error) {
      return { values: {}, problem: `${signalsUrl} cannot be read: ${error}` };
    }
  }
}

/** The values of the first id, out of columns with one position per id. */
function firstRow(columns: Record<string, unknown>): Attributes['values'] {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([name, column]) =>
      name !== 'domain_userid' && Array.isArray(column) ? [[name, column[0]]] : [],
    ),
  );
}
