// Making and finding elements. Text becomes text nodes: what shoppers send is never markup.

/**
 * The element that `selector` finds. Throws if the page has none of class `type`.
 * @template {Element} T
 * @param {new () => T} type
 * @param {string} selector
 * @returns {T}
 */
export function find(type, selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return element;
}

/**
 * A new element.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A value as people read it.
 * @param {unknown} value
 * @returns {string}
 */
export function shown(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * The time of day of a moment, with milliseconds.
 * @param {number} at milliseconds since 1970
 * @returns {HTMLElement}
 */
export function time(at) {
  const moment = new Date(at);
  const text = moment.toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  return element('time', { datetime: moment.toISOString() }, text);
}
