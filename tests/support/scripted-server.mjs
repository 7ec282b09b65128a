// A server with a script for every connection. Tests open a channel, set the behaviour of its consecutive connections, and read
// the requests.
//
//   PUT  /channels/{name}        body: [connection, …]. The last one repeats. Replaces the channel's earlier script and log.
//   GET  /channels/{name}/log    [{query, lastEventId, open}, …], oldest first
//   POST /channels/{name}/send   body: text to write to the open connections
//   GET  /{name}/…               the scripted endpoint
//
// A connection is {status?, contentType?, frames?, end?}. `end` is "keep" (the default: stay open and send nothing), "close" (end
// the response), "drop" (break the connection) or "hang" (never respond).
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

/** The default port. Set SCRIPTED_SERVER_PORT to change it. */
export const DEFAULT_PORT = 8791;

/** Starts the server. Resolves when it listens. */
export function startScriptedServer(port = DEFAULT_PORT) {
  const channels = new Map();
  const server = createServer((request, response) => handle(channels, request, response));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve({ port: server.address().port, close: () => stop(server) }),
    );
  });
}

function stop(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

async function handle(channels, request, response) {
  const url = new URL(request.url, 'http://server');
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Methods', 'GET, PUT, POST');
  if (request.method === 'OPTIONS') return response.end();

  const [first, name, action] = url.pathname.slice(1).split('/');
  if (first !== 'channels') return connect(channels.get(first), url, request, response);

  if (request.method === 'PUT') {
    channels.set(name, { script: JSON.parse(await bodyOf(request)), log: [], open: new Set() });
    return response.end();
  }
  const channel = channels.get(name);
  if (!channel) return response.writeHead(404).end();
  if (action === 'log') return response.end(JSON.stringify(channel.log));
  const text = await bodyOf(request);
  for (const stream of channel.open) stream.write(text);
  response.end();
}

function connect(channel, url, request, response) {
  if (!channel) return response.writeHead(404).end();
  const {
    status = 200,
    contentType = 'text/event-stream',
    frames = [],
    end = 'keep',
  } = channel.script[Math.min(channel.log.length, channel.script.length - 1)] ?? {};
  const entry = { query: url.search, lastEventId: request.headers['last-event-id'], open: true };
  channel.log.push(entry);
  response.once('close', () => {
    entry.open = false;
    channel.open.delete(response);
  });

  if (end === 'hang') return;
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
  response.flushHeaders();
  channel.open.add(response);
  for (const frame of frames) response.write(frame);
  if (end === 'close' || status !== 200) response.end();
  if (end === 'drop') response.write('', () => request.socket.destroy());
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { port } = await startScriptedServer(Number(process.env.SCRIPTED_SERVER_PORT ?? DEFAULT_PORT));
  console.log(`scripted server listening on http://127.0.0.1:${port}`);
}
