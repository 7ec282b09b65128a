import type { Intervention } from '../types.js';
import { type BannerFrequency, checkFrequency } from './frequency.js';

/** What a banner is about, shown by its accent colour. */
export type BannerTone = 'info' | 'success' | 'warning';

/** The one thing a shopper can do from a banner: follow a link or run a function. Either closes the banner. */
export type BannerAction =
  | {
      /** Text of the link. May hold placeholders. */
      label: string;
      /** Where it leads: `http:`, `https:`, `mailto:`, `tel:` or relative to the page. */
      href: string;
    }
  | {
      /** Text of the button. May hold placeholders. */
      label: string;
      /** Called when the button is pressed. */
      onClick: (intervention: Intervention) => void;
    };

/**
 * What one banner says. `message`, `code` and the label of `action` may hold `{attribute}` placeholders, filled from the
 * intervention's attributes as plain text: markup in them is shown, never interpreted. `{{` and `}}` stand for single
 * braces.
 */
export interface BannerTemplate {
  /** The sentence shown. */
  message: string;
  /** Voucher code, shown with a copy button. */
  code?: string;
  /** Link or button below the message. */
  action?: BannerAction;
  /** Default `"info"`. */
  tone?: BannerTone;
  /**
   * How to write the numbers of an attribute, by its name, in the handler's `locale`: for example
   * `{ total_cart_value: { style: "currency", currency: "USD" } }`. Numbers without a format, and those in `code`, are
   * written as they came.
   */
  formats?: Record<string, Intl.NumberFormatOptions>;
  /** Banners that wait go by it, the highest first. Any number; default 0. It replaces no banner that is shown. */
  priority?: number;
  /** How often this banner may appear in this browser. Default: the handler's `frequency`. */
  frequency?: BannerFrequency;
}

/**
 * What a function of the intervention answers: a template; nothing, for no banner; or `"defer"`, to be asked again on the
 * next page that this tab opens.
 */
export type BannerAnswer = BannerTemplate | 'defer' | null | undefined;

/**
 * Templates by intervention name, or a function that makes one from the intervention. An intervention without template
 * (or one for which the function returns nothing) shows no banner: it is left to other handlers.
 */
export type BannerTemplates = Record<string, BannerTemplate> | ((intervention: Intervention) => BannerAnswer);

const TONES: readonly BannerTone[] = ['info', 'success', 'warning'];
const LINK_PROTOCOLS: readonly string[] = ['http:', 'https:', 'mailto:', 'tel:'];
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]+)\}/g;

/** The template for `intervention`, if there is one. */
export function findTemplate(templates: BannerTemplates, intervention: Intervention): BannerAnswer {
  if (typeof templates === 'function') return templates(intervention);
  // Names come from data: `constructor` must not find what every object inherits.
  return Object.hasOwn(templates, intervention.name) ? templates[intervention.name] : undefined;
}

/**
 * Looks for what is wrong with a template whatever it is filled with.
 *
 * @param at - where the template is, for messages
 * @throws {TypeError} naming the field, if one has a value it cannot have, or links to a scheme that could run code.
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
 * @throws {TypeError} naming the field, if it mentions an attribute that the intervention does not carry: no banner is
 * better than one with a hole in it.
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
    // A formatted number is no code.
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
  // A server that renders the page knows no document: only the scheme matters.
  const base = globalThis.document?.baseURI ?? 'https://localhost';
  const protocol = protocolOf(href, base);
  if (protocol === undefined) throw new TypeError(`${at} must be an address, not ${href}`);
  if (!LINK_PROTOCOLS.includes(protocol)) throw new TypeError(`${at} must not be a ${protocol} link`);
}

/** `undefined` if `href` is no address. `URL.canParse` is younger than the browsers that banners support. */
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
      throw new TypeError(`${at}.${name} is no number format: ${error}`);
    }
  }
}

function requireText(text: unknown, at: string): asserts text is string {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${at} must be a text that is not empty`);
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
      throw new TypeError(`${at} mentions {${attribute}}, which the intervention does not carry`);
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
    throw new TypeError(`${at} is for numbers, and the attribute is ${JSON.stringify(value)}`);
  }
  return new Intl.NumberFormat(locale, format).format(number);
}
