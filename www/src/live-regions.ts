/** Milliseconds after a dialog has closed until the page's live regions speak again. */
const QUIET_FOR_MS = 1_000;

/**
 * Keeps the live regions of the page quiet while a dialog lies above it, and for a moment after: screen readers take
 * what comes back with the page for news, and would read all of it again.
 */
export function quietBehindDialogs(): void {
  const regions = [...document.querySelectorAll('[aria-live]')].filter((region) => !region.closest('dialog'));
  const say = (politeness: 'polite' | 'off') => {
    for (const region of regions) region.setAttribute('aria-live', politeness);
  };
  let over: ReturnType<typeof setTimeout> | undefined;
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.addEventListener('toggle', () => {
      clearTimeout(over);
      if (document.querySelector('dialog[open]')) say('off');
      else over = setTimeout(() => say('polite'), QUIET_FOR_MS);
    });
  }
}
