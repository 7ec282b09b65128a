// The shopper's timeline, newest first.

import { element, find, shown, time } from './dom.js';

/** How many entries are shown at most. */
const LIMIT = 300;

const LABELS = {
  good: 'event',
  duplicate: 'duplicate',
  bad: 'bad event',
  published: 'intervention',
  stream_opened: 'stream',
};

const list = find(HTMLOListElement, '#timeline');
const empty = find(HTMLElement, '#timeline-empty');

/** Shows these entries and no others. @param {import('./api.js').Entry[]} entries oldest first */
export function showTimeline(entries) {
  list.replaceChildren(...entries.slice(-LIMIT).reverse().map(item));
  empty.hidden = entries.length > 0;
}

/** Shows these entries above those that are shown already. @param {import('./api.js').Entry[]} entries oldest first */
export function addToTimeline(entries) {
  for (const entry of entries.slice(-LIMIT)) {
    const made = item(entry);
    made.classList.add('fresh');
    list.prepend(made);
  }
  while (list.children.length > LIMIT) list.lastElementChild?.remove();
  if (entries.length > 0) empty.hidden = true;
}

/** @param {import('./api.js').Entry} entry */
function item(entry) {
  const label = element('span', { class: 'kind' }, LABELS[entry.kind]);
  const head = element('div', { class: 'entry-head' }, label, title(entry), time(entry.at));
  return element('li', { class: 'entry', 'data-kind': entry.kind }, head, ...details(entry));
}

/** @param {import('./api.js').Entry} entry */
function title(entry) {
  switch (entry.kind) {
    case 'bad':
      return element('strong', {}, entry.bad_row.field);
    case 'published':
      return element('strong', {}, `${entry.instance.name} v${entry.instance.version}`);
    case 'stream_opened':
      return element('strong', {}, 'opened');
    default:
      return element('strong', {}, entry.event.event_name ?? 'event without a name');
  }
}

/** @param {import('./api.js').Entry} entry */
function details(entry) {
  switch (entry.kind) {
    case 'bad':
      return [
        element('p', {}, entry.bad_row.reason),
        element(
          'details',
          {},
          element('summary', {}, 'Received data'),
          element('pre', {}, entry.bad_row.payload),
        ),
      ];
    case 'published': {
      const { streams, instance, ids } = entry;
      const delivered =
        streams === 0
          ? 'No stream was open. The intervention waits for one.'
          : `Delivered to ${count(streams, 'open stream')}.`;
      return [
        element('p', {}, delivered, ' Target: ', ids.map(({ name, id }) => `${name} ${id}`).join(', ')),
        element('p', { class: 'quiet' }, shown(instance.attributes)),
        element('p', { class: 'quiet' }, instance.intervention_id),
      ];
    }
    case 'stream_opened':
      return entry.replayed > 0
        ? [element('p', {}, `${count(entry.replayed, 'missed intervention')} replayed`)]
        : [];
    case 'duplicate':
      return [element('p', {}, `${entry.event.event_id} was already counted and changes nothing`)];
    default:
      return entry.event.page_url ? [element('p', { class: 'quiet' }, entry.event.page_url)] : [];
  }
}

/**
 * @param {number} number
 * @param {string} what
 */
function count(number, what) {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
