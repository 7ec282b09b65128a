import { followFocus, HOST, keepFocus } from './focus.js';
import { frontElement, fullscreenElement, placeBefore, whenFrontChanges } from './front.js';
import type { BannerPosition } from './options.js';
import { dress, shadowRootOf } from './styles.js';

interface HostParts {
  position: BannerPosition;
  /** The parent while nothing is in front. Called each time, because the page can replace it. */
  container: () => Element;
  /** It is about to be raised, at this place or another. */
  onRaise: () => void;
  /** It became visible or hidden. */
  onSeen: (isSeen: boolean) => void;
}

/**
 * The element that contains banners, in the browser's top layer. While it is open, it moves into the element in front of the page,
 * and detects whether it is visible.
 */
export class Host {
  readonly element = document.createElement(HOST);
  readonly #root: ShadowRoot;
  readonly #parts: HostParts;
  #front: Element | undefined;
  #fullscreen: Element | undefined;
  #isSeen = false;
  #listening: AbortController | undefined;

  constructor(content: HTMLElement, parts: HostParts) {
    this.#parts = parts;
    this.element.dataset.position = content.dataset.position = parts.position;
    this.element.popover = 'manual';
    this.#root = shadowRootOf(this.element);
    this.#root.append(content);
    dress(this.element);
    dress(content);
  }

  /** Whether its contents are visible. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Whether it is in the document. */
  get isOpen(): boolean {
    return this.#listening !== undefined;
  }

  /** Adds it to the document. */
  open(): void {
    this.update();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    whenFrontChanges(() => this.update(), signal);
    document.addEventListener('visibilitychange', () => this.update(), { signal });
    document.addEventListener('toggle', (event) => this.#onToggle(event), { signal, capture: true });
    followFocus(this.element, signal);
  }

  /** Removes it from the document. */
  close(): void {
    this.#listening?.abort();
    this.#listening = undefined;
    this.element.remove();
    this.#front = this.#fullscreen = undefined;
    this.#isSeen = false;
  }

  /** Moves to where it is visible, and checks whether it is. */
  update(): void {
    const front = frontElement();
    const fullscreen = fullscreenElement();
    const place = placeBefore(front, this.#parts.container());
    if (
      place &&
      (place !== this.element.parentNode || front !== this.#front || fullscreen !== this.#fullscreen)
    ) {
      this.#raise(place);
    }
    this.#front = front;
    this.#fullscreen = fullscreen;
    // An element has no box if an ancestor is hidden or does not show its children.
    const isSeen = place !== undefined && !document.hidden && this.element.getClientRects().length > 0;
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    this.#parts.onSeen(isSeen);
  }

  /** Raises it above everything else in the top layer, where the latest element is on top. */
  #raise(place: Element): void {
    const { element } = this;
    this.#parts.onRaise();
    // Moving a popover closes it.
    if (place !== element.parentNode) keepFocus(this.#root, () => place.append(element));
    // Browsers without popovers show it as a normal element.
    if (!element.isConnected || typeof element.showPopover !== 'function') return;
    if (element.matches(':popover-open')) element.hidePopover();
    element.showPopover();
  }

  /** A popover of the page opens above the banners and can cover them. */
  #onToggle({ target }: Event): void {
    const { parentElement } = this.element;
    if (!parentElement || !(target instanceof HTMLElement) || target.localName === HOST) return;
    if (typeof target.showPopover === 'function' && target.matches(':popover-open'))
      this.#raise(parentElement);
  }
}
