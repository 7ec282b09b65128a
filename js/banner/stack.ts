import type { Banner } from './banner.js';
import { makePart } from './dom.js';
import { closeOnEscape, forgetOnEscape } from './escape.js';
import { focusBefore } from './focus.js';
import { Host } from './host.js';
import type { BannerPosition } from './options.js';
import { dress } from './styles.js';

/** Milliseconds in which banners close the gap that another one left. */
const GLIDE_MS = 200;

/** How much of the screen's height several banners may fill together. A single one may always be seen. */
const MOST_OF_SCREEN = 0.6;

/**
 * The place on the screen where banners pile up, from its edge inwards. A new banner comes beyond the others and moves
 * none of them.
 *
 * Where a banner lies is a matter of transforms alone: browsers count what moves otherwise, without a shopper's doing,
 * as a layout shift of the page.
 *
 * Its host is in the document, and listens to it, only while there are banners or somebody waits to add one.
 */
export class Stack {
  readonly #atBottom: boolean;
  /** How far from the edge each banner lies, in pixels; the banners in the order in which they came. */
  readonly #places = new Map<Banner, number>();
  readonly #resizes = new ResizeObserver((entries) => this.#onResize(entries));
  readonly #makeHost: () => Host;
  #host: Host | undefined;
  /** What the banners lie on: as high as they are together, at least as the screen. */
  readonly #deck = makePart('div', 'deck');
  readonly #roomWanted = new Set<() => void>();

  /** `container` tells where the host goes while nothing lies in front of the page. */
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
   * Puts `banner` on the screen. Answers `false`, and does not, if nobody can see it there now or the others leave too
   * little room for it. Then it calls `onRoom` once, when that may have changed.
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
    // People read and reach banners in the order in which they see them.
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

  /** Takes `banner` off the screen. If the focus was in it, it goes back to where it came from. */
  remove(banner: Banner): void {
    if (!this.#places.delete(banner)) return;
    forgetOnEscape(banner);
    const goBack = banner.element.matches(':focus-within') ? focusBefore() : null;
    this.#resizes.unobserve(banner.element);
    banner.element.remove();
    // People may have scrolled on since they were there.
    goBack?.focus({ preventScroll: true });
    this.settle();
    this.#tellOfRoom();
    this.#closeIfIdle();
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
    const isOfHost = entries.some(({ target }) => target === this.#host?.element);
    // It has no size any more if what is around it was closed, or thrown away by the page.
    if (isOfHost) this.#host?.update();
    this.#arrange();
    if (isOfHost) this.#tellOfRoom();
  }

  #onSeen(isSeen: boolean): void {
    // Those that nobody has seen yet leave.
    for (const banner of [...this.#places.keys()]) banner.see(isSeen);
    this.#tellOfRoom();
  }

  #tellOfRoom(): void {
    if (!this.#host?.isSeen) return;
    const wanted = [...this.#roomWanted];
    this.#roomWanted.clear();
    for (const callback of wanted) callback();
    // They take their turn in a moment, or have no use for it any more.
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
