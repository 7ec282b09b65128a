import type { Banner } from './banner.js';
import { frontElement } from './front.js';

/** What browsers close on Escape by themselves. `:is` takes what a browser does not know for nothing. */
const CLOSES_ITSELF = '[popover]:not([popover="manual"]):is(:popover-open)';

/** The banners on the screen, of all handlers and at all positions, in the order in which they came. */
const open = new Set<Banner>();

/** Lets Escape close `banner` when it is its turn, until {@link forgetOnEscape} is told that it has gone. */
export function closeOnEscape(banner: Banner): void {
  open.add(banner);
  // Adding a listener again changes nothing.
  document.addEventListener('keydown', onKeyDown);
}

/** Forgets `banner`. */
export function forgetOnEscape(banner: Banner): void {
  open.delete(banner);
  if (open.size === 0) document.removeEventListener('keydown', onKeyDown);
}

/** Escape closes the banner that has the focus; else the newest, unless something else has a better claim to the key. */
function onKeyDown(event: KeyboardEvent): void {
  // While text is composed, the key cancels that.
  if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
  const banners = [...open].filter((banner) => banner.isSeen);
  const focused = banners.find((banner) => banner.element.matches(':focus-within'));
  const banner = focused ?? (isClaimed(event.target) ? undefined : banners.at(-1));
  if (!banner) return;
  // A canceled Escape closes no dialog: one key press, one thing closed.
  event.preventDefault();
  banner.dismiss('escape');
}

/** Whether the key is for a dialog or a popover of the page, or leaves fullscreen. */
function isClaimed(target: EventTarget | null): boolean {
  if (frontElement() || document.querySelector(CLOSES_ITSELF)) return true;
  // A dialog made of other elements. Its own listener may have hidden it by now, so the place of the key press counts.
  return target instanceof Element && target.closest('[aria-modal="true"]') !== null;
}
