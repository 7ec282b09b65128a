import { HOST } from './focus.js';

/**
 * The styles of the banners. Pages theme them with `--signals-banner-*` custom properties and `::part()`. Colours that are not set
 * follow the page's `color-scheme`.
 */
const CSS = `
:host {
  /* Inherited styles of the page or a dialog could prevent line breaks, or change the letter case of a code. */
  all: initial;
  color-scheme: inherit;
  --accent: var(--signals-banner-accent, #5a83bd);
  --offset: var(--signals-banner-offset, 1rem);
  position: fixed;
  inset: 0 auto auto;
  z-index: 2147483647;
  box-sizing: border-box;
  display: block;
  width: min(var(--signals-banner-width, 25rem) + 2 * var(--offset), 100vw);
  max-width: 100%;
  height: 100vh;
  height: 100dvh;
  /* Room for shadows and focus rings, which scrolling would clip. The page below stays clickable. */
  padding: var(--offset);
  overflow: hidden auto;
  overscroll-behavior: contain;
  scroll-padding-block: var(--offset);
  scrollbar-width: thin;
  pointer-events: none;
  font: 400 1rem/1.45 var(--signals-banner-font, system-ui, sans-serif);
}
:host([data-position$="start"]) { inset-inline-start: 0; }
:host([data-position$="end"]) { inset-inline-end: 0; }
:host([data-position="bottom"]), :host([data-position="top"]) { inset-inline: 0; margin-inline: auto; }
.deck { position: relative; container-type: size; min-height: 100%; }
/* All regions have the same place, and transforms move them. */
.region {
  position: absolute;
  inset: 0 0 auto;
  box-sizing: border-box;
  padding-block-end: var(--signals-banner-gap, 0.75rem);
  translate: 0 var(--place, 0px);
}
.deck[data-position^="bottom"] .region {
  padding-block: var(--signals-banner-gap, 0.75rem) 0;
  translate: 0 calc(100cqh - 100% - var(--place, 0px));
}

.banner {
  pointer-events: auto;
  box-sizing: border-box;
  display: grid;
  grid-template-columns: minmax(0, 1fr) auto;
  gap: 0.5rem;
  padding-block: 0.625rem;
  padding-inline: 1rem 0.5rem;
  border: 1px solid rgb(128 128 128 / 0.3);
  border-color: color-mix(in srgb, CanvasText 14%, transparent);
  border-inline-start: 0.375rem solid var(--accent);
  border-radius: var(--signals-banner-radius, 0.875rem);
  background: var(--signals-banner-background, Canvas);
  color: var(--signals-banner-color, CanvasText);
  box-shadow: var(--signals-banner-shadow, 0 0.125rem 0.375rem rgb(0 0 0 / 0.12), 0 0.75rem 2rem rgb(0 0 0 / 0.2));
}
.banner[data-tone="success"] { --accent: var(--signals-banner-success, #2f9485); }
.banner[data-tone="warning"] { --accent: var(--signals-banner-warning, #cf6d1c); }
/* The colours above work on light and dark pages, for browsers without light-dark(). */
@supports (color: light-dark(red, red)) {
  :host { --accent: var(--signals-banner-accent, light-dark(#3a5a8c, #9cc4f0)); }
  .banner[data-tone="success"] { --accent: var(--signals-banner-success, light-dark(#25786d, #6fd0c0)); }
  .banner[data-tone="warning"] { --accent: var(--signals-banner-warning, light-dark(#b4530f, #f5b35c)); }
}

/* With little room, large text or a long code, the code is below the message. */
.body { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; min-width: 0; min-height: 2.25rem; }
.message { flex: 1 1 9.5rem; min-width: 0; margin: 0; font-weight: 600; overflow-wrap: anywhere; hyphens: auto; text-wrap: pretty; }
.offer {
  box-sizing: border-box;
  max-width: 100%;
  display: flex;
  align-items: center;
  padding-inline-start: 0.75rem;
  border: 0.125rem dashed var(--accent);
  border-radius: 0.5rem;
  background: color-mix(in srgb, var(--accent) 10%, transparent);
}
.code {
  font: 700 1rem/1.4 ui-monospace, monospace;
  letter-spacing: 0.06em;
  overflow-wrap: anywhere;
  /* Pages can disable text selection, but this text is meant to be copied. */
  -webkit-user-select: all;
  user-select: all;
}
.label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

button, .action {
  box-sizing: border-box;
  min-width: 2.25rem;
  min-height: 2.25rem;
  margin: 0;
  border: 1px solid transparent;
  border-radius: 0.5rem;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
button:hover, .action:hover { background: color-mix(in srgb, currentColor 10%, transparent); }
button:focus-visible, .action:focus-visible { outline: 0.1875rem solid var(--accent); outline-offset: 0.125rem; }

.close, .copy { display: grid; place-items: center; padding: 0; }
.close { grid-area: 1 / 2; align-self: start; }
.copy { position: relative; }
svg { width: 1rem; height: 1rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.action {
  grid-column: 1 / -1;
  justify-self: start;
  max-width: 100%;
  overflow-wrap: anywhere;
  hyphens: auto;
  padding: 0.375rem 0.875rem;
  border-color: var(--accent);
  font-weight: 600;
  text-decoration: none;
}

@container (max-width: 16rem) {
  .banner { padding-inline: 0.75rem 0.25rem; column-gap: 0.25rem; }
}

/* Not display: none, because banners without a size would be rearranged. */
@media print {
  :host { visibility: hidden; }
}
@media (prefers-contrast: more) {
  .banner[data-tone] { --accent: currentColor; border-color: currentColor; }
}
@media (forced-colors: active) {
  .banner, .close, .action { border-color: CanvasText; }
  .offer { border-color: Highlight; }
}
`;

let shared: CSSStyleSheet | undefined;

/** The style sheet, shared by all banners of the page. `undefined` in browsers without constructable style sheets. */
function sheet(): CSSStyleSheet | undefined {
  if (!shared && 'adoptedStyleSheets' in document) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  return shared;
}

/** Gives `host` a shadow tree with the styles of the banners, if the browser supports that. Otherwise, see {@link dress}. */
export function shadowRootOf(host: Element): ShadowRoot {
  const root = host.attachShadow({ mode: 'open' });
  const styles = sheet();
  if (styles) root.adoptedStyleSheets = [styles];
  return root;
}

/**
 * Styles `element` and its descendants in browsers without constructable style sheets: Safari before 16.4. A Content-Security-Policy
 * can forbid a style element, but not what scripts write to `style`. Such styles have no states (hover, focus) and no media queries.
 */
export function dress(element: HTMLElement | SVGElement): void {
  if (sheet()) return;
  for (const each of [element, ...element.querySelectorAll<HTMLElement | SVGElement>('*')]) {
    const matching = rules().filter(({ selector }) => each.matches(selector));
    for (const property of [...each.style]) each.style.removeProperty(property);
    for (const [property, value] of matching.flatMap(({ declarations }) => declarations)) {
      each.style.setProperty(property, value);
    }
  }
}

interface Rule {
  selector: string;
  /** Properties and values. */
  declarations: [string, string][];
}

let read: Rule[] | undefined;

/** The rules of the style sheet outside media queries. */
function rules(): Rule[] {
  if (!read) {
    const plain = CSS.replace(/\/\*.*?\*\/|@\w+ .*?\n}/gs, '');
    read = [...plain.matchAll(/([^{}]+){([^{}]*)}/g)].map(([, selector = '', declarations = '']) => ({
      // The host is the only element with this name, and is matched outside its shadow tree.
      selector: selector.replace(/:host(?:\((.*?)\))?(?=,|\s*$)/gm, `${HOST}$1`).trim(),
      declarations: [...declarations.matchAll(/([\w-]+):([^;]+)/g)].map(([, property = '', value = '']) => [
        property,
        value.trim(),
      ]),
    }));
  }
  return read;
}
