import { find, wireCloseButtons } from '../dom';
import { DEFAULT_SETTINGS, parseWebAddress, type Settings, saveSettings } from '../settings';

/** The dialog for the servers' addresses. Saving reloads the page with the new addresses. */
export function wireSettingsDialog(settings: Settings): void {
  const dialog = find(HTMLDialogElement, '#settings');
  wireCloseButtons(dialog);
  find(HTMLElement, '#open-settings').addEventListener('click', () => {
    fill(settings);
    dialog.showModal();
  });
  find(HTMLElement, '#restore-settings').addEventListener('click', () => fill(DEFAULT_SETTINGS));
  find(HTMLFormElement, '#settings-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const collectorUrl = readAddress('collector-url');
    const signalsUrl = readAddress('signals-url');
    if (!collectorUrl || !signalsUrl) return;
    saveSettings({ collectorUrl, signalsUrl });
    location.reload();
  });
}

function fill({ collectorUrl, signalsUrl }: Settings): void {
  for (const [id, address] of [
    ['collector-url', collectorUrl],
    ['signals-url', signalsUrl],
  ]) {
    find(HTMLInputElement, `#${id}`).value = address ?? '';
    showError(`${id}`, '');
  }
}

function readAddress(id: string): string | undefined {
  const address = parseWebAddress(find(HTMLInputElement, `#${id}`).value.trim());
  showError(id, address ? '' : 'Enter a web address such as https://collector.example.com');
  return address;
}

function showError(id: string, error: string): void {
  find(HTMLElement, `#${id}-error`).textContent = error;
  find(HTMLElement, `#${id}`).toggleAttribute('aria-invalid', error !== '');
}
