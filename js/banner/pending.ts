import type { Intervention } from '../types.js';
import type { Memory } from './memory.js';

/** Interventions that wait for the next page, or for their turn on this page in case the next page comes first. */
export class Pending {
  readonly #memory: Memory;
  readonly #max: number;
  #deferred: Intervention[] = [];
  #anyKept: boolean;

  /** Keeps at most `max` interventions. */
  constructor(memory: Memory, max: number) {
    this.#memory = memory;
    this.#max = max;
    this.#anyKept = memory.read() !== undefined;
  }

  /** The interventions that earlier pages of this tab left. They stay stored until {@link Pending.keep}. */
  left(): Intervention[] {
    const stored = this.#memory.read();
    return Array.isArray(stored) ? stored.filter(isIntervention).slice(0, this.#max) : [];
  }

  /** Defers `intervention` to the next page. If there are too many, forgets the oldest one and returns it. */
  defer(intervention: Intervention): Intervention | undefined {
    this.#deferred.push(intervention);
    return this.#deferred.length > this.#max ? this.#deferred.shift() : undefined;
  }

  /** Stores the deferred interventions, and as many of `waiting` as there is room for. */
  keep(waiting: readonly Intervention[]): void {
    const kept = [...this.#deferred, ...waiting].slice(0, this.#max);
    if (kept.length === 0 && !this.#anyKept) return;
    this.#anyKept = kept.length > 0;
    this.#memory.write(this.#anyKept ? kept : undefined);
  }
}

/** Whether a stored value can be passed to templates as an intervention. */
function isIntervention(stored: unknown): stored is Intervention {
  const { intervention_id, name, attributes } = (stored ?? {}) as Partial<
    Record<keyof Intervention, unknown>
  >;
  return (
    typeof intervention_id === 'string' &&
    typeof name === 'string' &&
    typeof attributes === 'object' &&
    attributes !== null
  );
}
