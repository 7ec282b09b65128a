import { makeCard } from './card.js';
import { Countdown } from './countdown.js';
import { makePart } from './dom.js';
import type { BannerLabels, DismissReason } from './options.js';
import type { FilledTemplate } from './template.js';

/**
 * Milliseconds between an empty live region and its text. Screen readers announce what changes in a region they know,
 * and need a moment to get to know it.
 */
const ANNOUNCE_AFTER_MS = 100;

/** Milliseconds for which a banner is no live region after it moved or came in front. Screen readers hear of a move some time after it. */
const HUSHED_FOR_MS = 1_000;

const ENTRANCE: Keyframe[] = [
  { opacity: 0, transform: 'translateY(0.75rem) scale(0.98)' },
  { opacity: 1, transform: 'none' },
];

interface BannerParts {
  autoCloseMs: number;
  labels: BannerLabels;
  /** People see the banner now. */
  onShow: () => void;
  /** People cannot see it any more, and have not seen it yet: it is none any more. */
  onPutOff: () => void;
  /** Its action was taken. What the action does is up to the owner. */
  onAction: () => void;
  /** Its code is in the clipboard. */
  onCopy: () => void;
  /** Nobody points at it or has the focus in it: not yet, or not any more. */
  onCalm: () => void;
  /** It is over; the owner takes it off the screen. */
  onDismiss: (reason: DismissReason) => void;
}

/** The life of one banner: an empty live region, then a card with its clock running, then over. */
export class Banner {
  /** The live region. Empty until {@link Banner.show}. */
  readonly element = makePart('div', 'region');
  readonly #card: HTMLElement;
  readonly #parts: BannerParts;
  readonly #countdown: Countdown;
  #hushed: ReturnType<typeof setTimeout> | undefined;
  #isSeen = true;
  #isShown = false;
  #hovered = false;
  #focused = false;
  #gone = false;
  /** Ends the listening to the page and to the banner. */
  readonly #listening = new AbortController();

  constructor(content: FilledTemplate, parts: BannerParts) {
    this.#card = this.#makeCard(content, parts.labels);
    this.#parts = parts;
    this.#countdown = new Countdown(parts.autoCloseMs, () => this.dismiss('timeout'));
    this.element.setAttribute('role', 'status');
    // Only what is new is announced: without this, "Copied" would repeat the whole banner.
    this.element.setAttribute('aria-atomic', 'false');
  }

  /** Whether people can see it. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Whether somebody points at it or has the focus in it. */
  get hasAttention(): boolean {
    return this.#hovered || this.#focused;
  }

  /** Makes the region, which must be in the document by now, as high as it will be. Answers that height in pixels. */
  reserve(): number {
    this.element.append(this.#card);
    const { height } = this.element.getBoundingClientRect();
    this.#card.remove();
    this.element.style.minHeight = `${height}px`;
    return height;
  }

  /** Fills the region, which must be in the document by now, and starts the clock. */
  show(): void {
    setTimeout(() => {
      if (this.#gone) return;
      this.element.append(this.#card);
      this.element.style.minHeight = '';
      if (!matchMedia('(prefers-reduced-motion: reduce)').matches) {
        this.#card.animate(ENTRANCE, { duration: 240, easing: 'cubic-bezier(0.2, 0.9, 0.3, 1)' });
      }
      this.#isShown = true;
      this.#watchAttention();
      this.#parts.onShow();
    }, ANNOUNCE_AFTER_MS);
  }

  /** To be called when people can see it no more, or again. It begins where they can. */
  see(isSeen: boolean): void {
    this.#isSeen = isSeen;
    if (this.#isShown) this.#notice();
    else if (!this.#gone) {
      this.#gone = true;
      this.#parts.onPutOff();
    }
  }

  /** To be called before it moves, or comes in front: screen readers take what moves for new, and would read it again. */
  hush(): void {
    clearTimeout(this.#hushed);
    this.element.setAttribute('aria-live', 'off');
    this.#hushed = setTimeout(() => this.element.removeAttribute('aria-live'), HUSHED_FOR_MS);
  }

  /** Ends the banner, the first time it is called. */
  dismiss(reason: DismissReason): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listening.abort();
    this.#countdown.pause();
    this.#parts.onDismiss(reason);
  }

  #makeCard(content: FilledTemplate, labels: BannerLabels): HTMLElement {
    return makeCard(content, {
      labels,
      onClose: () => this.dismiss('close'),
      onCopy: () => this.#parts.onCopy(),
      onAction: () => {
        this.#parts.onAction();
        this.dismiss('action');
      },
    });
  }

  #watchAttention(): void {
    const { signal } = this.#listening;
    const { element } = this;
    element.addEventListener('pointerenter', () => this.#notice({ hovered: true }), { signal });
    element.addEventListener('pointerleave', () => this.#notice({ hovered: false }), { signal });
    element.addEventListener('focusin', () => this.#notice({ focused: true }), { signal });
    element.addEventListener(
      'focusout',
      ({ relatedTarget }) =>
        this.#notice({ focused: relatedTarget instanceof Node && element.contains(relatedTarget) }),
      { signal },
    );
    this.#notice();
  }

  /** Time counts only while somebody could read and nobody does. */
  #notice(change: { hovered?: boolean; focused?: boolean } = {}): void {
    this.#hovered = change.hovered ?? this.#hovered;
    this.#focused = change.focused ?? this.#focused;
    if (this.hasAttention || !this.#isSeen) this.#countdown.pause();
    else this.#countdown.run();
    if (!this.hasAttention) this.#parts.onCalm();
  }
}
