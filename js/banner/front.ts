/** Elements that show nothing of what is put into them. */
const SHOWS_NOTHING_INSIDE =
  'audio, canvas, embed, iframe, img, input, meter, object, progress, select, svg, textarea, video';

const MODAL = 'dialog:modal';

/** What may change which element lies in front. Names of their own are Safari's. */
const EVENTS = [
  'fullscreenchange',
  'webkitfullscreenchange',
  'webkitpresentationmodechanged',
  // Tells of dialogs in shadow trees, whose attributes nobody outside can watch: they take the focus.
  'focusin',
];

/** What Safari has: the former before 16.4. */
type Root = DocumentOrShadowRoot & { webkitFullscreenElement?: Element | null };
type Video = HTMLVideoElement & { webkitPresentationMode?: string };

/**
 * The element that lies in front of all others: a modal dialog, which makes everything outside it inert, or the element
 * that fills the screen. `undefined` if the page has neither.
 */
export function frontElement(): Element | undefined {
  const modal = topmostModal();
  const fullscreen = fullscreenElement();
  if (!fullscreen) return modal;
  const isInModal = !modal || enclosing(fullscreen).includes(modal);
  return isInModal ? fullscreen : modal;
}

/** Where banners can be seen: in `container` unless it is behind `front`. `undefined` if nothing can be seen there. */
export function placeBefore(front: Element | undefined, container: Element): Element | undefined {
  if (!front || enclosing(container).includes(front)) return container;
  return front.matches(SHOWS_NOTHING_INSIDE) ? undefined : front;
}

/** Calls back, until `signal` aborts, when another element may be in front. */
export function whenFrontChanges(callback: () => void, signal: AbortSignal): void {
  for (const type of EVENTS) document.addEventListener(type, callback, { signal, capture: true });
  // Not every browser has events for dialogs that open.
  const dialogs = new MutationObserver(callback);
  dialogs.observe(document, { subtree: true, attributeFilter: ['open'] });
  signal.addEventListener('abort', () => dialogs.disconnect());
}

/** The modal dialog that the focus was in last. A click on its background takes the focus away, and it stays in front. */
let latestModal: Element | undefined;

/** The open modal dialog that the focus is in or was in last, or else the last in the document. */
function topmostModal(): Element | undefined {
  const focused = innermost((root) => root.activeElement);
  const around = enclosing(focused).find((element) => element.matches(MODAL));
  if (around || !latestModal?.matches(MODAL)) latestModal = around;
  return latestModal ?? [...document.querySelectorAll(MODAL)].at(-1);
}

/** The element that fills the screen. */
export function fullscreenElement(): Element | undefined {
  const found = innermost((root) => root.fullscreenElement ?? root.webkitFullscreenElement);
  // Phones of Apple have a player of their own, which the document knows nothing of.
  return found ?? [...document.querySelectorAll<Video>('video')].find(isInOwnPlayer);
}

function isInOwnPlayer({ webkitPresentationMode }: Video): boolean {
  return webkitPresentationMode === 'fullscreen';
}

/** What `find` finds in the document. That is the host of a shadow tree if the element is in one: then, what it finds there. */
function innermost(find: (root: Root) => Element | null | undefined): Element | undefined {
  let found = find(document) ?? undefined;
  for (let inner = found; inner; inner = (inner.shadowRoot && find(inner.shadowRoot)) ?? undefined) {
    found = inner;
  }
  return found;
}

/** `element` and all that it is shown in, beyond the edges of shadow trees. */
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
