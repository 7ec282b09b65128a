/**
 * Ready-made banners.
 *
 * @module signals-interventions/banner
 */

export type { BannerFrequency } from './frequency.js';
export { type BannerHandler, bannerHandler } from './handler.js';
export type { BannerLabels, BannerOptions, BannerPosition, DismissReason, SkipReason } from './options.js';
export type { BannerOutcome, BannerOutcomeEvent, BannerTracker } from './outcomes.js';
export type { BannerAction, BannerAnswer, BannerTemplate, BannerTemplates, BannerTone } from './template.js';
