import type { Intervention } from '../../../js/types.js';
import { find } from '../dom';

/** The list of things to try. Each is ticked when its intervention arrives. */
export class Tour {
  readonly #tour = find(HTMLElement, '#tour');

  tickOff({ name }: Intervention): void {
    for (const step of this.#steps()) if (step.dataset.intervention === name) step.dataset.done = '';
  }

  startOver(): void {
    for (const step of this.#steps()) delete step.dataset.done;
  }

  #steps(): NodeListOf<HTMLElement> {
    return this.#tour.querySelectorAll('li');
  }
}
