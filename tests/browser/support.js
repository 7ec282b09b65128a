// What the Rust tests need of JavaScript: a tracker that writes down what it tracks, and the scripted server's client.

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
 * Lets time stand still but for `work`, which takes `workMs` each: what tracking an event costs, or what a handler does by
 * calling `clock.work()`. `clock.longestMs` is the time of the longest turn of the event loop that has worked.
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
        // Microtasks run when all code of this turn has returned.
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
