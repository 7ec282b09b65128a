import type { Intervention } from '../types.js';
import type { BannerTemplates } from './template.js';

const POSITIONS = ['bottom-end', 'bottom-start', 'bottom', 'top-end', 'top-start', 'top'] as const;

/** Where on the screen banners stack up. `start` and `end` follow the page's writing direction. */
export type BannerPosition = (typeof POSITIONS)[number];

/** Why a banner went: its close button, the Escape key, its time, or because its action was taken. */
export type DismissReason = 'close' | 'escape' | 'timeout' | 'action';

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
   * Element that the banners are added to, for inherited styles such as `dir` and custom properties. They are shown
   * above the page wherever it lies. While a modal dialog is open they move into it, or they could not be reached.
   * Default `document.body`.
   */
  container?: Element;
  /** Default `"bottom-end"`. */
  position?: BannerPosition;
  /**
   * Milliseconds after which a banner closes by itself; hovering and focusing it stop the clock. `Infinity` leaves it
   * until somebody closes it. Default 60,000.
   */
  autoCloseMs?: number;
  /** How many banners are shown at a time; more wait for their turn. At least 1, default 3. */
  maxVisible?: number;
  /** Replacements for the built-in English words. */
  labels?: Partial<BannerLabels>;
  /** Called when a banner appears. An error in it is reported to `window.onerror` and changes nothing. */
  onShow?: (intervention: Intervention) => void;
  /** Called when a banner has gone. Errors as in `onShow`. */
  onDismiss?: (intervention: Intervention, reason: DismissReason) => void;
  /** Called when a banner's action is taken, before it closes. Errors as in `onShow`. */
  onAction?: (intervention: Intervention) => void;
}

/** {@link BannerOptions} with their defaults filled in. */
export type BannerSettings = Omit<BannerOptions, 'labels' | 'position'> & {
  position: BannerPosition;
  autoCloseMs: number;
  maxVisible: number;
  labels: BannerLabels;
};

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} naming the option, if one has a value it cannot have.
 */
export function resolveOptions(options: BannerOptions): BannerSettings {
  const settings = {
    ...options,
    position: options.position ?? 'bottom-end',
    autoCloseMs: options.autoCloseMs ?? 60_000,
    maxVisible: options.maxVisible ?? 3,
    labels: { close: 'Close', copy: 'Copy code', copied: 'Copied', ...options.labels },
  };
  const { templates, position, autoCloseMs, maxVisible } = settings;
  if (!templates || !['object', 'function'].includes(typeof templates)) {
    throw new TypeError('templates must be an object of templates or a function');
  }
  if (!POSITIONS.includes(position)) {
    throw new TypeError(`position must be one of ${POSITIONS.join(', ')}, not ${position}`);
  }
  if (typeof autoCloseMs !== 'number' || !(autoCloseMs > 0)) {
    throw new TypeError('autoCloseMs must be a number of milliseconds above 0, or Infinity');
  }
  if (!Number.isInteger(maxVisible) || maxVisible < 1) {
    throw new TypeError('maxVisible must be a whole number of at least 1');
  }
  return settings;
}
