import type { Page } from '@playwright/test';
import type { BannerOptions } from '../../../js/banner/index.js';
import { openBarePage } from './bare-page';
import type { MockServer } from './mock-server';

/** Options without the one that cannot be handed into a page. */
export type PlainOptions = Omit<BannerOptions, 'container'>;

declare global {
  interface Window {
    /** What the bare page's script offers. */
    banners: typeof import('../../../js/banner/index.js') & {
      /** Hands an intervention to a handler made with these options. */
      show: (options: PlainOptions, name?: string, attributes?: Record<string, string | number>) => void;
    };
    /** What callbacks said, for tests to read. */
    heard: string[];
  }
}

const SCRIPT = `
  import * as banners from './js/banner/index';
  window.heard = [];
  window.banners = {
    ...banners,
    show: (options, name = 'offer', attributes = {}) =>
      banners.bannerHandler(options)({ intervention_id: crypto.randomUUID(), name, version: 1, attributes }),
  };
`;

/** What the page holds besides banners. */
export const BODY = `
  <p id="text">Some text</p>
  <input id="field" aria-label="Field">
  <dialog id="dialog" aria-label="Dialog"><button>Inside</button></dialog>
`;

/** Neither a style-src nor a policy for trusted types: banners must not need one. */
export const POLICY =
  "default-src 'none'; script-src 'self'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'";

/** Opens a page with the banners' API and little else. */
export const openBannerPage = (page: Page, server: MockServer, body = BODY) =>
  openBarePage(page, server, { body, script: SCRIPT, policy: POLICY });

/** A banner with a code. */
export const offer = { templates: { offer: { message: 'Ten percent off', code: 'SAVE10' } } };

/** Hands an instance to a handler of its own. */
export const show = (
  page: Page,
  options: PlainOptions,
  name?: string,
  attributes?: Record<string, string | number>,
) =>
  page.evaluate(([options, name, attributes]) => window.banners.show(options, name, attributes), [
    options,
    name,
    attributes,
  ] as const);
