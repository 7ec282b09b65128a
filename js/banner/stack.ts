import type { Banner } from './banner.js';
import { makePart } from './dom.js';
import { closeOnEscape, forgetOnEscape } from './escape.js';
import { topmostModal } from './modal.js';
import type { BannerPosition } from './options.js';
import { bannerStyles } from './styles.js';

/** Milliseconds in which banners close the gap that another one left. */
const GLIDE_MS = 200;

/** Name of the host element. */
const HOST = 'signals-banners';

/** How much of the screen's height several banners may fill together. A single one may always be seen. */
const MOST_OF_SCREEN = 0.6;

/** What had the focus before it came into banners, at whatever position. */
let focusBefore: HTMLElement | null = null;

/**
 * The place on the screen where banners pile up, from its edge inwards: a host element with a shadow root in the
 * browser's top layer. A new banner comes beyond the others and moves none of them.
 *
 * Where a banner lies is a matter of transforms alone: browsers count what moves otherwise, without a shopper's doing,
 * as a layout shift of the page.
 *
 * The host is in the document, and listens to it, only while it holds a banner.
 */
export class Stack {
  readonly #position: BannerPosition;
  readonly #container: () => Element;
  readonly #atBottom: boolean;
  /** How far from the edge each banner lies, in pixels; the banners in the order in which they came. */
  readonly #places = new Map<Banner, number>();
  readonly #resizes = new ResizeObserver((entries) => this.#onResize(entries));
  #host: HTMLElement | undefined;
  /** What the banners lie on: as high as they are together, at least as the screen. */
  readonly #deck = makePart('div', 'deck');
  #listening: AbortController | undefined;
  readonly #roomWanted = new Set<() => void>();

  /** `container` tells where the host goes while no modal dialog is open. Asked when needed: the page may replace it. */
  constructor(position: BannerPosition, container: () => Element) {
    this.#position = position;
    this.#container = container;
    this.#atBottom = position.startsWith('bottom');
  }

  /** Puts `banner` on the screen. Answers `false`, and does not, if the others leave too little room for it. */
  add(banner: Banner): boolean {
    this.#host ??= this.#makeHost();
    this.#attach();
    // People read and reach banners in the order in which they see them.
    if (this.#atBottom) this.#deck.prepend(banner.element);
    else this.#deck.append(banner.element);
    const end = this.#end() + banner.reserve();
    if (this.#places.size > 0 && end > MOST_OF_SCREEN * this.#host.clientHeight) {
      banner.element.remove();
      return false;
    }
    this.#places.set(banner, 0);
    this.#arrange();
    this.#resizes.observe(banner.element);
    this.#listen();
    closeOnEscape(banner);
    return true;
  }

  /** Calls back once, when there may be room for one more. */
  whenRoom(callback: () => void): void {
    this.#roomWanted.add(callback);
  }

  /** Takes `banner` off the screen. If the focus was in it, it goes back to where it came from. */
  remove(banner: Banner): void {
    if (!this.#places.delete(banner)) return;
    forgetOnEscape(banner);
    const goBack = banner.element.matches(':focus-within') ? focusBefore : null;
    banner.element.remove();
    // People may have scrolled on since they were there.
    goBack?.focus({ preventScroll: true });
    this.settle();
    if (this.#places.size === 0) this.#close();
    this.#tellOfRoom();
  }

  /** Closes the gaps that banners left, but not while somebody is about to press a button of one that would move. */
  settle(): void {
    const before = new Map(this.#places);
    this.#arrange();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    for (const [banner, place] of this.#places) {
      const inwards = (before.get(banner) ?? place) - place;
      if (inwards === 0) continue;
      const transform = [`translateY(${this.#atBottom ? -inwards : inwards}px)`, 'none'];
      // Added to where the banner lies, and to the glides under way.
      banner.element.animate({ transform }, { duration: GLIDE_MS, easing: 'ease-out', composite: 'add' });
    }
  }

  #arrange(): void {
    const isHeld = [...this.#places.keys()].some((banner) => banner.hasAttention);
    let end = 0;
    for (const [banner, before] of this.#places) {
      const place = isHeld ? Math.max(before, end) : end;
      this.#places.set(banner, place);
      banner.element.style.setProperty('--place', `${place}px`);
      end = place + heightOf(banner);
    }
    this.#deck.style.height = `${end}px`;
  }

  /** Where the next banner would lie. */
  #end(): number {
    return Math.max(0, ...[...this.#places].map(([banner, place]) => place + heightOf(banner)));
  }

  #onResize(entries: ResizeObserverEntry[]): void {
    this.#arrange();
    if (!entries.some(({ target }) => target === this.#host)) return;
    // It has no size any more if the page has thrown it away with what was around it.
    this.#attach();
    this.#tellOfRoom();
  }

  #tellOfRoom(): void {
    const wanted = [...this.#roomWanted];
    this.#roomWanted.clear();
    for (const callback of wanted) callback();
  }

  #close(): void {
    this.#listening?.abort();
    this.#listening = undefined;
    this.#resizes.disconnect();
    this.#host?.remove();
  }

  #makeHost(): HTMLElement {
    const host = document.createElement(HOST);
    host.dataset.position = this.#position;
    host.popover = 'manual';
    const root = host.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [bannerStyles()];
    root.append(this.#deck);
    return host;
  }

  /**
   * Everything outside an open modal dialog is inert and lies below it, the top layer's other elements included: the
   * only place from which a banner can be seen, heard and reached is inside the dialog.
   */
  #attach(): void {
    const host = this.#host;
    if (!host) return;
    const parent = topmostModal() ?? this.#container();
    if (host.parentNode !== parent) {
      for (const banner of this.#places.keys()) banner.hush();
      parent.append(host);
    }
    // Moving an element closes it as a popover. Browsers without popovers show the host as it is.
    if (host.isConnected && typeof host.showPopover === 'function' && !host.matches(':popover-open')) {
      host.showPopover();
    }
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = new AbortController();
    if (this.#host) this.#resizes.observe(this.#host);
    const { signal } = this.#listening;
    // Dialogs that open and close; these events do not bubble, but they are captured.
    for (const type of ['toggle', 'close']) {
      document.addEventListener(type, () => this.#attach(), { signal, capture: true });
    }
    this.#host?.addEventListener('focusin', onFocusIn, { signal });
    this.#host?.addEventListener('focusout', onFocusOut, { signal });
  }
}

function heightOf({ element }: Banner): number {
  return element.getBoundingClientRect().height;
}

/** The focus came into a banner, from the page or from one at another position. */
function onFocusIn({ relatedTarget }: FocusEvent): void {
  if (relatedTarget instanceof HTMLElement && relatedTarget.localName !== HOST) focusBefore = relatedTarget;
}

/** The focus left for the page, or for nothing at all; a window in the background has no focus, and gets it back. */
function onFocusOut({ relatedTarget }: FocusEvent): void {
  const isAmongBanners = relatedTarget instanceof HTMLElement && relatedTarget.localName === HOST;
  if (!isAmongBanners && document.hasFocus()) focusBefore = null;
}
