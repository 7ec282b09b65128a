// What is forwarded to receivers: what waits, and how the latest attempts ended.

import { forwarding } from './api.js';
import { element, find, time } from './dom.js';

/** How often the page asks, in milliseconds. Attempts end at any time, so nothing announces them. */
const INTERVAL = 1_000;

/** How many attempts are shown for each receiver. */
const SHOWN = 20;

/** @type {Record<import('./api.js').Forwarded['outcome'], string>} */
const WORDS = {
  waiting: 'waits',
  sent: 'sent',
  retried: 'sent again later',
  refused: 'refused',
  expired: 'not accepted within an hour',
  dropped: 'dropped, because too many waited',
};

const section = find(HTMLElement, '#forwarding');
const receivers = find(HTMLElement, '#receivers');

/** Shows what is forwarded, from now on. A server without receivers shows nothing. */
export async function followForwarding() {
  try {
    const read = await forwarding();
    section.hidden = read.receivers.length === 0;
    if (section.hidden) return;
    show(read);
  } catch {
    // The journal reports a server that does not answer, and asks for a token.
  }
  setTimeout(followForwarding, INTERVAL);
}

/** @param {import('./api.js').Forwarding} read */
function show({ receivers: all, recent }) {
  receivers.replaceChildren(
    ...all.map((one) => {
      const attempts = recent.filter(({ receiver }) => receiver === one.receiver).slice(-SHOWN);
      return element(
        'article',
        { 'data-receiver': one.receiver },
        element('h3', {}, one.receiver),
        element('p', {}, state(one)),
        element(
          'ol',
          { class: 'attempts' },
          ...[...one.oldest.slice(0, SHOWN).reverse(), ...attempts.reverse()].map(attempt),
        ),
      );
    }),
  );
}

/** @param {import('./api.js').Forwarding['receivers'][number]} receiver */
function state({ waiting, problem, paused_until }) {
  const count = waiting === 0 ? 'Nothing waits.' : `${waiting} ${waiting === 1 ? 'waits' : 'wait'}.`;
  const reason = problem === null ? '' : ` Latest problem: ${problem}.`;
  const pause =
    paused_until === null ? '' : ` Next attempt at ${new Date(paused_until).toLocaleTimeString()}.`;
  return `${count}${reason}${pause}`;
}

/** @param {import('./api.js').Forwarded} message */
function attempt({ at, outcome, attempts, reason, intervention, webhook_id }) {
  const { name, version, attributeKey } = intervention;
  const often = attempts > 1 ? ` (${attempts} attempts)` : '';
  return element(
    'li',
    { 'data-outcome': outcome, title: webhook_id },
    time(at),
    ` ${name} v${version}: ${WORDS[outcome]}${often}${reason === null ? '' : `, ${reason}`}`,
    element('span', { class: 'quiet' }, ` ${attributeKey.name} ${attributeKey.id}`),
  );
}
