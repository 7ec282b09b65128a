import type { Intervention } from '../types.js';
import { type BannerFrequency, checkFrequency } from './frequency.js';

/** The kind of message. It sets the accent colour. */
export type BannerTone = 'info' | 'success' | 'warning';

/** The action of a banner: a link or a function. Both close the banner. */
export type BannerAction =
  | {
      /** Text of the link. Can contain placeholders. */
      label: string;
      /** Address of the link: `http:`, `https:`, `mailto:`, `tel:` or relative to the page. */
      href: string;
    }
  | {
      /** Text of the button. Can contain placeholders. */
      label: string;
      /** Called when the button is pressed. */
      onClick: (intervention: Intervention) => void;
    };

/**
 * The contents of a banner. `message`, `code` and the label of `action` can contain `{attribute}` placeholders. They are filled with
 * the intervention's attributes as plain text: markup is shown, not interpreted. `{{` and `}}` stand for single braces.
 */
export interface BannerTemplate {
  /** The message. */
  message: string;
  /** Voucher code, shown with a copy button. */
  code?: string;
  /** Link or button below the message. */
  action?: BannerAction;
  /** Default `"info"`. */
  tone?: BannerTone;
  /**
   * Formats for numbers, by attribute name, in the handler's `locale`: for example
   * `{ total_cart_value: { style: "currency", currency: "USD" } }`. Numbers without a format, and those in `code`, are not
   * formatted.
   */
  formats?: Record<string, Intl.NumberFormatOptions>;
  /** The waiting banner with the highest priority is shown first. Any number, default 0. It does not replace a visible banner. */
  priority?: number;
  /** How often this banner may appear in this browser. Default: the handler's `frequency`. */
  frequency?: BannerFrequency;
}

/**
 * The result of a template function: a template, nothing for no banner, or `"defer"` to be called again on the next page in this
 * tab.
 */
export type BannerAnswer = BannerTemplate | 'defer' | null | undefined;

/**
 * Templates by intervention name, or a function that returns one for an intervention. An intervention without a template (or for
 * which the function returns nothing) shows no banner and is left to other handlers.
 */
export type BannerTemplates = Record<string, BannerTemplate> | ((intervention: Intervention) => BannerAnswer);

const TONES: readonly BannerTone[] = ['info', 'success', 'warning'];
const LINK_PROTOCOLS: readonly string[] = ['http:', 'https:', 'mailto:', 'tel:'];
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]+)\}/g;

/** The template for `intervention`, if there is one. */
export function findTemplate(templates: BannerTemplates, intervention: Intervention): BannerAnswer {
  if (typeof templates === 'function') return templates(intervention);
  // Names come from data: `constructor` must not find an inherited property.
  return Object.hasOwn(templates, intervention.name) ? templates[intervention.name] : undefined;
}

/**
 * Checks a template before it is filled.
 *
 * @param at - where the template is, for messages
 * @throws {TypeError} naming the field, if one is invalid, or if a link has a scheme that could run code.
 */
export function checkTemplate(template: BannerTemplate, at: string): void {
  if (typeof template !== 'object' || template === null) throw new TypeError(`${at} must be a template`);
  const { message, code, action, tone = 'info', formats, priority = 0, frequency } = template;
  requireText(message, `${at}.message`);
  if (code !== undefined) requireText(code, `${at}.code`);
  if (action !== undefined) checkAction(action, `${at}.action`);
  if (!TONES.includes(tone)) {
    throw new TypeError(`${at}.tone must be one of ${TONES.join(', ')}, not ${tone}`);
  }
  if (formats !== undefined) checkFormats(formats, `${at}.formats`);
  if (!Number.isFinite(priority)) throw new TypeError(`${at}.priority must be a number`);
  checkFrequency(frequency, `${at}.frequency`);
}

/** `template` with its placeholders filled. */
export type FilledTemplate = Pick<BannerTemplate, 'message' | 'code' | 'action'> & { tone: BannerTone };

/**
 * Fills the placeholders of a template that {@link checkTemplate} has passed.
 *
 * @param at - where the template is, for messages
 * @throws {TypeError} naming the field, if the intervention has no attribute for a placeholder: no banner is better than an
 * incomplete one.
 */
export function fillTemplate(
  { message, code, action, tone = 'info', formats = {} }: BannerTemplate,
  { attributes }: Intervention,
  at: string,
  locale: string | undefined,
): FilledTemplate {
  const written = (text: string, field: string) =>
    fillText(text, attributes, `${at}.${field}`, (name, value) => {
      const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
      return format ? writeNumber(value, locale, format, `${at}.formats.${name}`) : String(value);
    });
  return {
    message: written(message, 'message'),
    tone,
    // Numbers in a code must not be formatted.
    ...(code !== undefined && {
      code: fillText(code, attributes, `${at}.code`, (_, value) => String(value)),
    }),
    ...(action && { action: { ...action, label: written(action.label, 'action.label') } }),
  };
}

function checkAction(action: BannerAction, at: string): void {
  if (typeof action !== 'object' || action === null) throw new TypeError(`${at} must be an object`);
  requireText(action.label, `${at}.label`);
  if ('href' in action) requireSafeLink(action.href, `${at}.href`);
  else if (typeof action.onClick !== 'function') {
    throw new TypeError(`${at} needs an href or an onClick function`);
  }
}

function requireSafeLink(href: unknown, at: string): void {
  requireText(href, at);
  // There is no document on a server, and only the scheme matters.
  const base = globalThis.document?.baseURI ?? 'https://localhost';
  const protocol = protocolOf(href, base);
  if (protocol === undefined) throw new TypeError(`${at} must be a URL, not ${href}`);
  if (!LINK_PROTOCOLS.includes(protocol)) throw new TypeError(`${at} must not be a ${protocol} link`);
}

/** `undefined` if `href` is not a URL. Some supported browsers have no `URL.canParse`. */
function protocolOf(href: string, base: string): string | undefined {
  try {
    return new URL(href, base).protocol;
  } catch {
    return undefined;
  }
}

function checkFormats(formats: Record<string, Intl.NumberFormatOptions>, at: string): void {
  if (typeof formats !== 'object' || formats === null) throw new TypeError(`${at} must be an object`);
  for (const [name, format] of Object.entries(formats)) {
    try {
      new Intl.NumberFormat(undefined, format);
    } catch (error) {
      throw new TypeError(`${at}.${name} is not a number format: ${error}`);
    }
  }
}

function requireText(text: unknown, at: string): asserts text is string {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${at} must be a non-empty string`);
}

type Scalar = string | number | boolean;

function fillText(
  text: string,
  attributes: Intervention['attributes'],
  at: string,
  write: (attribute: string, value: Scalar) => string,
): string {
  return text.replace(PLACEHOLDER, (match, attribute?: string) => {
    if (attribute === undefined) return match.charAt(0);
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (value === undefined || value === null) {
      throw new TypeError(`${at} contains {${attribute}}, but the intervention has no such attribute`);
    }
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => write(attribute, one)).join(', ');
  });
}

/** Some servers send numbers as strings. */
function writeNumber(
  value: Scalar,
  locale: string | undefined,
  format: Intl.NumberFormatOptions,
  at: string,
): string {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) {
    throw new TypeError(`${at} requires a number, but the attribute is ${JSON.stringify(value)}`);
  }
  return new Intl.NumberFormat(locale, format).format(number);
}
