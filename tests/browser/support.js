// What the Rust tests need of JavaScript: a tracker that writes down what it tracks, and the scripted server's client.

export function makeTracker(id, domainUserid) {
  const tracked = [];
  return {
    id,
    namespace: id,
    tracked,
    core: { track: (event, entities) => void tracked.push({ ...event.event, entities }) },
    getDomainUserInfo: () => ['0', domainUserid, 0, 0, 0, 0, ''],
  };
}

export function makeLogger() {
  const lines = [];
  const at = (level) => (message) => void lines.push(`${level}: ${message}`);
  return { lines, debug: () => {}, info: () => {}, warn: at('warn'), error: at('error') };
}

export const evaluate = (source) => new Function(`return (${source})`)();

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const toJson = (value) => JSON.stringify(value);

export async function request(method, url, body) {
  const response = await fetch(url, { method, body });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response.text();
}
