import { Countdown } from './countdown.js';
import type { BannerLabels, DismissReason } from './options.js';
import type { BannerAction, BannerTemplate } from './template.js';

/**
 * Milliseconds between an empty live region and its text. Screen readers announce what changes in a region they know,
 * and need a moment to get to know it.
 */
const ANNOUNCE_AFTER_MS = 100;

/** Milliseconds for which the copy button says that it did. */
const COPIED_FOR_MS = 2_000;

const CLOSE_ICON = 'M3.5 3.5l9 9m0-9l-9 9';
const COPY_ICON = 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3';
const DONE_ICON = 'M2.5 8.5l4 4 7-8';

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

/** One banner: its element, its clock, its buttons. */
export class Banner {
  /** The live region. Empty until {@link Banner.show}. */
  readonly element = document.createElement('div');
  readonly #content: BannerTemplate;
  readonly #parts: BannerParts;
  readonly #countdown: Countdown;
  #hovered = false;
  #focused = false;
  #gone = false;

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
      const card = this.#card();
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

  #card(): HTMLElement {
    const { message, code, action, tone = 'info' } = this.#content;
    const card = part('div', 'banner');
    card.dataset.tone = tone;

    const text = part('p', 'message');
    text.id = `message-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    text.dir = 'auto';
    text.textContent = message;

    const close = part('button', 'close');
    close.type = 'button';
    close.setAttribute('aria-label', this.#parts.labels.close);
    close.setAttribute('aria-describedby', text.id);
    close.append(icon(CLOSE_ICON));
    close.addEventListener('click', () => this.dismiss('close'));

    card.append(text);
    if (code !== undefined) card.append(this.#offer(code));
    if (action) card.append(this.#action(action));
    card.append(close);
    return card;
  }

  #offer(code: string): HTMLElement {
    const { labels } = this.#parts;
    const offer = part('div', 'offer');
    const text = part('code', 'code');
    text.textContent = code;
    const copy = part('button', 'copy');
    copy.type = 'button';
    // Text, not aria-label: a live region announces text that changes.
    const label = part('span', 'label');
    label.textContent = labels.copy;
    copy.append(label, icon(COPY_ICON));
    copy.addEventListener('click', async () => {
      if (!(await copied(code))) {
        getSelection()?.selectAllChildren(text);
        return;
      }
      copy.replaceChildren(label, icon(DONE_ICON));
      label.textContent = labels.copied;
      setTimeout(() => {
        copy.replaceChildren(label, icon(COPY_ICON));
        label.textContent = labels.copy;
      }, COPIED_FOR_MS);
    });
    offer.append(text, copy);
    return offer;
  }

  #action(action: BannerAction): HTMLElement {
    const element = 'href' in action ? part('a', 'action') : part('button', 'action');
    if (element instanceof HTMLAnchorElement && 'href' in action) element.href = action.href;
    if (element instanceof HTMLButtonElement) element.type = 'button';
    element.textContent = action.label;
    element.addEventListener('click', () => {
      this.#parts.onAction();
      this.dismiss('action');
    });
    return element;
  }
}

/** Whether the clipboard took `text`. It refuses pages served without TLS, and people may refuse it. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function part<K extends keyof HTMLElementTagNameMap>(tag: K, name: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.setAttribute('part', name);
  element.className = name;
  return element;
}

/** A drawing in strokes of the text's colour, 16 by 16. */
function icon(strokes: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', strokes);
  svg.append(path);
  return svg;
}
