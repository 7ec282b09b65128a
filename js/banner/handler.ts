import type { Intervention } from '../types.js';
import { Banner } from './banner.js';
import { type BannerOptions, type DismissReason, resolveOptions } from './options.js';
import { Queue } from './queue.js';
import { Stack } from './stack.js';
import { fillTemplate } from './template.js';

/** An intervention handler that shows banners, for `addInterventionHandlers`. */
export type BannerHandler = (intervention: Intervention) => void;

/**
 * Makes a handler that shows interventions as banners: announced politely, never taking the focus, above the page
 * without moving it.
 *
 * The handler throws a `TypeError` for an intervention whose template cannot be filled, which the plugin then tracks as
 * a handler error.
 *
 * @example
 * addInterventionHandlers({
 *   banner: bannerHandler({
 *     templates: { discount: { message: "10% off your next purchase!", code: "SAVE10" } },
 *   }),
 * });
 * @throws {TypeError} naming the option, if one has a value it cannot have.
 */
export function bannerHandler(options: BannerOptions): BannerHandler {
  const settings = resolveOptions(options);
  const { templates, autoCloseMs, labels, onShow, onDismiss, onAction } = settings;
  const queue = new Queue<Banner>(settings.maxVisible);
  const stack = new Stack({
    container: () => settings.container ?? document.body,
    position: settings.position,
    onEscape: (banner) => banner.dismiss('escape'),
  });

  const show = (banner: Banner) => {
    stack.add(banner);
    banner.show();
  };

  return (intervention) => {
    const content = fillTemplate(templates, intervention);
    if (!content) return;

    const { action } = content;
    const banner = new Banner(content, {
      autoCloseMs,
      labels,
      onShow: () => guarded(() => onShow?.(intervention)),
      onAction: () => {
        guarded(() => onAction?.(intervention));
        if (action && 'onClick' in action) guarded(() => action.onClick(intervention));
      },
      onDismiss: (reason: DismissReason) => {
        stack.remove(banner);
        guarded(() => onDismiss?.(intervention, reason));
        const next = queue.leave(banner);
        if (next) show(next);
      },
    });
    if (queue.enter(banner)) show(banner);
  };
}

/** The page's own functions must not break the banners: their errors go where uncaught errors go. */
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportError(error);
  }
}
