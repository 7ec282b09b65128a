import type { Intervention } from '../types.js';
import type { Memory } from './memory.js';

/** Instances that wait for the next page, or for their turn on this one, in case that page comes first. */
export class Pending {
  readonly #memory: Memory;
  readonly #max: number;
  #deferred: Intervention[] = [];
  #anyKept: boolean;

  /** Keeps at most `max` instances. */
  constructor(memory: Memory, max: number) {
    this.#memory = memory;
    this.#max = max;
    this.#anyKept = memory.read() !== undefined;
  }

  /** What earlier pages of this tab left. It stays kept until {@link Pending.keep} is called. */
  left(): Intervention[] {
    const stored = this.#memory.read();
    return Array.isArray(stored) ? stored.filter(isIntervention).slice(0, this.#max) : [];
  }

  /** Puts `intervention` off until the next page; gives the oldest one if there are too many, which is forgotten. */
  defer(intervention: Intervention): Intervention | undefined {
    this.#deferred.push(intervention);
    return this.#deferred.length > this.#max ? this.#deferred.shift() : undefined;
  }

  /** Keeps what is deferred, and as much of `waiting` as there is room for. */
  keep(waiting: readonly Intervention[]): void {
    const kept = [...this.#deferred, ...waiting].slice(0, this.#max);
    if (kept.length === 0 && !this.#anyKept) return;
    this.#anyKept = kept.length > 0;
    this.#memory.write(this.#anyKept ? kept : undefined);
  }
}

/** Whether what was stored can be handed to templates as an instance. */
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
