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

/** Milliseconds for which a banner is no live region after it moved. Screen readers hear of a move some time after it. */
const HUSHED_FOR_MS = 1_000;

const ENTRANCE: Keyframe[] = [
  { opacity: 0, transform: 'translateY(0.75rem) scale(0.98)' },
  { opacity: 1, transform: 'none' },
];

interface BannerParts {
  autoCloseMs: number;
  labels: BannerLabels;
  /** The banner can be seen now. */
  onShow: () => void;
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
      this.#watchAttention();
      this.#parts.onShow();
    }, ANNOUNCE_AFTER_MS);
  }

  /** To be called before it moves in the document: screen readers take what moves for new, and would read it again. */
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

  /** Time counts only while somebody could read and nobody does: not in a tab in the background. */
  #watchAttention(): void {
    const notice = (change: { hovered?: boolean; focused?: boolean } = {}) => {
      this.#hovered = change.hovered ?? this.#hovered;
      this.#focused = change.focused ?? this.#focused;
      if (this.hasAttention || document.hidden) this.#countdown.pause();
      else this.#countdown.run();
      if (!this.hasAttention) this.#parts.onCalm();
    };
    const { signal } = this.#listening;
    const { element } = this;
    element.addEventListener('pointerenter', () => notice({ hovered: true }), { signal });
    element.addEventListener('pointerleave', () => notice({ hovered: false }), { signal });
    element.addEventListener('focusin', () => notice({ focused: true }), { signal });
    element.addEventListener(
      'focusout',
      ({ relatedTarget }) =>
        notice({ focused: relatedTarget instanceof Node && element.contains(relatedTarget) }),
      { signal },
    );
    document.addEventListener('visibilitychange', () => notice(), { signal });
    notice();
  }
}
