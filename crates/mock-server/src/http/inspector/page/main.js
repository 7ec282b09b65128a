// The inspector: follows the journal, shows one shopper.

import { Refused, standing, useToken } from './api.js';
import { element, find } from './dom.js';
import { followForwarding } from './forwarding.js';
import { follow } from './journal.js';
import { clearStanding, showStanding } from './standing.js';
import { addToTimeline, showTimeline } from './timeline.js';
import { wireTools } from './tools.js';

/** As many entries as the server keeps. */
const KEPT = 2_000;

/** How many shoppers are listed. */
const OFFERED = 20;

/** Attribute keys that identify shoppers best, best first. */
const PREFERRED = ['domain_userid', 'user_id', 'domain_sessionid', 'network_userid'];

/** @type {import('./api.js').Entry[]} */
let entries = [];

/** @type {import('./api.js').Owner | null} */
let selected = null;

/** The shoppers with an event, the most recent first. @type {import('./api.js').Owner[]} */
let seen = [];

/** Whether a request for the shopper's state is under way. */
let isReading = false;

/** Whether something happened during that request. */
let isStale = false;

const whom = find(HTMLFormElement, '#whom');
const key = find(HTMLInputElement, '#key');
const id = find(HTMLInputElement, '#id');
const latest = find(HTMLInputElement, '#follow-latest');
const shoppers = find(HTMLElement, '#shoppers');
const trouble = find(HTMLElement, '#trouble');
const tokenDialog = find(HTMLDialogElement, '#token-dialog');

whom.addEventListener('submit', (event) => {
  event.preventDefault();
  latest.checked = false;
  select({ name: key.value.trim(), id: id.value.trim() });
});
latest.addEventListener('change', () => {
  if (latest.checked && seen[0]) select(seen[0]);
});
wireTools(() => selected, refresh);
readAddress();
followForwarding();
follow({
  onNews({ entries: news }) {
    entries = [...entries, ...news].slice(-KEPT);
    for (const entry of news) notice(entry);
    offerShoppers();
    const newest = seen[0];
    if (latest.checked && newest && !isSame(newest, selected)) return select(newest);
    const ours = news.filter(concernsSelected);
    addToTimeline(ours);
    if (ours.length > 0) refresh();
  },
  onRestart() {
    [entries, seen] = [[], []];
    offerShoppers();
    showTimeline([]);
    refresh();
  },
  onTrouble(problem) {
    trouble.textContent = problem;
    trouble.hidden = problem === '';
  },
  askForToken,
});

/** Selects the shopper that the address names: `/inspector?key=…&id=…`. */
function readAddress() {
  const parameters = new URLSearchParams(location.search);
  const [name, owner] = [parameters.get('key'), parameters.get('id')];
  if (!name || !owner) return;
  latest.checked = false;
  select({ name, id: owner });
}

/** @param {import('./api.js').Owner} owner */
function select(owner) {
  selected = owner;
  [key.value, id.value] = [owner.name, owner.id];
  history.replaceState(null, '', `?${new URLSearchParams({ key: owner.name, id: owner.id })}`);
  clearStanding();
  showTimeline(entries.filter(concernsSelected));
  offerShoppers();
  refresh();
}

/** @param {import('./api.js').Entry} entry */
function concernsSelected(entry) {
  if (!selected) return false;
  // A bad event could not be read. It concerns every shopper whose id it contains.
  if (entry.kind === 'bad') return entry.bad_row.payload.includes(selected.id);
  return entry.ids.some((owner) => isSame(owner, selected));
}

/** @param {import('./api.js').Entry} entry */
function notice({ kind, ids }) {
  if (kind !== 'good') return;
  const [owner] = PREFERRED.flatMap((name) => ids.filter((candidate) => candidate.name === name));
  const newest = owner ?? ids[0];
  if (newest) seen = [newest, ...seen.filter((known) => !isSame(known, newest))].slice(0, OFFERED);
}

function offerShoppers() {
  const buttons = seen.map((owner) => {
    const attributes = { type: 'button', class: 'shopper', 'aria-pressed': String(isSame(owner, selected)) };
    const button = element(
      'button',
      attributes,
      element('span', { class: 'quiet' }, owner.name),
      ` ${owner.id}`,
    );
    button.addEventListener('click', () => {
      latest.checked = false;
      select(owner);
    });
    return element('li', {}, button);
  });
  shoppers.replaceChildren(...buttons);
}

/** Reads and shows the shopper's state. A call during a request makes it read once more at the end. */
async function refresh() {
  if (isReading || !selected) {
    isStale = isReading;
    return;
  }
  isReading = true;
  const owner = selected;
  try {
    const read = await standing(owner);
    if (isSame(owner, selected)) showStanding(read);
  } catch (error) {
    // If the server does not answer, the journal reports it.
    if (error instanceof Refused && !error.wantsToken) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  }
  isReading = false;
  if (isStale) {
    isStale = false;
    refresh();
  }
}

/** @returns {Promise<void>} */
function askForToken() {
  return new Promise((resolve) => {
    tokenDialog.addEventListener(
      'close',
      () => {
        useToken(find(HTMLInputElement, '#token').value);
        resolve();
        refresh();
      },
      { once: true },
    );
    tokenDialog.showModal();
  });
}

/**
 * @param {import('./api.js').Owner} one
 * @param {import('./api.js').Owner | null} other
 */
function isSame(one, other) {
  return one.name === other?.name && one.id === other.id;
}
