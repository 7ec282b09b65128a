import { makeCard } from './card.js';
import { Countdown } from './countdown.js';
import { makePart } from './dom.js';
import type { BannerLabels, DismissReason } from './options.js';
import type { FilledTemplate } from './template.js';

/**
 * Milliseconds between adding an empty live region and its text. Screen readers announce only changes in a region that they know,
 * and need a moment to detect it.
 */
const ANNOUNCE_AFTER_MS = 100;

/** Milliseconds for which a banner is not a live region after it moved or was raised. Screen readers notice a move with a delay. */
const HUSHED_FOR_MS = 1_000;

const ENTRANCE: Keyframe[] = [
  { opacity: 0, transform: 'translateY(0.75rem) scale(0.98)' },
  { opacity: 1, transform: 'none' },
];

interface BannerParts {
  autoCloseMs: number;
  labels: BannerLabels;
  /** The banner became visible. */
  onShow: () => void;
  /** The banner was hidden before it became visible, so it is withdrawn. */
  onPutOff: () => void;
  /** Someone used its action. The owner carries it out. */
  onAction: () => void;
  /** Its code was copied. */
  onCopy: () => void;
  /** It is neither hovered nor focused. */
  onCalm: () => void;
  /** It has ended, and the owner removes it from the screen. */
  onDismiss: (reason: DismissReason) => void;
}

/** The life of one banner: an empty live region, then a card with a running clock, then closed. */
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
  /** Removes the listeners. */
  readonly #listening = new AbortController();

  constructor(content: FilledTemplate, parts: BannerParts) {
    this.#card = this.#makeCard(content, parts.labels);
    this.#parts = parts;
    this.#countdown = new Countdown(parts.autoCloseMs, () => this.dismiss('timeout'));
    this.element.setAttribute('role', 'status');
    // Announce only changes. Without this, "Copied" would repeat the whole banner.
    this.element.setAttribute('aria-atomic', 'false');
  }

  /** Whether it is visible. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Whether it is hovered or focused. */
  get hasAttention(): boolean {
    return this.#hovered || this.#focused;
  }

  /** Gives the region its final height, and returns it in pixels. The region must be in the document. */
  reserve(): number {
    this.element.append(this.#card);
    const { height } = this.element.getBoundingClientRect();
    this.#card.remove();
    this.element.style.minHeight = `${height}px`;
    return height;
  }

  /** Fills the region and starts the clock. The region must be in the document. */
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

  /** Call this when it becomes visible or hidden. Its life begins when it is visible. */
  see(isSeen: boolean): void {
    this.#isSeen = isSeen;
    if (this.#isShown) this.#notice();
    else if (!this.#gone) {
      this.#gone = true;
      this.#parts.onPutOff();
    }
  }

  /** Call this before it is moved or raised: screen readers would read a moved banner again. */
  hush(): void {
    clearTimeout(this.#hushed);
    this.element.setAttribute('aria-live', 'off');
    this.#hushed = setTimeout(() => this.element.removeAttribute('aria-live'), HUSHED_FOR_MS);
  }

  /** Ends the banner. Later calls do nothing. */
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

  /** The clock runs only while the banner is visible, and neither hovered nor focused. */
  #notice(change: { hovered?: boolean; focused?: boolean } = {}): void {
    this.#hovered = change.hovered ?? this.#hovered;
    this.#focused = change.focused ?? this.#focused;
    if (this.hasAttention || !this.#isSeen) this.#countdown.pause();
    else this.#countdown.run();
    if (!this.hasAttention) this.#parts.onCalm();
  }
}
