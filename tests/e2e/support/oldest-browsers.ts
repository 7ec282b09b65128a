/** What at least one of the oldest supported browsers lacks, as paths from the global object. */
const LACKED = [
  // Safari
  'CSSStyleSheet.prototype.replace',
  'CSSStyleSheet.prototype.replaceSync',
  'Document.prototype.adoptedStyleSheets',
  'ShadowRoot.prototype.adoptedStyleSheets',
  'Element.prototype.checkVisibility',
  'Navigator.prototype.userActivation',
  'cancelIdleCallback',
  'requestIdleCallback',
  // Safari and Firefox
  'CompressionStream',
  'DecompressionStream',
  'Document.prototype.prerendering',
  'Element.prototype.computedStyleMap',
  'Navigator.prototype.connection',
  'Navigator.prototype.userAgentData',
  'navigation',
  'scheduler',
  'trustedTypes',
  // Firefox
  'HTMLElement.prototype.inert',
  // Firefox and Chrome
  'Array.prototype.toReversed',
  'Array.prototype.toSorted',
  'Array.prototype.toSpliced',
  'Array.prototype.with',
  // All of them
  'AbortSignal.any',
  'Array.fromAsync',
  'ArrayBuffer.prototype.transfer',
  'CloseWatcher',
  'Document.prototype.startViewTransition',
  'Element.prototype.ariaNotify',
  'Element.prototype.moveBefore',
  'Element.prototype.setHTMLUnsafe',
  'Error.isError',
  'HTMLDialogElement.prototype.requestClose',
  'HTMLElement.prototype.hidePopover',
  'HTMLElement.prototype.popover',
  'HTMLElement.prototype.showPopover',
  'HTMLElement.prototype.togglePopover',
  'Iterator',
  'Map.groupBy',
  'Math.sumPrecise',
  'Object.groupBy',
  'Promise.try',
  'Promise.withResolvers',
  'RegExp.escape',
  'Response.prototype.bytes',
  'Set.prototype.difference',
  'Set.prototype.intersection',
  'Set.prototype.isSubsetOf',
  'Set.prototype.union',
  'String.prototype.isWellFormed',
  'String.prototype.toWellFormed',
  'ToggleEvent',
  'URL.canParse',
  'URL.parse',
  'Uint8Array.fromBase64',
  'Uint8Array.prototype.toBase64',
];

/** Methods of all iterators, which came together. */
const ITERATOR_HELPERS = [
  'drop',
  'every',
  'filter',
  'find',
  'flatMap',
  'forEach',
  'map',
  'reduce',
  'some',
  'take',
  'toArray',
];

/**
 * A script for before a page's own: takes from this browser what the oldest supported ones lack (package.json's
 * `browserslist`). Only what scripts can name can be taken: neither syntax nor CSS nor WebAssembly.
 */
export const TAKE_WHAT_OLDEST_BROWSERS_LACK = `{
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  for (const name of ${JSON.stringify(ITERATOR_HELPERS)}) delete iterator[name];
  for (const path of ${JSON.stringify(LACKED)}) {
    const names = path.split('.');
    const last = names.pop();
    const owner = names.reduce((object, name) => object?.[name], globalThis);
    if (owner) delete owner[last];
  }
  // It is there, for instanceof, but makes none.
  const { prototype } = CSSStyleSheet;
  globalThis.CSSStyleSheet = function CSSStyleSheet() {
    throw new TypeError('Illegal constructor');
  };
  globalThis.CSSStyleSheet.prototype = prototype;
  // Nor do dialogs tell that they open.
  addEventListener('toggle', (event) => event.target.localName === 'dialog' && event.stopImmediatePropagation(), true);
}`;
