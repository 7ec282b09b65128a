import { fullscreenElement } from './front.js';

/** Tag name of the elements that contain banners. */
export const HOST = 'signals-banners';

/** The element that had the focus before a banner got it, at any position. */
let before: HTMLElement | null = null;

/** The element in a banner from which the browser took the focus. */
let taken: HTMLElement | null = null;

/** Until `signal` aborts, remembers where the focus was before it entered `host`. */
export function followFocus(host: HTMLElement, signal: AbortSignal): void {
  host.addEventListener('focusin', onFocusIn, { signal });
  host.addEventListener('focusout', onFocusOut, { signal });
}

/** The element that gets the focus when a focused banner closes. */
export function focusBefore(): HTMLElement | null {
  return before;
}

/** Runs `move`, which moves the banners of `root` in the document. Moving removes the focus, so this restores it. */
export function keepFocus(root: ShadowRoot, move: () => void): void {
  const had = root.activeElement ?? (taken?.getRootNode() === root ? taken : null);
  const known = before;
  taken = null;
  move();
  if (!(had instanceof HTMLElement) || root.activeElement === had) return;
  had.focus({ preventScroll: true });
  before = known;
}

/** The focus entered a banner, from the page or from a banner at another position. */
function onFocusIn({ relatedTarget }: FocusEvent): void {
  if (relatedTarget instanceof HTMLElement && relatedTarget.localName !== HOST) before = relatedTarget;
}

/** The focus left for the page, or for nothing, for example because the window is in the background and will get it back. */
function onFocusOut(event: FocusEvent): void {
  const { relatedTarget, currentTarget } = event;
  // Chromium can take the focus before it reports that an element fills the screen. The banner is about to move there.
  if (relatedTarget === null && isBehind(currentTarget)) {
    taken = event.composedPath()[0] as HTMLElement;
    return;
  }
  const isAmongBanners = relatedTarget instanceof HTMLElement && relatedTarget.localName === HOST;
  if (!isAmongBanners && document.hasFocus()) before = null;
}

/** Whether an element that does not contain `host` fills the screen. */
function isBehind(host: EventTarget | null): boolean {
  const full = fullscreenElement();
  return full !== undefined && !full.contains(host as Node);
}
