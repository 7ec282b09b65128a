import { describe, expect, it } from 'vitest';
import { bannerHandler } from '../../../js/banner/index.js';
import type { BannerOptions } from '../../../js/banner/options.js';
import {
  type BannerTemplate,
  checkTemplate,
  fillTemplate,
  findTemplate,
} from '../../../js/banner/template.js';

const intervention = {
  intervention_id: 'b7f5c6a8-7a0b-4d2e-9a55-0d9a3f1f8c11',
  name: 'offer',
  version: 1,
  attributes: { total: 1234.5, share: '0.1', brands: ['A', 'B'], sizes: [1.5, 2.5], name: 'Ada', blank: ' ' },
};

const fill = (template: BannerTemplate, locale = 'en-US') =>
  fillTemplate(template, intervention, 'templates.offer', locale);

describe('placeholders', () => {
  it('are filled in message, code and label, never in an address', () => {
    const action = { label: 'Hello {name}', href: '/{name}' };
    expect(fill({ message: '{brands}: {total} {{x}}', code: 'VIP{total}', action })).toEqual({
      message: 'A, B: 1234.5 {x}',
      code: 'VIP1234.5',
      action: { label: 'Hello Ada', href: '/{name}' },
      tone: 'info',
    });
  });

  it('are written in the format asked for, in the language of the handler', () => {
    const formats = {
      total: { style: 'currency', currency: 'EUR' },
      sizes: { minimumFractionDigits: 2 },
    } as const;
    expect(fill({ message: '{total} for {sizes}', formats }).message).toBe('€1,234.50 for 1.50, 2.50');
    expect(fill({ message: '{total}', formats }, 'de-DE').message).toBe('1.234,50\u00a0€');
  });

  it('take text that is a number for one', () => {
    expect(fill({ message: '{share}', formats: { share: { style: 'percent' } } }).message).toBe('10%');
  });

  it('leave the numbers of a code as they came', () => {
    const formats = { total: { style: 'currency', currency: 'EUR' } } as const;
    expect(fill({ message: 'm', code: '{total}', formats }).code).toBe('1234.5');
  });

  it('name existing attributes, and formats are for numbers', () => {
    expect(() => fill({ message: 'm', code: '{missing}' })).toThrow(
      'templates.offer.code contains {missing}',
    );
    expect(() => fill({ message: '{constructor}' })).toThrow(
      'templates.offer.message contains {constructor}',
    );
    expect(() => fill({ message: '{name}', formats: { name: {} } })).toThrow('templates.offer.formats.name');
    expect(() => fill({ message: '{blank}', formats: { blank: {} } })).toThrow(
      'templates.offer.formats.blank',
    );
  });

  it('may be called like what every object inherits', () => {
    const odd = { ...intervention, attributes: { constructor: 1234.5 } };
    expect(
      fillTemplate({ message: '{constructor}', formats: {} }, odd, 'templates.offer', 'en').message,
    ).toBe('1234.5');
  });
});

describe('a template', () => {
  it('is found by the name of the intervention, never by what every object inherits', () => {
    expect(findTemplate({ offer: { message: 'm' } }, intervention)).toEqual({ message: 'm' });
    expect(findTemplate({}, { ...intervention, name: 'constructor' })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['templates.offer', null],
    ['templates.offer.message', {}],
    ['templates.offer.code', { message: 'm', code: '' }],
    ['templates.offer.tone', { message: 'm', tone: 'loud' }],
    ['templates.offer.priority', { message: 'm', priority: '1' }],
    ['templates.offer.frequency', { message: 'm', frequency: 'often' }],
    ['templates.offer.formats.total', { message: 'm', formats: { total: { style: 'currency' } } }],
    ['templates.offer.action', { message: 'm', action: 7 }],
    ['templates.offer.action', { message: 'm', action: { label: 'Go' } }],
    ['templates.offer.action.label', { message: 'm', action: { href: '/' } }],
    ['templates.offer.action.href', { message: 'm', action: { label: 'Go', href: 'java\tscript:alert(1)' } }],
    ['templates.offer.action.href', { message: 'm', action: { label: 'Go', href: 'data:text/html,x' } }],
    ['templates.offer.action.href', { message: 'm', action: { label: 'Go', href: 'http://' } }],
  ])('that is wrong in %s is refused by that name: %o', (at, template) => {
    const message = new RegExp(`^${at} `);
    expect(() => checkTemplate(template as BannerTemplate, 'templates.offer')).toThrow(message);
    // When the handler is made, not when the first instance arrives.
    expect(() => bannerHandler({ templates: { offer: template as BannerTemplate } })).toThrow(message);
  });

  it.each(['https://shop.example.com/sale', '/sale', '#sale', 'mailto:shop@example.com', 'tel:+4312345'])(
    'may link to %s',
    (href) => checkTemplate({ message: 'm', action: { label: 'Go', href } }, 'templates.offer'),
  );
});

describe('an option', () => {
  it.each<[string, Record<string, unknown>]>([
    ['templates', { templates: undefined }],
    ['position', { position: 'middle' }],
    ['autoCloseMs', { autoCloseMs: 0 }],
    ['maxVisible', { maxVisible: 1.5 }],
    ['minIntervalMs', { minIntervalMs: -1 }],
    ['frequency', { frequency: 'often' }],
    ['locale', { locale: 'not a language' }],
    ['storageKey', { storageKey: '' }],
    ['labels.close', { labels: { close: '' } }],
    ['tracker', { tracker: {} }],
    ['tracker', { tracker: { core: {} } }],
    ['onSkip', { onSkip: 'log' }],
  ])('%s that cannot be is refused by name: %o', (name, options) => {
    expect(() => bannerHandler({ templates: {}, ...options } as BannerOptions)).toThrow(
      new RegExp(`^${name.replace('.', '\\.')} must`),
    );
  });

  it('cannot be given without the others', () => {
    expect(() => bannerHandler(null as unknown as BannerOptions)).toThrow('options must be an object');
  });

  it('is checked on a server too, where the handler does nothing', () => {
    expect(bannerHandler({ templates: { offer: { message: 'm' } } })(intervention)).toBeUndefined();
  });
});
