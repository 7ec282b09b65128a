import { makeCopyButton } from './copy-button.js';
import { makeIcon, makePart } from './dom.js';
import type { BannerLabels } from './options.js';
import { dress } from './styles.js';
import type { BannerAction, FilledTemplate } from './template.js';

const CLOSE_STROKES = 'M3.5 3.5l9 9m0-9l-9 9';

interface CardParts {
  labels: BannerLabels;
  onClose: () => void;
  onCopy: () => void;
  onAction: () => void;
}

let made = 0;

/** Makes the contents of a banner: message, code, action and close button, in reading order. */
export function makeCard({ message, code, action, tone }: FilledTemplate, parts: CardParts): HTMLElement {
  const card = makePart('div', 'banner');
  card.dataset.tone = tone;

  const text = makePart('p', 'message');
  text.id = `message-${++made}`;
  text.dir = 'auto';
  text.textContent = message;

  const close = makePart('button', 'close');
  close.type = 'button';
  close.setAttribute('aria-label', parts.labels.close);
  close.setAttribute('aria-describedby', text.id);
  close.append(makeIcon(CLOSE_STROKES));
  close.addEventListener('click', parts.onClose);

  const body = makePart('div', 'body');
  body.append(text);
  if (code !== undefined) body.append(makeOffer(code, parts));
  card.append(body);
  if (action) card.append(makeAction(action, parts.onAction));
  card.append(close);
  dress(card);
  return card;
}

function makeOffer(code: string, { labels, onCopy }: CardParts): HTMLElement {
  const offer = makePart('div', 'offer');
  const text = makePart('code', 'code');
  // A code must be neither translated nor reordered in text of the other direction.
  text.translate = false;
  text.dir = 'auto';
  text.textContent = code;
  offer.append(text, makeCopyButton(text, labels, onCopy));
  return offer;
}

function makeAction(action: BannerAction, onAction: () => void): HTMLElement {
  const element = 'href' in action ? makeLink(action.href) : makeButton();
  element.dir = 'auto';
  element.textContent = action.label;
  element.addEventListener('click', onAction);
  return element;
}

function makeLink(href: string): HTMLElement {
  const link = makePart('a', 'action');
  link.href = href;
  return link;
}

function makeButton(): HTMLElement {
  const button = makePart('button', 'action');
  button.type = 'button';
  return button;
}
