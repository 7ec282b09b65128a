import { makeIcon, makePart } from './dom.js';
import type { BannerLabels } from './options.js';
import { dress } from './styles.js';

/** Milliseconds for which the button shows "Copied". */
const COPIED_FOR_MS = 2_000;

const COPY_STROKES = 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3';
const DONE_STROKES = 'M2.5 8.5l4 4 7-8';

/**
 * Makes a button that copies the text of `source`. If the clipboard refuses, it selects the text, so that people can copy it
 * themselves.
 */
export function makeCopyButton(source: HTMLElement, labels: BannerLabels, onCopy: () => void): HTMLElement {
  const button = makePart('button', 'copy');
  button.type = 'button';
  // Text, not aria-label: a live region announces changes of text.
  const label = makePart('span', 'label');
  const say = (text: string, strokes: string) => {
    label.textContent = text;
    button.querySelector('svg')?.remove();
    const icon = makeIcon(strokes);
    button.append(icon);
    dress(icon);
  };
  button.append(label);
  say(labels.copy, COPY_STROKES);
  let over: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener('click', async () => {
    if (await copy(source.textContent ?? '')) {
      clearTimeout(over);
      label.removeAttribute('aria-live');
      say(labels.copied, DONE_STROKES);
      onCopy();
      over = setTimeout(() => {
        // Do not announce that the label changes back.
        label.setAttribute('aria-live', 'off');
        say(labels.copy, COPY_STROKES);
      }, COPIED_FOR_MS);
    } else {
      getSelection()?.selectAllChildren(source);
    }
  });
  return button;
}

/** Copies `text`. Returns false if the clipboard refuses, for example on pages without TLS or because of a permission. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
