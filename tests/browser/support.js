// JavaScript for the Rust tests: a tracker that records events, and a client of the scripted server.

export function makeTracker(id, domainUserid) {
  const tracked = [];
  return {
    id,
    namespace: id,
    tracked,
    core: {
      track(event, entities) {
        globalThis.clock?.work();
        tracked.push({ ...event, entities });
      },
    },
    getDomainUserInfo: () => ['0', domainUserid, 0, 0, 0, 0, ''],
  };
}

export function makeLogger() {
  const lines = [];
  const at = (level) => (message) => void lines.push(`${level}: ${message}`);
  return { lines, debug: () => {}, info: () => {}, warn: at('warn'), error: at('error') };
}

export const dispatchEvent = (name, properties) =>
  void window.dispatchEvent(Object.assign(new Event(name), properties));

export const evaluate = (source) => new Function(`return (${source})`)();

/**
 * Stops the clock. It advances by `workMs` only when the page works: when the tracker tracks an event, or when a handler calls
 * `clock.work()`. `clock.longestMs` is the longest turn of the event loop with such work, in milliseconds.
 */
export function stopClock(workMs) {
  const start = performance.now();
  let worked = 0;
  let turnStart;
  const clock = {
    longestMs: 0,
    work() {
      if (turnStart === undefined) {
        turnStart = worked;
        // Microtasks run after all code of this turn.
        queueMicrotask(() => {
          clock.longestMs = Math.max(clock.longestMs, worked - turnStart);
          turnStart = undefined;
        });
      }
      worked += workMs;
    },
  };
  performance.now = () => start + worked;
  globalThis.clock = clock;
  return clock;
}

export function restartClock() {
  delete performance.now;
  delete globalThis.clock;
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const toJson = (value) => JSON.stringify(value);

export async function request(method, url, body) {
  const response = await fetch(url, { method, body });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response.text();
}
