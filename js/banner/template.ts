import type { Intervention } from '../types.js';

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
 * What one banner says. Every text may hold `{attribute}` placeholders, filled from the intervention's attributes as
 * plain text: markup in them is shown, never interpreted. `{{` and `}}` stand for single braces.
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
}

/**
 * Templates by intervention name, or a function that makes one from the intervention. An intervention without template
 * (or one for which the function returns nothing) shows no banner: it is left to other handlers.
 */
export type BannerTemplates =
  | Record<string, BannerTemplate>
  | ((intervention: Intervention) => BannerTemplate | null | undefined);

const TONES: readonly BannerTone[] = ['info', 'success', 'warning'];
const LINK_PROTOCOLS: readonly string[] = ['http:', 'https:', 'mailto:', 'tel:'];
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]+)\}/g;

/**
 * The template for `intervention` with its placeholders filled, or `undefined` where it has none.
 *
 * @throws {TypeError} naming the field, if the template is malformed, links to a scheme that could run code, or
 * mentions an attribute that the intervention does not carry: no banner is better than one with a hole in it.
 */
export function fillTemplate(
  templates: BannerTemplates,
  intervention: Intervention,
): BannerTemplate | undefined {
  const template = findTemplate(templates, intervention);
  if (!template) return undefined;

  const at = `templates.${intervention.name}`;
  const { attributes } = intervention;
  const { message, code, action, tone = 'info' } = template;
  if (!TONES.includes(tone))
    throw new TypeError(`${at}.tone must be one of ${TONES.join(', ')}, not ${tone}`);
  return {
    message: fillText(message, attributes, `${at}.message`),
    tone,
    ...(code !== undefined && { code: fillText(code, attributes, `${at}.code`) }),
    ...(action && { action: fillAction(action, attributes, `${at}.action`) }),
  };
}

function findTemplate(templates: BannerTemplates, intervention: Intervention) {
  if (typeof templates === 'function') return templates(intervention);
  // Names come from data: `constructor` must not find what every object inherits.
  return Object.hasOwn(templates, intervention.name) ? templates[intervention.name] : undefined;
}

function fillAction(action: BannerAction, attributes: Record<string, unknown>, at: string): BannerAction {
  const label = fillText(action.label, attributes, `${at}.label`);
  if ('href' in action) {
    requireSafeLink(action.href, `${at}.href`);
    return { label, href: action.href };
  }
  if (typeof action.onClick !== 'function') throw new TypeError(`${at} needs an href or an onClick function`);
  return { label, onClick: action.onClick };
}

function requireSafeLink(href: string, at: string): void {
  const { protocol } = new URL(href, document.baseURI);
  if (!LINK_PROTOCOLS.includes(protocol)) throw new TypeError(`${at} must not be a ${protocol} link`);
}

function fillText(text: unknown, attributes: Record<string, unknown>, at: string): string {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${at} must be a text that is not empty`);
  return text.replace(PLACEHOLDER, (match, attribute?: string) => {
    if (attribute === undefined) return match.charAt(0);
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (value === undefined || value === null) {
      throw new TypeError(`${at} mentions {${attribute}}, which the intervention does not carry`);
    }
    return Array.isArray(value) ? value.join(', ') : String(value);
  });
}
