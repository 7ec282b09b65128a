import { LiveReading } from './live-reading';

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

/** The shopper's attribute values. */
export function liveAttributes({ signalsUrl, domainUserId }: LiveAttributesOptions): LiveReading<Attributes> {
  return new LiveReading({ values: {}, problem: '' }, () => readAttributes(signalsUrl, domainUserId()));
}

async function readAttributes(endpoint: string, identifier: string): Promise<Attributes> {
  if (!identifier) return { values: {}, problem: 'There are no values before the first event.' };
  const signals = window.snowplowSignals;
  if (!signals) return { values: {}, problem: 'The plugin could not be loaded.' };
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
