/** Elements that do not show their children. */
const SHOWS_NOTHING_INSIDE =
  'audio, canvas, embed, iframe, img, input, meter, object, progress, select, svg, textarea, video';

const MODAL = 'dialog:modal';

/** Events after which another element may be in front. Prefixed names are for Safari. */
const EVENTS = [
  'fullscreenchange',
  'webkitfullscreenchange',
  'webkitpresentationmodechanged',
  // Dialogs in shadow trees, whose attributes cannot be observed from outside, take the focus.
  'focusin',
];

/** Properties of Safari, the first before 16.4. */
type Root = DocumentOrShadowRoot & { webkitFullscreenElement?: Element | null };
type Video = HTMLVideoElement & { webkitPresentationMode?: string };

/**
 * The element in front of all others: a modal dialog, which makes everything outside it inert, or the element that fills the screen.
 * `undefined` if the page has neither.
 */
export function frontElement(): Element | undefined {
  const modal = topmostModal();
  const fullscreen = fullscreenElement();
  if (!fullscreen) return modal;
  const isInModal = !modal || enclosing(fullscreen).includes(modal);
  return isInModal ? fullscreen : modal;
}

/** Where banners are visible: in `container`, unless it is behind `front`. `undefined` if they cannot be visible. */
export function placeBefore(front: Element | undefined, container: Element): Element | undefined {
  if (!front || enclosing(container).includes(front)) return container;
  return front.matches(SHOWS_NOTHING_INSIDE) ? undefined : front;
}

/** Until `signal` aborts, calls back when another element may be in front. */
export function whenFrontChanges(callback: () => void, signal: AbortSignal): void {
  for (const type of EVENTS) document.addEventListener(type, callback, { signal, capture: true });
  // Not every browser has events for dialogs that open.
  const dialogs = new MutationObserver(callback);
  dialogs.observe(document, { subtree: true, attributeFilter: ['open'] });
  signal.addEventListener('abort', () => dialogs.disconnect());
}

/** The modal dialog that had the focus last. It stays in front even if a click on its background removes the focus. */
let latestModal: Element | undefined;

/** The open modal dialog that has or last had the focus, or else the last one in the document. */
function topmostModal(): Element | undefined {
  const focused = innermost((root) => root.activeElement);
  const around = enclosing(focused).find((element) => element.matches(MODAL));
  if (around || !latestModal?.matches(MODAL)) latestModal = around;
  return latestModal ?? [...document.querySelectorAll(MODAL)].at(-1);
}

/** The element that fills the screen. */
export function fullscreenElement(): Element | undefined {
  const found = innermost((root) => root.fullscreenElement ?? root.webkitFullscreenElement);
  // iPhones have their own video player, which the document does not report.
  return found ?? [...document.querySelectorAll<Video>('video')].find(isInOwnPlayer);
}

function isInOwnPlayer({ webkitPresentationMode }: Video): boolean {
  return webkitPresentationMode === 'fullscreen';
}

/** The element that `find` finds in the document or, if that is the host of a shadow tree, in that tree. */
function innermost(find: (root: Root) => Element | null | undefined): Element | undefined {
  let found = find(document) ?? undefined;
  for (let inner = found; inner; inner = (inner.shadowRoot && find(inner.shadowRoot)) ?? undefined) {
    found = inner;
  }
  return found;
}

/** `element` and its ancestors, also across shadow trees. */
function enclosing(element: Element | undefined): Element[] {
  const found: Element[] = [];
  for (let at = element; at; at = parentOf(at)) found.push(at);
  return found;
}

function parentOf(element: Element): Element | undefined {
  const { assignedSlot, parentNode } = element;
  const parent = assignedSlot ?? parentNode;
  if (parent instanceof ShadowRoot) return parent.host;
  return parent instanceof Element ? parent : undefined;
}
