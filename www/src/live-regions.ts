/** Milliseconds after a dialog has closed until the page's live regions are announced again. */
const QUIET_FOR_MS = 1_000;

/**
 * Silences the page's live regions while a dialog is open, and for a moment afterwards. Otherwise, screen readers would read all of
 * them again when the dialog closes.
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
