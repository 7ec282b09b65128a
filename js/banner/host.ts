import { followFocus, HOST, keepFocus } from './focus.js';
import { frontElement, fullscreenElement, placeBefore, whenFrontChanges } from './front.js';
import type { BannerPosition } from './options.js';
import { dress, shadowRootOf } from './styles.js';

interface HostParts {
  position: BannerPosition;
  /** Where it goes while nothing lies in front. Asked when needed: the page may replace it. */
  container: () => Element;
  /** It is about to come in front, in this place or another. */
  onRaise: () => void;
  /** People can see it from now on, or not any more. */
  onSeen: (isSeen: boolean) => void;
}

/**
 * The element that holds banners, in the browser's top layer. While it is open it follows what lies in front of the page,
 * and knows whether it can be seen.
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

  /** Whether people can see what is in it. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Whether it is in the document. */
  get isOpen(): boolean {
    return this.#listening !== undefined;
  }

  /** Puts it into the document. */
  open(): void {
    this.update();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    whenFrontChanges(() => this.update(), signal);
    document.addEventListener('visibilitychange', () => this.update(), { signal });
    document.addEventListener('toggle', (event) => this.#onToggle(event), { signal, capture: true });
    followFocus(this.element, signal);
  }

  /** Takes it out of the document. */
  close(): void {
    this.#listening?.abort();
    this.#listening = undefined;
    this.element.remove();
    this.#front = this.#fullscreen = undefined;
    this.#isSeen = false;
  }

  /** Goes to where it can be seen, and finds out whether it can. */
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
    // What lies in something that is not shown, or shows nothing inside, has no box.
    const isSeen = place !== undefined && !document.hidden && this.element.getClientRects().length > 0;
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    this.#parts.onSeen(isSeen);
  }

  /** Brings it in front of all else in the top layer, where the latest lies above the others. */
  #raise(place: Element): void {
    const { element } = this;
    this.#parts.onRaise();
    // Moving an element closes it as a popover.
    if (place !== element.parentNode) keepFocus(this.#root, () => place.append(element));
    // Browsers without popovers show it as it is.
    if (!element.isConnected || typeof element.showPopover !== 'function') return;
    if (element.matches(':popover-open')) element.hidePopover();
    element.showPopover();
  }

  /** A popover of the page that opened lies above, and may cover banners. */
  #onToggle({ target }: Event): void {
    const { parentElement } = this.element;
    if (!parentElement || !(target instanceof HTMLElement) || target.localName === HOST) return;
    if (typeof target.showPopover === 'function' && target.matches(':popover-open'))
      this.#raise(parentElement);
  }
}
