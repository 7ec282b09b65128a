export { type BannerHandler, bannerHandler } from './handler.js';
export type { BannerLabels, BannerOptions, BannerPosition, DismissReason } from './options.js';
export type { BannerAction, BannerTemplate, BannerTemplates, BannerTone } from './template.js';
