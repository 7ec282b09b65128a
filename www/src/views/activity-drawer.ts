import type { Activity, Entry } from '../activity';
import type { AgenticContext, AgenticContexts } from '../agentic-contexts';
import type { Attributes } from '../attributes';
import { clone, find } from '../dom';
import type { LiveReading } from '../live-reading';
import type { Observable } from '../observable';
import type { Shopper } from '../tracking';

interface Shown {
  activity: Activity;
  attributes: LiveReading<Attributes>;
  agenticContexts: LiveReading<AgenticContexts>;
  currentShopper: () => Shopper;
}

/** The drawer with recent communication between the shop and the servers. */
export function showActivity({ activity, attributes, agenticContexts, currentShopper }: Shown): void {
  wireDrawer((open) => {
    attributes.watch(open);
    agenticContexts.watch(open);
  });
  showAttributes(attributes.now);
  showContexts(agenticContexts.now);
  showLog('#interventions', activity.interventions);
  showLog('#events', activity.events);
  activity.events.observe(() => {
    const { domainUserId, domainSessionId } = currentShopper();
    find(HTMLElement, '#domain-userid').textContent = domainUserId;
    find(HTMLElement, '#domain-sessionid').textContent = domainSessionId;
  });
  activity.connection.observe(({ state, detail }) => {
    find(HTMLElement, '#connection-state').textContent = detail;
    for (const dot of document.querySelectorAll<HTMLElement>('.connection-dot')) dot.dataset.state = state;
  });
}

function wireDrawer(onChange: (open: boolean) => void): void {
  const drawer = find(HTMLElement, '#activity');
  const opener = find(HTMLButtonElement, '#open-activity');
  const setOpen = (open: boolean) => {
    drawer.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    // The drawer is not next to its button in the page.
    (open ? drawer : opener).focus();
    onChange(open);
  };
  opener.addEventListener('click', () => setOpen(drawer.hasAttribute('hidden')));
  find(HTMLElement, '#close-activity').addEventListener('click', () => setOpen(false));
  drawer.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    // One key press must close only one thing.
    event.preventDefault();
    setOpen(false);
  });
}

/** Shows the attribute values, and highlights changes for a moment. */
function showAttributes(attributes: Observable<Attributes>): void {
  const list = find(HTMLElement, '#attributes');
  const shown = new Map<string, string>();
  attributes.observe(({ values, problem }) => {
    const rows = Object.entries(values).flatMap(([name, value]) => {
      const text = JSON.stringify(value);
      const [term, description] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = name;
      description.textContent = text;
      description.toggleAttribute('data-changed', shown.has(name) && shown.get(name) !== text);
      shown.set(name, text);
      return [term, description];
    });
    list.replaceChildren(...rows);
    list.hidden = rows.length === 0;
    find(HTMLElement, '#attributes-problem').textContent = problem;
  });
}

function showContexts(agenticContexts: Observable<AgenticContexts>): void {
  const list = find(HTMLElement, '#agentic-contexts');
  const shown = new Map<string, HTMLElement>();
  agenticContexts.observe(({ contexts, problem }) => {
    for (const name of shown.keys()) {
      if (contexts.every((context) => context.name !== name)) shown.delete(name);
    }
    for (const context of contexts) {
      // The same element stays, so that it keeps its focus and where the reader scrolled to.
      const element = shown.get(context.name) ?? makeContext(context.name);
      shown.set(context.name, element);
      update(find(HTMLElement, '.narrative', element), context);
    }
    const elements = contexts.flatMap(({ name }) => shown.get(name) ?? []);
    if (
      elements.some((element, index) => list.children[index] !== element) ||
      elements.length < list.childElementCount
    )
      list.replaceChildren(...elements);
    find(HTMLElement, '#agentic-contexts-problem').textContent = problem;
  });
}

function makeContext(name: string): HTMLElement {
  const element = clone('agentic-context-template');
  const text = find(HTMLElement, '.narrative', element);
  find(HTMLElement, 'h4', element).textContent = name;
  text.setAttribute('aria-label', name);
  // It scrolls, so it must be reached with the keyboard.
  text.tabIndex = 0;
  const copy = find(HTMLButtonElement, '.copy', element);
  // Only pages that are served over HTTPS or from this machine have a clipboard.
  copy.hidden = !navigator.clipboard;
  copy.setAttribute('aria-label', `Copy ${name}`);
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text.textContent ?? '');
    copy.textContent = 'Copied';
    setTimeout(() => {
      copy.textContent = 'Copy';
    }, 2_000);
  });
  return element;
}

/** Shows the text, and the newest event at its end unless the reader has scrolled up. */
function update(text: HTMLElement, { narrative }: AgenticContext): void {
  const isAtEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 1;
  text.textContent = narrative;
  // The height is known only when the text is in the page.
  if (isAtEnd) requestAnimationFrame(() => text.scrollTo({ top: text.scrollHeight }));
}

function showLog(selector: string, log: Observable<readonly Entry[]>): void {
  const list = find(HTMLElement, selector);
  log.observe((entries) => list.replaceChildren(...entries.map(makeEntry)));
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

function makeEntry({ at, title, detail }: Entry): HTMLElement {
  const entry = clone('log-entry-template');
  const stamp = find(HTMLTimeElement, 'time', entry);
  stamp.dateTime = at.toISOString();
  stamp.textContent = time.format(at);
  find(HTMLElement, '.log-title', entry).textContent = title;
  find(HTMLElement, '.log-detail', entry).textContent = detail;
  return entry;
}
