import type { BannerPosition } from './options.js';
import { Stack } from './stack.js';

/** Stands for the page's body, which may not be there yet, and may be replaced by another. */
const PAGE = {};

const stacks = new WeakMap<object, Map<BannerPosition, Stack>>();

/**
 * The stack at `position` in `container`, by default the page's body: one for all handlers, whose banners would cover
 * each other otherwise.
 */
export function stackAt(container: Element | undefined, position: BannerPosition): Stack {
  const key = !container || container === document.body ? PAGE : container;
  const atPlace = stacks.get(key) ?? new Map<BannerPosition, Stack>();
  stacks.set(key, atPlace);
  const stack =
    atPlace.get(position) ??
    // Frameworks throw elements away. Banners in one that is gone would be seen by nobody.
    new Stack(position, () => (container?.isConnected ? container : document.body));
  atPlace.set(position, stack);
  return stack;
}
