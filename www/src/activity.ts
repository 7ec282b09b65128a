import type { ConnectionChange, Intervention } from '../../js/types.js';
import { Observable } from './observable';

/** How many events and interventions the drawer keeps. */
const KEPT = 100;

/** One line of the activity drawer. */
export interface Entry {
  at: Date;
  title: string;
  detail: string;
}

/** Recent communication between the shop and the servers, for the activity drawer and the console. */
export class Activity {
  /** Newest first. */
  readonly events = new Observable<readonly Entry[]>([]);
  /** Newest first. */
  readonly interventions = new Observable<readonly Entry[]>([]);
  /** The plugin's connection, as text. */
  readonly connection = new Observable<Pick<ConnectionChange, 'state'> & { detail: string }>({
    state: 'idle',
    detail: 'idle',
  });

  eventSent(title: string, detail: string): void {
    this.#log(this.events, title, detail);
  }

  interventionReceived({ name, version, attributes }: Intervention): void {
    this.#log(this.interventions, `${name} v${version}`, listAttributes(attributes));
  }

  connectionChanged(change: ConnectionChange): void {
    const detail = describeConnection(change);
    console.info(`[shop] connection: ${detail}`);
    this.connection.set({ state: change.state, detail });
  }

  #log(list: Observable<readonly Entry[]>, title: string, detail: string): void {
    console.info(`[shop] ${title}${detail && `: ${detail}`}`);
    list.set([{ at: new Date(), title, detail }, ...list.value.slice(0, KEPT - 1)]);
  }
}

function listAttributes(attributes: Intervention['attributes']): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(', ');
}

function describeConnection({ state, attempt, nextDelayMs, lastError }: ConnectionChange): string {
  if (state !== 'retrying') return state;
  const next = nextDelayMs === undefined ? '' : ` in ${(nextDelayMs / 1000).toFixed(1)} s`;
  return `retrying${next}, attempt ${attempt}${lastError ? ` (${lastError})` : ''}`;
}
