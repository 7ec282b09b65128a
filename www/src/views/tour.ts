import type { Intervention } from '../../../js/types.js';
import { find } from '../dom';

/** The things to try, each ticked off when the intervention that it leads to has come. */
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
