// The tag-based tracker, as far as plugins can tell. Its package is not on every registry; this has its queue with the real
// trackers behind it.
import * as api from '@snowplow/browser-tracker';
import { addTracker, createSharedState } from '@snowplow/browser-tracker-core';

type Callable = (...parameters: unknown[]) => unknown;
type Call = [name: string, ...parameters: unknown[]];

declare global {
  interface Window {
    /** Collects calls until the tracker is there, and makes them from then on. */
    snowplow: ((...call: Call) => void) & { q?: Call[] };
    /** Names of calls that were made for a function that is not there. */
    unavailable: string[];
  }
}

const state = createSharedState();
const trackerIds: string[] = [];
const loading = new Set<string>();
const waiting: [name: string, parameters: unknown[]][] = [];
let functions = { ...api } as unknown as Record<string, Callable>;

/** Makes a call: at once, or after the plugins that are being loaded. */
function call([described, ...given]: Call): void {
  const [name = '', names] = described.split(':');
  const ids = names?.split(';').map((tracker) => `snowplow_${tracker}`) ?? trackerIds;
  switch (name) {
    case 'newTracker':
      startTracker(given as Parameters<typeof startTracker>[0]);
      break;
    case 'addPlugin':
      if (typeof given[0] === 'string') loadPlugin(given as Parameters<typeof loadPlugin>[0], ids);
      else addPlugin(given as Parameters<typeof addPlugin>[0], ids);
      break;
    default:
      if (loading.size > 0) waiting.push([name, parametersFor(name, given, ids)]);
      else make(name, parametersFor(name, given, ids));
  }
}

/** One parameter at most, then the trackers. A function that takes two parameters gets an empty one in place of a missing one. */
function parametersFor(name: string, given: unknown[], ids: string[]): unknown[] {
  if (given.length > 0) return [given[0], ids];
  return functions[name]?.length === 2 ? [{}, ids] : [ids];
}

function make(name: string, parameters: unknown[]): void {
  if (functions[name]) functions[name](...parameters);
  else window.unavailable.push(name);
}

function startTracker([name, collector, configuration]: [string, string, object]): void {
  const id = `snowplow_${name}`;
  if (addTracker(id, name, 'js-4.10.1', collector, state, configuration)) trackerIds.push(id);
}

/** `snowplow('addPlugin', object, constructor, parameters)` */
function addPlugin([plugin, name, parameters = []]: [object, string, unknown[]?], ids: string[]): void {
  const { [name]: construct, ...others } = plugin as Record<string, Callable>;
  functions.addPlugin?.({ plugin: construct?.(...parameters) }, ids);
  functions = { ...functions, ...others };
}

/** `snowplow('addPlugin', url, [global, constructor], parameters)`. Calls wait until it is there. */
function loadPlugin([url, path, parameters]: [string, [string, string], unknown[]?], ids: string[]): void {
  loading.add(url);
  const script = document.createElement('script');
  script.src = url;
  script.addEventListener('load', () => {
    const [global, name] = path;
    addPlugin([window[global as keyof Window] as object, name, parameters], ids);
    loading.delete(url);
    if (loading.size > 0) return;
    for (const [name, known] of waiting) {
      // How many parameters a function takes shows only now.
      const isShort = (functions[name]?.length ?? 0) > known.length && Array.isArray(known[0]);
      make(name, isShort ? [{}, known[0]] : known);
    }
  });
  document.head.append(script);
}

/** The tracker has arrived: makes the calls that wait for it, and lets later ones through. */
export function startTagTracker(): void {
  window.unavailable = [];
  const early = window.snowplow.q ?? [];
  window.snowplow = (...parameters) => call(parameters);
  for (const parameters of early) call(parameters);
}
