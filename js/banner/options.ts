import type { Intervention } from '../types.js';
import { type BannerFrequency, checkFrequency } from './frequency.js';
import { type BannerTracker, checkTracker } from './outcomes.js';
import { type BannerTemplates, checkTemplate } from './template.js';

const POSITIONS = ['bottom-end', 'bottom-start', 'bottom', 'top-end', 'top-start', 'top'] as const;

/** Where on the screen banners stack up. `start` and `end` follow the page's writing direction. */
export type BannerPosition = (typeof POSITIONS)[number];

/** Why a banner was closed: the close button, the Escape key, the end of its time, or its action. */
export type DismissReason = 'close' | 'escape' | 'timeout' | 'action';

/**
 * Why a banner was not shown: its frequency does not allow it now, or more than 20 banners waited and it had the lowest priority
 * (or was the oldest deferred one).
 */
export type SkipReason = 'frequency' | 'crowded_out';

/** The built-in words of banners. Replace them on pages in other languages. */
export interface BannerLabels {
  /** Accessible name of the close button. Default `"Close"`. */
  close: string;
  /** Text of the copy button. Default `"Copy code"`. */
  copy: string;
  /** Text of the copy button after the code was copied. Default `"Copied"`. */
  copied: string;
}

/** Options of `bannerHandler`. */
export interface BannerOptions {
  /** The contents of the banners, by intervention. */
  templates: BannerTemplates;
  /**
   * Element that the banners are added to. They inherit its `dir`, `color-scheme` and custom properties, and no other styles. They
   * are shown above the page, wherever the element is. While a modal dialog is open or an element fills the screen, they move into
   * it, because they could not be seen or reached elsewhere. If the element is removed, they move into the body. Default
   * `document.body`.
   */
  container?: Element;
  /** Default `"bottom-end"`. Handlers with the same position and container share one stack. */
  position?: BannerPosition;
  /**
   * Milliseconds after which a banner closes by itself. The time stops while the banner is hovered, focused or cannot be seen. With
   * `Infinity`, it stays until someone closes it. Default 60,000.
   */
  autoCloseMs?: number;
  /**
   * How many banners are shown at a time: at least 1, default 3. Fewer are shown if several would fill more than 60% of the screen's
   * height. Up to 20 more wait for their turn, which can be on the next page in this tab.
   */
  maxVisible?: number;
  /** How often each banner may appear in this browser, unless its template sets its own `frequency`. Default: every time. */
  frequency?: BannerFrequency;
  /** Milliseconds between the appearance of one banner and the next, on all pages of the site. Default 0. */
  minIntervalMs?: number;
  /** Language of numbers, as a BCP 47 tag. Default: the page's `lang`, or else the browser's language. */
  locale?: string;
  /**
   * Tracks the outcomes of banners, as self-describing events with the intervention as an entity: the tracker returned by
   * `newTracker()`, or a function such as `(event) => trackSelfDescribingEvent(event)`. Default: outcomes are not tracked. Errors as
   * in `onShow`.
   */
  tracker?: BannerTracker;
  /**
   * Prefix of the keys in localStorage (when banners appeared, if `frequency` or `minIntervalMs` need it) and in sessionStorage
   * (waiting banners). Default `"signals-banners"`. Each handler on a page needs its own.
   */
  storageKey?: string;
  /** Replacements for the built-in English words. */
  labels?: Partial<BannerLabels>;
  /** Called when a banner becomes visible. An error in it is reported to `window.onerror` and changes nothing. */
  onShow?: (intervention: Intervention) => void;
  /** Called after a banner has closed. Errors as in `onShow`. */
  onDismiss?: (intervention: Intervention, reason: DismissReason) => void;
  /** Called when someone uses a banner's action, before the banner closes. Errors as in `onShow`. */
  onAction?: (intervention: Intervention) => void;
  /** Called for an intervention that has a template, but for which no banner is shown. Errors as in `onShow`. */
  onSkip?: (intervention: Intervention, reason: SkipReason) => void;
}

/** {@link BannerOptions} with their defaults filled in. */
export type BannerSettings = Omit<BannerOptions, 'labels'> & { labels: BannerLabels } & Required<
    Pick<BannerOptions, 'position' | 'autoCloseMs' | 'maxVisible' | 'minIntervalMs' | 'storageKey'>
  >;

/** Default prefix of the keys in the browser's storage. */
const DEFAULT_STORAGE_KEY = 'signals-banners';

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} naming the option, if one is invalid.
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
    throw new TypeError('autoCloseMs must be a positive number of milliseconds, or Infinity');
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
    throw new TypeError('storageKey must be a non-empty string');
  }
  for (const [name, label] of Object.entries(labels)) {
    if (typeof label !== 'string' || label === '') {
      throw new TypeError(`labels.${name} must be a non-empty string`);
    }
  }
}
