import type { BannerPosition } from './options.js';
import { Stack } from './stack.js';

/** Represents the page's body, which may not exist yet and can be replaced. */
const PAGE = {};

const stacks = new WeakMap<object, Map<BannerPosition, Stack>>();

/**
 * The stack at `position` in `container`, by default the page's body. All handlers share it, so that their banners do not cover each
 * other.
 */
export function stackAt(container: Element | undefined, position: BannerPosition): Stack {
  const key = !container || container === document.body ? PAGE : container;
  const atPlace = stacks.get(key) ?? new Map<BannerPosition, Stack>();
  stacks.set(key, atPlace);
  const stack =
    atPlace.get(position) ??
    // Frameworks remove elements. Banners in a removed element would not be visible.
    new Stack(position, () => (container?.isConnected ? container : document.body));
  atPlace.set(position, stack);
  return stack;
}
