import { fullscreenElement } from './front.js';

/** Name of the elements that hold banners. */
export const HOST = 'signals-banners';

/** What had the focus before it came into banners, at whatever position. */
let before: HTMLElement | null = null;

/** What in a banner had the focus until the browser took it. */
let taken: HTMLElement | null = null;

/** Notes where the focus comes from when it comes into `host`, until `signal` aborts. */
export function followFocus(host: HTMLElement, signal: AbortSignal): void {
  host.addEventListener('focusin', onFocusIn, { signal });
  host.addEventListener('focusout', onFocusOut, { signal });
}

/** What to give the focus back to when a banner goes that has it. */
export function focusBefore(): HTMLElement | null {
  return before;
}

/** Runs `move`, which moves the banners of `root` in the document: that takes the focus from them, and they get it back. */
export function keepFocus(root: ShadowRoot, move: () => void): void {
  const had = root.activeElement ?? (taken?.getRootNode() === root ? taken : null);
  const known = before;
  taken = null;
  move();
  if (!(had instanceof HTMLElement) || root.activeElement === had) return;
  had.focus({ preventScroll: true });
  before = known;
}

/** The focus came into a banner, from the page or from one at another position. */
function onFocusIn({ relatedTarget }: FocusEvent): void {
  if (relatedTarget instanceof HTMLElement && relatedTarget.localName !== HOST) before = relatedTarget;
}

/** The focus left for the page, or for nothing at all; a window in the background has no focus, and gets it back. */
function onFocusOut(event: FocusEvent): void {
  const { relatedTarget, currentTarget } = event;
  // Chromium may take it before it says that an element fills the screen: the banner is about to follow there.
  if (relatedTarget === null && isBehind(currentTarget)) {
    taken = event.composedPath()[0] as HTMLElement;
    return;
  }
  const isAmongBanners = relatedTarget instanceof HTMLElement && relatedTarget.localName === HOST;
  if (!isAmongBanners && document.hasFocus()) before = null;
}

/** Whether an element that does not hold `host` fills the screen. */
function isBehind(host: EventTarget | null): boolean {
  const full = fullscreenElement();
  return full !== undefined && !full.contains(host as Node);
}
