// The shopper's attribute values, for each intervention which of its criteria hold, and what an agent would read.

import { element, find, shown } from './dom.js';

const groups = find(HTMLElement, '#attributes');
const interventions = find(HTMLElement, '#interventions');
const contexts = find(HTMLElement, '#contexts');
const streams = find(HTMLElement, '#open-streams');
const clock = find(HTMLElement, '#server-time');

/** The values shown last, to highlight changes. @type {Map<string, string>} */
let values = new Map();

/** Clears the page while no shopper is shown. */
export function clearStanding() {
  values = new Map();
  groups.replaceChildren();
  interventions.replaceChildren();
  contexts.replaceChildren();
  streams.textContent = '–';
}

/** @param {import('./api.js').Standing} standing */
export function showStanding(standing) {
  clock.textContent = new Date(standing.now).toLocaleString();
  streams.textContent = String(standing.open_streams);
  const before = values;
  values = new Map();
  groups.replaceChildren(
    ...standing.profile.map((group) =>
      element(
        'table',
        {},
        element('caption', {}, `${group.name} v${group.version}`),
        element(
          'tbody',
          {},
          ...Object.entries(group.attributes).map(([name, value]) =>
            attribute(`${group.name} v${group.version}`, name, value, before),
          ),
        ),
      ),
    ),
  );
  if (standing.profile.length === 0)
    groups.append(element('p', { class: 'quiet' }, 'No attribute group has this attribute key.'));
  interventions.replaceChildren(
    ...standing.interventions.map((rule) => intervention(rule, standing.profile)),
  );
  if (standing.interventions.length === 0)
    interventions.append(element('p', { class: 'quiet' }, 'No published rule applies to this id.'));
  contexts.replaceChildren(
    ...standing.contexts.flatMap(({ name, narrative }) => [
      element('h3', {}, name),
      element('pre', { class: 'narrative' }, narrative),
    ]),
  );
  if (standing.contexts.length === 0)
    contexts.append(
      element('p', { class: 'quiet' }, 'No session is known, or no agentic context is published.'),
    );
}

/**
 * @param {string} group
 * @param {string} name
 * @param {unknown} value
 * @param {Map<string, string>} before
 */
function attribute(group, name, value, before) {
  const [key, text] = [`${group}:${name}`, shown(value)];
  values.set(key, text);
  const hasChanged = before.has(key) && before.get(key) !== text;
  return element(
    'tr',
    hasChanged ? { class: 'fresh' } : {},
    element('th', { scope: 'row' }, name),
    element('td', {}, text),
  );
}

/**
 * @param {import('./api.js').Standing['interventions'][number]} rule
 * @param {import('./api.js').Standing['profile']} profile
 */
function intervention({ name, version, criteria, targets, received_by }, profile) {
  const badge = received_by.length > 0 ? [element('span', { class: 'badge' }, 'delivered')] : [];
  const whom = targets.map((target) => {
    const had = received_by.some(({ name, id }) => name === target.name && id === target.id);
    return `${target.name}${had ? ' (received)' : ''}`;
  });
  return element(
    'article',
    { 'data-intervention': name, 'data-holds': String(criteria.holds) },
    element('h3', {}, mark(criteria.holds), `${name} v${version}`, ...badge),
    element('ul', { class: 'criteria' }, criterion(criteria, profile)),
    element('p', { class: 'quiet' }, `Targets: ${whom.join(', ') || 'none of these ids'}`),
  );
}

/**
 * @param {import('./api.js').Criteria} criteria
 * @param {import('./api.js').Standing['profile']} profile
 * @returns {HTMLElement}
 */
function criterion(criteria, profile) {
  if (criteria.kind !== 'test') {
    const words = { all: 'all of', any: 'any of', none: 'none of' };
    return element(
      'li',
      {},
      mark(criteria.holds),
      words[criteria.kind],
      element('ul', { class: 'criteria' }, ...criteria.parts.map((part) => criterion(part, profile))),
    );
  }
  const { attribute, operator, expected, actual, holds } = criteria;
  const asked = [attribute, operator, ...(expected === null ? [] : [JSON.stringify(expected)])].join(' ');
  return element(
    'li',
    {},
    mark(holds),
    element('code', {}, asked),
    element('span', { class: 'quiet' }, ` ${standsAt(attribute, actual, profile)}`),
  );
}

/**
 * The value that a criterion compares. The attributes table shows what a read returns, which is a default where no value is
 * set. The text explains the difference: 0 there, but no value here.
 * @param {string} reference `group:attribute`
 * @param {unknown} actual
 * @param {import('./api.js').Standing['profile']} profile
 */
function standsAt(reference, actual, profile) {
  if (actual !== null) return `is ${JSON.stringify(actual)}`;
  const [group, name = ''] = reference.split(':');
  const read = profile.findLast((one) => one.name === group && Object.hasOwn(one.attributes, name))
    ?.attributes[name];
  return `has no value${read === undefined || read === null ? '' : ` (reading it returns the default ${JSON.stringify(read)})`}`;
}

/** @param {boolean} holds */
function mark(holds) {
  return element(
    'span',
    {
      class: 'mark',
      'data-holds': String(holds),
      role: 'img',
      'aria-label': holds ? 'holds' : 'does not hold',
    },
    holds ? '✓' : '✗',
  );
}
