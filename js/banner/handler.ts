import type { Intervention } from '../types.js';
import { Agenda } from './agenda.js';
import { Banner } from './banner.js';
import { LONGEST_TIMEOUT_MS } from './countdown.js';
import { mayAppear } from './frequency.js';
import { History } from './history.js';
import { storedMemory } from './memory.js';
import {
  type BannerOptions,
  type BannerSettings,
  type DismissReason,
  resolveOptions,
  type SkipReason,
} from './options.js';
import { type BannerOutcome, outcomeEvent, trackOutcome } from './outcomes.js';
import { Pending } from './pending.js';
import type { Stack } from './stack.js';
import { stackAt } from './stacks.js';
import {
  type BannerTemplate,
  checkTemplate,
  type FilledTemplate,
  fillTemplate,
  findTemplate,
} from './template.js';

/** An intervention handler that shows banners, for `addInterventionHandlers`. */
export type BannerHandler = (intervention: Intervention) => void;

/** How many interventions may wait for their turn, and how many for the next page. */
const MAX_WAITING = 20;

const OUTCOME_OF: Readonly<Record<DismissReason, BannerOutcome>> = {
  close: 'dismissed',
  escape: 'dismissed',
  timeout: 'expired',
  action: 'clicked',
};

/**
 * Makes a handler that shows interventions as banners. Banners are announced politely, do not take the focus, and do not move the
 * page.
 *
 * The handler throws a `TypeError` for an intervention whose template cannot be filled, and the plugin tracks this as a handler
 * error. On a server, the handler does nothing.
 *
 * @example
 * addInterventionHandlers({
 *   banner: bannerHandler({
 *     templates: { discount: { message: "10% off your next purchase!", code: "SAVE10" } },
 *   }),
 * });
 * @throws {TypeError} naming the option, if one is invalid.
 */
export function bannerHandler(options: BannerOptions): BannerHandler {
  const settings = resolveOptions(options);
  if (typeof document === 'undefined') return () => {};
  const banners = new Banners(settings);
  whenParsed(() => banners.resume());
  return (intervention) => banners.receive(intervention);
}

/** An intervention and the contents of its banner. */
interface Candidate {
  intervention: Intervention;
  template: BannerTemplate;
  content: FilledTemplate;
}

/** The banners of one handler: decides which intervention gets one and when, and reports the outcome. */
class Banners {
  readonly #settings: BannerSettings;
  readonly #agenda: Agenda<Candidate>;
  readonly #history: History;
  readonly #pending: Pending;
  readonly #stack: Stack;
  /** Banners whose text is about to appear. They count as shown after that. */
  readonly #coming = new Set<Candidate>();
  /** One function object, so that a stack that is asked twice calls it once. */
  readonly #onRoom = () => this.#takeTurnSoon();
  #turnIsDue = false;
  #nextTurn: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: BannerSettings) {
    const { maxVisible, minIntervalMs, storageKey } = settings;
    this.#settings = settings;
    this.#agenda = new Agenda({ maxVisible, minIntervalMs, maxWaiting: MAX_WAITING });
    this.#history = new History(
      storedMemory(() => localStorage, `${storageKey}.appeared`),
      storedMemory(() => sessionStorage, `${storageKey}.appeared`),
    );
    this.#pending = new Pending(
      storedMemory(() => sessionStorage, `${storageKey}.pending`),
      MAX_WAITING,
    );
    this.#stack = stackAt(settings.container, settings.position);
  }

  /** Continues with the interventions that earlier pages left. */
  resume(): void {
    // A template that fails must not affect the others.
    for (const intervention of this.#pending.left()) guarded(() => this.receive(intervention));
    this.#takeTurnSoon();
  }

  receive(intervention: Intervention): void {
    const template = findTemplate(this.#settings.templates, intervention);
    if (template === 'defer') {
      const forgotten = this.#pending.defer(intervention);
      if (forgotten) this.#skip(forgotten, 'crowded_out');
      this.#takeTurnSoon();
    } else if (template) this.#enter(intervention, template);
  }

  #enter(intervention: Intervention, template: BannerTemplate): void {
    const at = `templates.${intervention.name}`;
    // Templates in an object were checked when the handler was made.
    if (typeof this.#settings.templates === 'function') checkTemplate(template, at);
    const { lang } = document.documentElement;
    const content = fillTemplate(template, intervention, at, this.#settings.locale ?? (lang || undefined));
    const crowdedOut = this.#agenda.add({ intervention, template, content }, template.priority ?? 0);
    if (crowdedOut) this.#skip(crowdedOut.intervention, 'crowded_out');
    this.#takeTurnSoon();
  }

  /** Waits for all interventions that arrive at the same moment, because a later one can have a higher priority. */
  #takeTurnSoon(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    queueMicrotask(() => {
      this.#turnIsDue = false;
      this.#takeTurn();
    });
  }

  /** Shows all banners that may appear now, stores the rest, and sets a timer for the next one. */
  #takeTurn(): void {
    clearTimeout(this.#nextTurn);
    for (let next = this.#next(); next; next = this.#next()) {
      if (!this.#mayAppear(next)) {
        this.#agenda.leave(next);
        this.#skip(next.intervention, 'frequency');
      } else if (!this.#show(next)) {
        this.#agenda.putBack(next, next.template.priority ?? 0);
        break;
      }
    }
    this.#pending.keep(this.#agenda.waiting.map(({ intervention }) => intervention));
    const waitMs = this.#agenda.waitMs(this.#sinceLastMs());
    if (waitMs) this.#nextTurn = setTimeout(() => this.#takeTurn(), Math.min(waitMs, LONGEST_TIMEOUT_MS));
  }

  #next(): Candidate | undefined {
    return this.#agenda.next(this.#sinceLastMs());
  }

  #sinceLastMs(): number {
    if (this.#settings.minIntervalMs === 0) return Number.POSITIVE_INFINITY;
    return this.#coming.size > 0 ? 0 : this.#history.sinceLastMs(Date.now());
  }

  #frequencyOf({ template }: Candidate) {
    return template.frequency ?? this.#settings.frequency;
  }

  #mayAppear(candidate: Candidate): boolean {
    const frequency = this.#frequencyOf(candidate);
    if (frequency === undefined) return true;
    const { name } = candidate.intervention;
    const isComing = [...this.#coming].some(({ intervention }) => intervention.name === name);
    return !isComing && mayAppear(frequency, this.#history.earlier(name, Date.now()));
  }

  /** Returns `false` and does nothing if there is no room on the screen, or the banner would not be visible. */
  #show(candidate: Candidate): boolean {
    const { intervention, content } = candidate;
    const { action } = content;
    const { autoCloseMs, labels, onShow, onDismiss, onAction } = this.#settings;
    const banner = new Banner(content, {
      autoCloseMs,
      labels,
      onShow: () => {
        this.#coming.delete(candidate);
        // Store only what these options need.
        if (this.#settings.minIntervalMs > 0 || this.#frequencyOf(candidate) !== undefined) {
          this.#history.appeared(intervention.name, Date.now());
        }
        this.#track('shown', intervention);
        guarded(() => onShow?.(intervention));
      },
      onPutOff: () => {
        this.#coming.delete(candidate);
        this.#stack.remove(banner);
        this.#agenda.putBack(candidate, candidate.template.priority ?? 0);
        this.#takeTurnSoon();
      },
      onCopy: () => this.#track('code_copied', intervention),
      onAction: () => {
        guarded(() => onAction?.(intervention));
        if (action && 'onClick' in action) guarded(() => action.onClick(intervention));
      },
      onCalm: () => this.#stack.settle(),
      onDismiss: (reason) => {
        this.#coming.delete(candidate);
        this.#stack.remove(banner);
        this.#agenda.leave(candidate);
        this.#track(OUTCOME_OF[reason], intervention);
        guarded(() => onDismiss?.(intervention, reason));
        this.#takeTurnSoon();
      },
    });
    if (!this.#stack.add(banner, this.#onRoom)) return false;
    this.#coming.add(candidate);
    banner.show();
    return true;
  }

  #skip(intervention: Intervention, reason: SkipReason): void {
    guarded(() => this.#settings.onSkip?.(intervention, reason));
  }

  #track(outcome: BannerOutcome, intervention: Intervention): void {
    const { tracker } = this.#settings;
    if (tracker) guarded(() => trackOutcome(tracker, outcomeEvent(outcome, intervention)));
  }
}

/** Calls back when the page has a body for banners. */
function whenParsed(callback: () => void): void {
  if (document.readyState === 'loading')
    document.addEventListener('DOMContentLoaded', callback, { once: true });
  else queueMicrotask(callback);
}

/** Errors in the page's functions must not break the banners. They are reported like uncaught errors. */
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportError(error);
  }
}
