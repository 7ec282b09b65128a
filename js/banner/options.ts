import type { Intervention } from '../types.js';
import { type BannerFrequency, checkFrequency } from './frequency.js';
import { type BannerTracker, checkTracker } from './outcomes.js';
import { type BannerTemplates, checkTemplate } from './template.js';

const POSITIONS = ['bottom-end', 'bottom-start', 'bottom', 'top-end', 'top-start', 'top'] as const;

/** Where on the screen banners stack up. `start` and `end` follow the page's writing direction. */
export type BannerPosition = (typeof POSITIONS)[number];

/** Why a banner went: its close button, the Escape key, its time, or because its action was taken. */
export type DismissReason = 'close' | 'escape' | 'timeout' | 'action';

/**
 * Why a banner was not shown: its frequency forbids it for now, or more than 20 waited and it had the lowest priority
 * (or, deferred, was the oldest).
 */
export type SkipReason = 'frequency' | 'crowded_out';

/** The words that banners bring themselves, for pages in other languages. */
export interface BannerLabels {
  /** Accessible name of the close button. Default `"Close"`. */
  close: string;
  /** Text of the copy button. Default `"Copy code"`. */
  copy: string;
  /** Text of the copy button once the code is in the clipboard. Default `"Copied"`. */
  copied: string;
}

/** How banners look, how long they stay, and whom to tell. */
export interface BannerOptions {
  /** What to say, by intervention. */
  templates: BannerTemplates;
  /**
   * Element that the banners are added to, for its `dir`, `color-scheme` and custom properties: they inherit no other
   * styles. They are shown above the page wherever it lies. They move into a modal dialog that opens and into an element
   * that fills the screen, or they could not be seen or reached; when the element is thrown away, into the body. Default
   * `document.body`.
   */
  container?: Element;
  /** Default `"bottom-end"`. Handlers with the same position and container share it: their banners pile up. */
  position?: BannerPosition;
  /**
   * Milliseconds after which a banner closes by itself; the clock stands still while it is hovered or focused, and while
   * nobody can see it. `Infinity` leaves it until somebody closes it. Default 60,000.
   */
  autoCloseMs?: number;
  /**
   * How many banners are shown at a time, at least 1, default 3; fewer where several would fill more than 60% of the
   * screen's height. Up to 20 more wait for their turn, which may come on the next page of this tab.
   */
  maxVisible?: number;
  /** How often each banner may appear in this browser, unless its template says otherwise. Default: whenever it comes. */
  frequency?: BannerFrequency;
  /** Milliseconds from one banner's appearing to the next one's, on all pages of the site. Default 0. */
  minIntervalMs?: number;
  /** Language in which numbers are written, as a BCP 47 tag. Default: the page's `lang`, else the browser's language. */
  locale?: string;
  /**
   * Tracks what becomes of banners, as self-describing events with the instance as entity: what `newTracker` answers, or
   * a function such as `(event) => trackSelfDescribingEvent(event)`. Default: outcomes are not tracked. Errors as in
   * `onShow`.
   */
  tracker?: BannerTracker;
  /**
   * Prefix of what is kept in localStorage (which banners appeared when, if `frequency` or `minIntervalMs` need it) and
   * in sessionStorage (banners that wait). Default `"signals-banners"`; several handlers on one page need one each.
   */
  storageKey?: string;
  /** Replacements for the built-in English words. */
  labels?: Partial<BannerLabels>;
  /** Called when a banner appears where people can see it. An error in it is reported to `window.onerror` and changes nothing. */
  onShow?: (intervention: Intervention) => void;
  /** Called when a banner has gone. Errors as in `onShow`. */
  onDismiss?: (intervention: Intervention, reason: DismissReason) => void;
  /** Called when a banner's action is taken, before it closes. Errors as in `onShow`. */
  onAction?: (intervention: Intervention) => void;
  /** Called for an intervention that has a template but gets no banner. Errors as in `onShow`. */
  onSkip?: (intervention: Intervention, reason: SkipReason) => void;
}

/** {@link BannerOptions} with their defaults filled in. */
export type BannerSettings = Omit<BannerOptions, 'labels'> & { labels: BannerLabels } & Required<
    Pick<BannerOptions, 'position' | 'autoCloseMs' | 'maxVisible' | 'minIntervalMs' | 'storageKey'>
  >;

/** Prefix of what banners keep in the browser's storages. */
const DEFAULT_STORAGE_KEY = 'signals-banners';

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} naming the option, if one has a value it cannot have.
 */
export function resolveOptions(options: BannerOptions): BannerSettings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  const settings = {
    ...options,
    position: options.position ?? 'bottom-end',
    autoCloseMs: options.autoCloseMs ?? 60_000,
    maxVisible: options.maxVisible ?? 3,
    minIntervalMs: options.minIntervalMs ?? 0,
    storageKey: options.storageKey ?? DEFAULT_STORAGE_KEY,
    labels: { close: 'Close', copy: 'Copy code', copied: 'Copied', ...options.labels },
  };
  checkTemplates(settings.templates);
  checkPlaceAndTime(settings);
  checkFrequency(settings.frequency, 'frequency');
  checkTracker(settings.tracker);
  checkWords(settings);
  for (const name of ['onShow', 'onDismiss', 'onAction', 'onSkip'] as const) {
    if (settings[name] !== undefined && typeof settings[name] !== 'function') {
      throw new TypeError(`${name} must be a function`);
    }
  }
  return settings;
}

function checkTemplates(templates: BannerTemplates): void {
  if (typeof templates === 'function') return;
  if (!templates || typeof templates !== 'object') {
    throw new TypeError('templates must be an object of templates or a function');
  }
  for (const [name, template] of Object.entries(templates)) checkTemplate(template, `templates.${name}`);
}

function checkPlaceAndTime({
  position,
  autoCloseMs,
  maxVisible,
  minIntervalMs,
  container,
}: BannerSettings): void {
  if (!POSITIONS.includes(position)) {
    throw new TypeError(`position must be one of ${POSITIONS.join(', ')}, not ${position}`);
  }
  if (typeof autoCloseMs !== 'number' || !(autoCloseMs > 0)) {
    throw new TypeError('autoCloseMs must be a number of milliseconds above 0, or Infinity');
  }
  if (!Number.isInteger(maxVisible) || maxVisible < 1) {
    throw new TypeError('maxVisible must be a whole number of at least 1');
  }
  if (!Number.isFinite(minIntervalMs) || minIntervalMs < 0) {
    throw new TypeError('minIntervalMs must be a number of milliseconds of at least 0');
  }
  if (container !== undefined && !(container instanceof Element)) {
    throw new TypeError('container must be an element');
  }
}

function checkWords({ locale, storageKey, labels }: BannerSettings): void {
  if (locale !== undefined) {
    try {
      Intl.getCanonicalLocales(locale);
    } catch {
      throw new TypeError(`locale must be a language tag such as "de-AT", not ${locale}`);
    }
  }
  if (typeof storageKey !== 'string' || storageKey === '') {
    throw new TypeError('storageKey must be a text that is not empty');
  }
  for (const [name, label] of Object.entries(labels)) {
    if (typeof label !== 'string' || label === '') {
      throw new TypeError(`labels.${name} must be a text that is not empty`);
    }
  }
}
