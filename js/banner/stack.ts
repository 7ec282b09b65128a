import type { Banner } from './banner.js';
import { makePart } from './dom.js';
import { closeOnEscape, forgetOnEscape } from './escape.js';
import { focusBefore } from './focus.js';
import { Host } from './host.js';
import type { BannerPosition } from './options.js';
import { dress } from './styles.js';

/** Milliseconds for the animation that closes a gap. */
const GLIDE_MS = 200;

/** The share of the screen's height that several banners may fill together. A single banner is always shown. */
const MOST_OF_SCREEN = 0.6;

/**
 * A stack of banners on the screen, from its edge inwards. A new banner is added beyond the others and moves none of them.
 *
 * Banners are positioned only by transforms: browsers would count other movements as layout shifts of the page.
 *
 * The host is in the document, with its listeners, only while there are banners or a handler waits for room.
 */
export class Stack {
  readonly #atBottom: boolean;
  /** The distance of each banner from the edge in pixels, in order of arrival. */
  readonly #places = new Map<Banner, number>();
  readonly #resizes = new ResizeObserver((entries) => this.#onResize(entries));
  readonly #makeHost: () => Host;
  #host: Host | undefined;
  /** The area behind the banners: as high as all of them together, and at least as high as the screen. */
  readonly #deck = makePart('div', 'deck');
  readonly #roomWanted = new Set<() => void>();

  /** `container` returns the parent of the host while nothing is in front of the page. */
  constructor(position: BannerPosition, container: () => Element) {
    this.#atBottom = position.startsWith('bottom');
    this.#makeHost = () =>
      new Host(this.#deck, {
        position,
        container,
        onRaise: () => {
          for (const banner of this.#places.keys()) banner.hush();
        },
        onSeen: (isSeen) => this.#onSeen(isSeen),
      });
  }

  /**
   * Shows `banner`. Returns `false` and does nothing if it would not be visible, or if the others leave too little room. In that
   * case, it calls `onRoom` once when this may have changed.
   */
  add(banner: Banner, onRoom: () => void): boolean {
    const host = this.#open();
    if (host.isSeen && this.#fit(banner, host.element)) return true;
    this.#roomWanted.add(onRoom);
    return false;
  }

  #open(): Host {
    this.#host ??= this.#makeHost();
    if (this.#host.isOpen) this.#host.update();
    else {
      this.#host.open();
      this.#resizes.observe(this.#host.element);
    }
    return this.#host;
  }

  #fit(banner: Banner, host: HTMLElement): boolean {
    // The reading and focus order must be the visual order.
    if (this.#atBottom) this.#deck.prepend(banner.element);
    else this.#deck.append(banner.element);
    dress(banner.element);
    const end = this.#end() + banner.reserve();
    if (this.#places.size > 0 && end > MOST_OF_SCREEN * host.clientHeight) {
      banner.element.remove();
      return false;
    }
    this.#places.set(banner, 0);
    this.#arrange();
    this.#resizes.observe(banner.element);
    closeOnEscape(banner);
    return true;
  }

  /** Removes `banner` from the screen. If it has the focus, the focus goes back to where it was before. */
  remove(banner: Banner): void {
    if (!this.#places.delete(banner)) return;
    forgetOnEscape(banner);
    const goBack = banner.element.matches(':focus-within') ? focusBefore() : null;
    this.#resizes.unobserve(banner.element);
    banner.element.remove();
    // People may have scrolled since then.
    goBack?.focus({ preventScroll: true });
    this.settle();
    this.#tellOfRoom();
    this.#closeIfIdle();
  }

  /** Closes the gaps that banners left, but not while a banner that would move is hovered or focused. */
  settle(): void {
    const before = new Map(this.#places);
    this.#arrange();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    for (const [banner, place] of this.#places) {
      const inwards = (before.get(banner) ?? place) - place;
      if (inwards === 0) continue;
      const transform = [`translateY(${this.#atBottom ? -inwards : inwards}px)`, 'none'];
      // Added to the banner's position and to running animations.
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

  /** The position of the next banner. */
  #end(): number {
    return Math.max(0, ...[...this.#places].map(([banner, place]) => place + heightOf(banner)));
  }

  #onResize(entries: ResizeObserverEntry[]): void {
    const isOfHost = entries.some(({ target }) => target === this.#host?.element);
    // The host has no size if the page closed or removed an element around it.
    if (isOfHost) this.#host?.update();
    this.#arrange();
    if (isOfHost) this.#tellOfRoom();
  }

  #onSeen(isSeen: boolean): void {
    // Banners that were never visible leave.
    for (const banner of [...this.#places.keys()]) banner.see(isSeen);
    this.#tellOfRoom();
  }

  #tellOfRoom(): void {
    if (!this.#host?.isSeen) return;
    const wanted = [...this.#roomWanted];
    this.#roomWanted.clear();
    for (const callback of wanted) callback();
    // The handlers take their turn in a microtask, or no longer need it.
    if (wanted.length > 0) queueMicrotask(() => this.#closeIfIdle());
  }

  #closeIfIdle(): void {
    if (this.#places.size > 0 || this.#roomWanted.size > 0) return;
    this.#resizes.disconnect();
    this.#host?.close();
  }
}

function heightOf({ element }: Banner): number {
  return element.getBoundingClientRect().height;
}
