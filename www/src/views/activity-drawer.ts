import type { Activity, Entry } from '../activity';
import { clone, find } from '../dom';
import type { Observable } from '../observable';
import type { Shopper } from '../tracking';

/** The drawer that shows what goes on between the shop and the servers. */
export function showActivity(activity: Activity, currentShopper: () => Shopper): void {
  wireDrawer();
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

function wireDrawer(): void {
  const drawer = find(HTMLElement, '#activity');
  const opener = find(HTMLButtonElement, '#open-activity');
  const setOpen = (open: boolean) => {
    drawer.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
  };
  opener.addEventListener('click', () => setOpen(drawer.hasAttribute('hidden')));
  find(HTMLElement, '#close-activity').addEventListener('click', () => {
    setOpen(false);
    opener.focus();
  });
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
