/** Name of the elements that hold banners. */
export const HOST = 'signals-banners';

/** What had the focus before it came into banners, at whatever position. */
let before: HTMLElement | null = null;

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
  const { activeElement } = root;
  const known = before;
  move();
  if (!(activeElement instanceof HTMLElement) || root.activeElement === activeElement) return;
  activeElement.focus({ preventScroll: true });
  before = known;
}

/** The focus came into a banner, from the page or from one at another position. */
function onFocusIn({ relatedTarget }: FocusEvent): void {
  if (relatedTarget instanceof HTMLElement && relatedTarget.localName !== HOST) before = relatedTarget;
}

/** The focus left for the page, or for nothing at all; a window in the background has no focus, and gets it back. */
function onFocusOut({ relatedTarget }: FocusEvent): void {
  const isAmongBanners = relatedTarget instanceof HTMLElement && relatedTarget.localName === HOST;
  if (!isAmongBanners && document.hasFocus()) before = null;
}
