import { makeCard } from './card.js';
import { Countdown } from './countdown.js';
import type { BannerLabels, DismissReason } from './options.js';
import type { BannerTemplate } from './template.js';

/**
 * Milliseconds between an empty live region and its text. Screen readers announce what changes in a region they know,
 * and need a moment to get to know it.
 */
const ANNOUNCE_AFTER_MS = 100;

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
  /** It is over; the owner takes it off the screen. */
  onDismiss: (reason: DismissReason) => void;
}

/** The life of one banner: an empty live region, then a card with its clock running, then over. */
export class Banner {
  /** The live region. Empty until {@link Banner.show}. */
  readonly element = document.createElement('div');
  readonly #content: BannerTemplate;
  readonly #parts: BannerParts;
  readonly #countdown: Countdown;
  #hovered = false;
  #focused = false;
  #gone = false;

  /** `content` has its placeholders filled. */
  constructor(content: BannerTemplate, parts: BannerParts) {
    this.#content = content;
    this.#parts = parts;
    this.#countdown = new Countdown(parts.autoCloseMs, () => this.dismiss('timeout'));
    this.element.setAttribute('role', 'status');
    // Only what is new is announced: without this, "Copied" would repeat the whole banner.
    this.element.setAttribute('aria-atomic', 'false');
    this.element.setAttribute('part', 'region');
  }

  /** Fills the region, which must be in the document by now, and starts the clock. */
  show(): void {
    setTimeout(() => {
      if (this.#gone) return;
      const card = this.#makeCard();
      this.element.append(card);
      if (!matchMedia('(prefers-reduced-motion: reduce)').matches) {
        card.animate(ENTRANCE, { duration: 240, easing: 'cubic-bezier(0.2, 0.9, 0.3, 1)' });
      }
      this.#watchAttention();
      this.#countdown.run();
      this.#parts.onShow();
    }, ANNOUNCE_AFTER_MS);
  }

  /** Ends the banner, the first time it is called. */
  dismiss(reason: DismissReason): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#countdown.pause();
    this.#parts.onDismiss(reason);
  }

  #makeCard(): HTMLElement {
    return makeCard(this.#content, {
      labels: this.#parts.labels,
      onClose: () => this.dismiss('close'),
      onAction: () => {
        this.#parts.onAction();
        this.dismiss('action');
      },
    });
  }

  #watchAttention(): void {
    const notice = (change: { hovered?: boolean; focused?: boolean }) => {
      this.#hovered = change.hovered ?? this.#hovered;
      this.#focused = change.focused ?? this.#focused;
      if (this.#gone || this.#hovered || this.#focused) this.#countdown.pause();
      else this.#countdown.run();
    };
    this.element.addEventListener('pointerenter', () => notice({ hovered: true }));
    this.element.addEventListener('pointerleave', () => notice({ hovered: false }));
    this.element.addEventListener('focusin', () => notice({ focused: true }));
    this.element.addEventListener('focusout', () => notice({ focused: false }));
  }
}
