import type { Banner } from './banner.js';
import type { BannerPosition } from './options.js';
import { bannerStyles } from './styles.js';

/** Milliseconds in which banners make room for one another. */
const GLIDE_MS = 200;

/** Milliseconds for which a banner stays where it was before it jumps: longer than a frame of a busy page. */
const HOLD_MS = 50;

interface StackOptions {
  /** Where the host goes while no modal dialog is open. Asked when needed: the page may not have a body before. */
  container: () => Element;
  position: BannerPosition;
  onEscape: (banner: Banner) => void;
}

/**
 * The place on the screen where banners pile up: a host element with a shadow root in the browser's top layer.
 *
 * It is in the document, and listens to it, only while it holds a banner.
 */
export class Stack {
  readonly #options: StackOptions;
  readonly #banners: Banner[] = [];
  #host: HTMLElement | undefined;
  #listening: AbortController | undefined;
  #focusBefore: HTMLElement | null = null;
  /** What moves a banner at present. */
  readonly #glides = new WeakMap<Banner, Animation>();

  constructor(options: StackOptions) {
    this.#options = options;
  }

  /** Puts `banner` on the screen. */
  add(banner: Banner): void {
    this.#host ??= this.#makeHost();
    const { shadowRoot } = this.#host;
    this.rearrange(() => {
      this.#banners.push(banner);
      shadowRoot?.append(banner.element);
    });
    this.#place();
    this.#listen();
  }

  /**
   * Carries out a `change` that may move other banners than the `changed` one, and lets those glide. Browsers count what jumps without a shopper's doing
   * as a layout shift of the page, but not what a transform moves.
   */
  rearrange(change: () => void, changed?: Banner): void {
    const before = new Map(
      this.#banners.map((banner) => [banner, banner.element.getBoundingClientRect().top]),
    );
    change();
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const [banner, top] of before) {
      const { element } = banner;
      if (banner === changed || !element.isConnected) continue;
      this.#glides.get(banner)?.cancel();
      const offset = top - element.getBoundingClientRect().top;
      if (offset === 0) continue;
      const glide = element.animate([{ transform: `translateY(${offset}px)` }, { transform: 'none' }], {
        duration: still ? HOLD_MS : GLIDE_MS,
        easing: still ? 'step-end' : 'ease-out',
      });
      this.#glides.set(banner, glide);
    }
  }

  /** Scrolls to the newest, where there are more than the screen holds. The page does not move. */
  reveal(banner: Banner): void {
    if (this.#banners.at(-1) === banner)
      this.#host?.scrollTo({ top: this.#host.scrollHeight, behavior: 'instant' });
  }

  /** Takes `banner` off the screen. If the focus was in it, it goes back to where it came from. */
  remove(banner: Banner): void {
    const index = this.#banners.indexOf(banner);
    if (index < 0) return;
    const hadFocus = banner.element.matches(':focus-within');
    this.rearrange(() => {
      this.#banners.splice(index, 1);
      banner.element.remove();
    });
    if (hadFocus) this.#focusBefore?.focus();
    if (this.#banners.length > 0) return;
    this.#listening?.abort();
    this.#listening = undefined;
    this.#focusBefore = null;
    this.#host?.remove();
  }

  #makeHost(): HTMLElement {
    const host = document.createElement('signals-banners');
    host.dataset.position = this.#options.position;
    host.popover = 'manual';
    host.attachShadow({ mode: 'open' }).adoptedStyleSheets = [bannerStyles()];
    return host;
  }

  /**
   * Everything outside an open modal dialog is inert and lies below it, the top layer's other elements included: the
   * only place from which a banner can be seen, heard and reached is inside the dialog.
   */
  #place(): void {
    const host = this.#host;
    if (!host) return;
    const parent = topmostModal() ?? this.#options.container();
    if (host.parentNode !== parent) parent.append(host);
    // Moving an element closes it as a popover. Browsers without popovers show the host as it is.
    if (host.isConnected && typeof host.showPopover === 'function' && !host.matches(':popover-open')) {
      host.showPopover();
    }
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    // Dialogs that open and close; these events do not bubble, but they are captured.
    for (const type of ['toggle', 'close']) {
      document.addEventListener(type, (event) => this.#onDialogChange(event), { signal, capture: true });
    }
    document.addEventListener('keydown', (event) => this.#onKeyDown(event), { signal });
    this.#host?.addEventListener('focusin', (event) => this.#onFocusIn(event), { signal });
  }

  #onDialogChange(event: Event): void {
    if (event.target instanceof HTMLDialogElement) this.#place();
  }

  #onFocusIn({ relatedTarget }: FocusEvent): void {
    if (relatedTarget instanceof HTMLElement) this.#focusBefore = relatedTarget;
  }

  /** Escape closes the banner that has the focus; else the newest, unless a dialog has a better claim to the key. */
  #onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    const focused = this.#banners.find((banner) => banner.element.matches(':focus-within'));
    const banner = focused ?? (topmostModal() ? undefined : this.#banners.at(-1));
    if (!banner) return;
    // A canceled Escape closes no dialog: one key press, one thing closed.
    event.preventDefault();
    this.#options.onEscape(banner);
  }
}

/** The open modal dialog that the focus is in, or else the last in the document. */
function topmostModal(): Element | undefined {
  return (
    document.activeElement?.closest('dialog:modal') ?? [...document.querySelectorAll('dialog:modal')].at(-1)
  );
}
