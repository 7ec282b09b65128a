// Tools for testers: push an intervention, move the clock, inject faults, reset.

import { clearFaults, moveClock, push, reset, scriptFaults } from './api.js';
import { find } from './dom.js';

const FAULTS = /** @type {Record<string, unknown>} */ ({
  'refuse-streams': { stream: { status: 503, times: 3 } },
  'drop-streams': { stream: { drop_after_events: 1 } },
  'slow-streams': { stream: { delay_headers_ms: 4_000 } },
  garbage: { stream: { send_raw: 'data: {oops\n\n' } },
  'refuse-events': { collector: { status: 500, times: 2 } },
});

const outcome = find(HTMLElement, '#outcome');

/**
 * Connects the forms to the server.
 * @param {() => import('./api.js').Owner | null} selected gives the shopper that is shown
 * @param {() => void} changed called after the server's data changed
 */
export function wireTools(selected, changed) {
  onSubmit('#push', async (form) => {
    const owner = selected();
    if (!owner) throw new Error('Choose a shopper first.');
    const attributes = parseAttributes(form.get('attributes'));
    const { status } = await push(owner, {
      name: String(form.get('name')),
      version: Number(form.get('version')),
      attributes,
    });
    return status === 'success' ? 'Delivered.' : 'No stream is open. The intervention waits for one.';
  });
  onSubmit('#clock', async (form) => {
    const { now } = await moveClock(String(form.get('advance')));
    return `The server's time is ${now}.`;
  });
  onSubmit('#fault', async (form) => {
    const name = String(form.get('fault'));
    if (name === 'none') {
      await clearFaults();
      return 'All faults are cleared.';
    }
    await scriptFaults(FAULTS[name]);
    return 'The fault is active.';
  });
  onSubmit('#reset', async () => {
    await reset();
    return 'Profiles and interventions are reset.';
  });

  /**
   * @param {string} selector
   * @param {(form: FormData) => Promise<string>} work returns the message to show
   */
  function onSubmit(selector, work) {
    const form = find(HTMLFormElement, selector);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      try {
        say(await work(new FormData(form)), true);
        changed();
      } catch (error) {
        say(error instanceof Error ? error.message : String(error), false);
      }
    });
  }
}

/** @param {FormDataEntryValue | null} text */
function parseAttributes(text) {
  if (!text) return {};
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new Error(`Attributes must be JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {string} text
 * @param {boolean} isGood
 */
function say(text, isGood) {
  outcome.textContent = text;
  outcome.dataset.good = String(isGood);
}
