import type { Banner } from './banner.js';
import { frontElement } from './front.js';

/** Elements that browsers close on Escape. `:is` ignores selectors that a browser does not know. */
const CLOSES_ITSELF = '[popover]:not([popover="manual"]):is(:popover-open)';

/** The visible banners of all handlers and positions, in order of arrival. */
const open = new Set<Banner>();

/** Lets Escape close `banner`, until {@link forgetOnEscape}. */
export function closeOnEscape(banner: Banner): void {
  open.add(banner);
  // Adding the same listener again has no effect.
  document.addEventListener('keydown', onKeyDown);
}

/** Escape no longer closes `banner`. */
export function forgetOnEscape(banner: Banner): void {
  open.delete(banner);
  if (open.size === 0) document.removeEventListener('keydown', onKeyDown);
}

/** Escape closes the focused banner, or else the newest one unless the key is for something else. */
function onKeyDown(event: KeyboardEvent): void {
  // During text composition, the key cancels the composition.
  if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
  const banners = [...open].filter((banner) => banner.isSeen);
  const focused = banners.find((banner) => banner.element.matches(':focus-within'));
  const banner = focused ?? (isClaimed(event.target) ? undefined : banners.at(-1));
  if (!banner) return;
  // One key press must close only one thing: a cancelled Escape closes no dialog.
  event.preventDefault();
  banner.dismiss('escape');
}

/** Whether the key is for a dialog or a popover of the page, or leaves fullscreen. */
function isClaimed(target: EventTarget | null): boolean {
  if (frontElement() || document.querySelector(CLOSES_ITSELF)) return true;
  // A dialog made of other elements. Its listener may have hidden it already, so check the target of the key press.
  return target instanceof Element && target.closest('[aria-modal="true"]') !== null;
}
