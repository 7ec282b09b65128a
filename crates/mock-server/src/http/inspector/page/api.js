// The server's API as the page uses it.

/**
 * An attribute key and an id.
 * @typedef {{name: string, id: string}} Owner
 *
 * An event, as far as it is shown.
 * @typedef {{event_id: string | null, event_name: string | null, app_id: string | null, page_url: string | null}} ShownEvent
 *
 * One thing that happened.
 * @typedef {{number: number, at: number, ids: Owner[]} & (
 *   | {kind: 'good' | 'duplicate', event: ShownEvent}
 *   | {kind: 'bad', bad_row: {field: string, reason: string, payload: string}}
 *   | {kind: 'published', streams: number, instance: {intervention_id: string, name: string, version: number,
 *       attributes: Record<string, unknown>}}
 *   | {kind: 'stream_opened', replayed: number}
 * )} Entry
 *
 * Part of the journal.
 * @typedef {{latest: number, missed: number, entries: Entry[]}} Excerpt
 *
 * A criterion, or a tree of them, and whether it holds.
 * @typedef {{holds: boolean} & (
 *   | {kind: 'test', attribute: string, operator: string, expected: unknown, actual: unknown}
 *   | {kind: 'all' | 'any' | 'none', parts: Criteria[]}
 * )} Criteria
 *
 * The state of one shopper.
 * @typedef {object} Standing
 * @property {number} now the server's time, in milliseconds since 1970
 * @property {Owner[]} ids the shopper's ids in the latest event
 * @property {number} open_streams
 * @property {{name: string, version: number, attributes: Record<string, unknown>}[]} profile
 * @property {{name: string, version: number, criteria: Criteria, targets: Owner[], received_by: Owner[]}[]} interventions
 * @property {{name: string, narrative: string}[]} contexts what an agent would read about the session of the latest event
 */

/**
 * A message to a receiver, and what became of it.
 * @typedef {object} Forwarded
 * @property {number} at when this happened, in milliseconds since 1970
 * @property {string} receiver
 * @property {string} webhook_id
 * @property {'waiting' | 'sent' | 'retried' | 'refused' | 'expired' | 'dropped'} outcome
 * @property {number} attempts
 * @property {string | null} reason why the receiver did not accept it
 * @property {{name: string, version: number, attributeKey: Owner}} intervention
 *
 * What is forwarded.
 * @typedef {object} Forwarding
 * @property {{receiver: string, waiting: number, problem: string | null, paused_until: number | null, oldest: Forwarded[]}[]} receivers
 * @property {Forwarded[]} recent the latest attempts, oldest first
 */

/** The token of a server that was started without one. */
const DEFAULT_TOKEN = 'sandbox';
const TOKEN_ITEM = 'signalsInspector.token';

/** A request that the server refused. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   */
  constructor(status, detail) {
    super(detail);
    /** HTTP status. */
    this.status = status;
  }

  /** Whether another token may help. */
  get wantsToken() {
    return this.status === 401 || this.status === 403;
  }
}

/** Uses this token from now on, in this tab. @param {string} token */
export function useToken(token) {
  sessionStorage.setItem(TOKEN_ITEM, token);
}

/**
 * The entries after number `after`. Waits until there is one.
 * @param {number} after
 * @returns {Promise<Excerpt>}
 */
export function journal(after) {
  return request('GET', `mock/journal?${new URLSearchParams({ after: String(after), wait_ms: '20000' })}`);
}

/**
 * The state of `owner`.
 * @param {Owner} owner
 * @returns {Promise<Standing>}
 */
export function standing({ name, id }) {
  return request('GET', `mock/state?${new URLSearchParams({ key: name, id })}`);
}

/** What was forwarded lately, and what waits. @returns {Promise<Forwarding>} */
export const forwarding = () => request('GET', 'mock/forwarding');

/**
 * Pushes an intervention to `owner`, without a rule.
 * @param {Owner} owner
 * @param {{name: string, version: number, attributes: unknown}} intervention
 * @returns {Promise<{status: 'success' | 'undelivered'}>}
 */
export function push({ name, id }, intervention) {
  return request('POST', `api/v1/interventions?${new URLSearchParams({ [name]: id })}`, intervention);
}

/**
 * Moves the server's clock forward.
 * @param {string} advance ISO 8601 duration
 * @returns {Promise<{now: string}>}
 */
export const moveClock = (advance) => request('POST', 'mock/clock', { advance });

/** Makes the server follow a script of faults. @param {unknown} script */
export const scriptFaults = (script) => request('POST', 'mock/faults', script);

/** Ends all faults. */
export const clearFaults = () => request('DELETE', 'mock/faults');

/** Deletes all profiles and interventions. */
export const reset = () => request('POST', 'mock/reset');

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
async function request(method, path, body) {
  const token = sessionStorage.getItem(TOKEN_ITEM) ?? DEFAULT_TOKEN;
  const response = await fetch(path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Refused(response.status, reason(text) || `status ${response.status}`);
  return text ? JSON.parse(text) : undefined;
}

/** The messages in the body of an error. @param {string} text */
function reason(text) {
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === 'string') return detail;
    return detail
      .map((/** @type {{loc: unknown[], msg: string}} */ { loc, msg }) => `${loc.join('.')}: ${msg}`)
      .join('; ');
  } catch {
    return text.slice(0, 200);
  }
}
