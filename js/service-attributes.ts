import type { AttributeKeyId, AttributeKeyName } from './types.js';

/** Options of {@link getServiceAttributes}. */
export interface ServiceAttributesRequest {
  /** Signals API: a host name (`https` is assumed), or a URL with a scheme and an optional path prefix. */
  endpoint: string;
  /** Name of the service. It must be public. */
  service: string;
  /** Attribute key of the profile to read, for example `domain_userid`. */
  attributeKey: AttributeKeyName;
  /** Id of the profile to read. */
  identifier: AttributeKeyId;
  /** Aborts the request. The promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Attribute values by name. Attributes that were never computed have their default value. */
export type ServiceAttributes = Record<string, unknown>;

/** Why attributes could not be read. */
export class ServiceAttributesError extends Error {
  override readonly name = 'ServiceAttributesError';
  /** HTTP status of the response, or 0 if there was none. */
  readonly status: number;
  /** The server's error, as text or as a list of problems by field. Without a response, the browser's error. */
  readonly detail: unknown;

  /** @internal */
  constructor(status: number, detail: unknown) {
    const text = typeof detail === 'string' ? detail : JSON.stringify(detail);
    super(`attributes could not be read (status ${status}): ${text}`);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * Reads the attributes of one profile through a public service. Requires neither a tracker nor WebAssembly.
 *
 * @returns a promise of the values by attribute name. It rejects with a {@link ServiceAttributesError} if the server returns an error (404
 * for a service that does not exist or is not public) or cannot be reached, or with the reason of an aborted `signal`.
 */
export async function getServiceAttributes({
  endpoint,
  service,
  attributeKey,
  identifier,
  signal,
}: ServiceAttributesRequest): Promise<ServiceAttributes> {
  const base = (endpoint.includes('//') ? endpoint : `https://${endpoint}`).replace(/\/$/, '');
  let status = 0;
  try {
    const response = await fetch(`${base}/api/v1/get-online-attributes`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ service, attribute_keys: { [attributeKey]: [identifier] } }),
      signal: signal ?? null,
    });
    status = response.status;
    const answer = await response.json();
    if (!response.ok) throw new ServiceAttributesError(status, answer.detail ?? answer);
    const columns = Object.entries(answer as Record<string, unknown[]>);
    return Object.fromEntries(
      columns.filter(([name]) => name !== attributeKey).map(([name, [value]]) => [name, value]),
    );
  } catch (error) {
    if (signal?.aborted || error instanceof ServiceAttributesError) throw error;
    throw new ServiceAttributesError(status, String(error));
  }
}
