// `npm run bench:server`: measures the engine alone, the collector over HTTP and open streams against the project's budgets.
//
// Compared servers run in turns on one core, and the load client runs on the other. Not part of `npm test`.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { serverBinary, targetDir } from '../scripts/support/project.mjs';
import { attempt, entryPoint, Failure, run, step } from '../scripts/support/report.mjs';
import { benchDir, publish } from './table.mjs';

const COMMAND = 'npm run bench:server';
const kafkaBinary = path.join(targetDir, 'kafka', 'release', 'signals-server');
const loadBinary = path.join(targetDir, 'release', 'signals-load');

/** Debian's path of the module that adds event streams to nginx. */
const NCHAN_MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

const ROUNDS = 5;
const ROUND_SECONDS = 3;
const STREAMS = 10_000;
/** The number of streams that a limit of 20,000 open files allows. */
const MANY_STREAMS = 19_000;

const scratch = mkdtempSync(path.join(tmpdir(), 'signals-bench-'));

// --- The engine alone ---

async function benchEngine() {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await engineRound());
  // Compare within a round, so that both sides had the same machine.
  const over = (figure) => median(rounds.map(figure));
  const parse = ({ of }) => of('recorded_events/parse');
  const decode = ({ of }) => of('recorded_events/event');
  const count = ({ of }) => of('recorded_events/process');
  const whole = (round) => decode(round) + count(round);
  const engine = (round) => whole(round) - parse(round);
  const beside =
    (rules) =>
    ({ of }) =>
      of(`untouched_rules/${rules}`);
  const contexts =
    (kind) =>
    ({ of }) =>
      of(`contexts/${kind}`);
  const toNoContext = (kind) => over((round) => contexts(kind)(round) / contexts('none')(round));
  const toParsing = (figure) => over((round) => figure(round) / parse(round));
  const row = (what, value, more = {}) => ({ what, value, unit: 'µs per event', ...more });
  const toParse = { note: 'compared with parsing' };
  return {
    title: 'The rules engine',
    intro:
      'The engine on one core, with events recorded from the real tracker, 50 attributes and 100 rules. Each event changes a fifth of the\n' +
      'attributes. The engine decodes the payload, including base64 and JSON inside JSON, while serde_json parses the same text into values.',
    command: COMMAND,
    subject: 'time',
    others: [],
    ratioTo: 'ratio',
    rows: [
      row('parsing the payload with serde_json', over(parse)),
      row('decoding the payload', over(decode), {
        ratio: toParsing(decode),
        note: 'compared with parsing, which it replaces',
      }),
      row('updating attributes and checking rules', over(count), { ratio: toParsing(count), ...toParse }),
      row('decoding, updating and checking', over(whole), { ratio: toParsing(whole), ...toParse }),
      row('decoding, updating and checking, minus parsing', over(engine), {
        ratio: toParsing(engine),
        ...toParse,
        budget: '≤ 1.0 × parsing',
        ok: toParsing(engine) <= 1,
      }),
      ...[10, 100, 1_000, 10_000].map((rules) => {
        const ratio = over((round) => beside(rules)(round) / beside(10)(round));
        const flat = {
          ratio,
          note: 'compared with 10 rules',
          budget: '≤ 1.25 × the time with 10 rules',
          ok: ratio <= 1.25,
        };
        return row(
          `updating, with ${figure(rules)} rules that the events do not affect`,
          over(beside(rules)),
          rules === 10 ? {} : flat,
        );
      }),
      ...[5, 50, 500].map((attributes) =>
        row(
          `updating, with ${attributes} attributes`,
          over(({ of }) => of(`attributes/${attributes}`)),
          attributes === 5 ? { note: 'all five count the same kind of event' } : {},
        ),
      ),
      row('updating, with 20 agentic contexts that do not select the events', over(contexts('unselected')), {
        ratio: toNoContext('unselected'),
        note: 'compared with no context',
        budget: '≤ 1.1 × the time without',
        ok: toNoContext('unselected') <= 1.1,
      }),
      row('updating, with an agentic context that keeps every event', over(contexts('selected')), {
        ratio: toNoContext('selected'),
        note: 'compared with no context',
      }),
      row(
        'updating, with 20 agentic contexts that select events of the same names from another vendor',
        over(contexts('other_vendor')),
        { ratio: toNoContext('other_vendor'), note: 'compared with no context' },
      ),
      ...(await sessionMemory()),
    ],
  };
}

/** The memory that agentic contexts take for a session, when the session has as many events as they keep, and when it has more. */
async function sessionMemory() {
  const example = ['cargo', 'run', '--quiet', '--release', '--locked', '-p', 'signals-engine'];
  const measured = async (maxEvents, events) => {
    const command = [...example, '--example', 'session_memory', '--', `${maxEvents}`, `${events}`];
    return Number(await run(command)) / 1000;
  };
  const rows = [];
  for (const maxEvents of [10, 100]) {
    const ratio = (await measured(maxEvents, 400)) / (await measured(maxEvents, maxEvents));
    rows.push({
      what: `memory of a session with 400 events, of which an agentic context keeps ${maxEvents}`,
      value: await measured(maxEvents, 400),
      unit: 'KB per session',
      ratio,
      note: `compared with ${maxEvents} events`,
      budget: '≤ 1.1 × the memory with as many events as are kept',
      ok: ratio <= 1.1,
    });
  }
  return rows;
}

/** Runs all benchmarks of the engine once, briefly. `of(name)` is the time that a benchmark takes, in microseconds per event. */
async function engineRound() {
  const brief = ['--noplot', '--warm-up-time', '0.5', '--measurement-time', '1.5'];
  await run(
    pinned(0, ['cargo', 'bench', '--locked', '-p', 'signals-engine', '--bench', 'engine', '--', ...brief]),
  );
  const results = path.join(targetDir, 'criterion');
  const read = (...file) => JSON.parse(readFileSync(path.join(results, ...file), 'utf8'));
  const names = ['recorded_events', 'untouched_rules', 'attributes', 'contexts'].flatMap((group) =>
    readdirSync(path.join(results, group))
      .filter((name) => existsSync(path.join(results, group, name, 'new')))
      .map((name) => `${group}/${name}`),
  );
  const figures = new Map(
    names.map((name) => {
      const nanoseconds = read(name, 'new', 'estimates.json').median.point_estimate;
      return [name, nanoseconds / read(name, 'new', 'benchmark.json').throughput.Elements / 1000];
    }),
  );
  return { of: (name) => figures.get(name) };
}

// --- The collector over HTTP ---

async function benchCollector() {
  const definitions = path.join(scratch, 'definitions.json');
  writeFileSync(definitions, await run([loadBinary, 'definitions']));
  const floor = await startFloor();
  const signals = await startSignals(definitions);
  const results = { floor: [], signals: [] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, server] of Object.entries({ floor, signals })) {
        results[name].push(
          await load('collector', {
            port: server.port,
            pid: server.pids[0],
            round: round + 1,
            seconds: ROUND_SECONDS,
          }),
        );
      }
    }
  } finally {
    await Promise.all([floor.stop(), signals.stop()]);
  }
  const rate = (name) => median(results[name].map((result) => result.eventsPerSecond));
  const cpu = (name) => median(results[name].map((result) => result.cpuMicrosecondsPerEvent));
  const ratio = rate('signals') / rate('floor');
  return {
    title: 'The mock server’s collector',
    intro:
      'Batches of 10 recorded events over HTTP, with 50 attributes and 100 rules. The server has one core, and 8 connections send from the\n' +
      `other, in ${ROUNDS} rounds of ${ROUND_SECONDS} s. The minimal server is an axum handler that only parses the same body with serde_json.`,
    command: COMMAND,
    subject: 'mock server',
    others: ['minimal server'],
    ratioTo: 'ratio',
    rows: [
      {
        what: 'events received',
        value: rate('signals'),
        unit: 'per second',
        others: [rate('floor')],
        ratio,
        budget: '≥ 0.6 × the minimal server',
        ok: ratio >= 0.6,
      },
      {
        what: 'processor time',
        value: cpu('signals'),
        unit: 'µs per event',
        others: [cpu('floor')],
        ratio: cpu('signals') / cpu('floor'),
      },
    ],
  };
}

// --- Enriched events from Kafka ---

async function benchKafka() {
  const definitions = path.join(scratch, 'definitions.json');
  writeFileSync(definitions, await run([loadBinary, 'definitions']));
  const results = [];
  for (let round = 0; round < ROUNDS; round++) {
    const port = await freePort();
    const server = [kafkaBinary, '--port', port, '--definitions', definitions, '--log', 'error'];
    results.push(await load('kafka', { port }, ['--', ...pinned(0, server)]));
  }
  const over = (figure) => median(results.map(figure));
  return {
    title: 'Enriched events from Kafka',
    intro:
      'Enriched events with 50 attributes and 100 rules, from the mock cluster of librdkafka. The server has one core, on which librdkafka also\n' +
      'decompresses the records. The cluster has the other.',
    command: COMMAND,
    subject: 'signals-server',
    others: [],
    ratioTo: 'ratio',
    rows: [
      { what: 'events read', value: over((result) => result.eventsPerSecond), unit: 'per second' },
      {
        what: 'processor time',
        value: over((result) => result.cpuMicrosecondsPerEvent),
        unit: 'µs per event',
      },
    ],
  };
}

// --- Streams ---

async function benchStreams() {
  const definitions = path.join(scratch, 'streams.json');
  writeFileSync(definitions, JSON.stringify(TRIGGERING));
  const servers = {
    signals: { kind: 'signals', start: () => startSignals(definitions) },
    floor: { kind: 'channels', start: startFloor },
    ...(existsSync(NCHAN_MODULE) ? { nchan: { kind: 'channels', start: startNchan } } : {}),
  };
  const measured = {};
  const trouble = {};
  for (const [name, { kind, start }] of Object.entries(servers)) {
    // Use a fresh server for each, because a process does not always return freed memory.
    const triggers = name === 'signals' ? { 'triggers-per-second': 1_000 } : {};
    try {
      measured[name] = await measureStreams(kind, start, STREAMS, triggers);
      if (name !== 'floor') measured[`${name} many`] = await measureStreams(kind, start, MANY_STREAMS);
    } catch (error) {
      trouble[name] = `${name}: ${error.message.split('\n')[0]}`;
    }
  }
  return {
    title: 'The mock server’s streams',
    intro:
      `${figure(STREAMS)} open streams. The server has one core and the load client the other. Compared with a plain axum SSE handler and with\n` +
      'nchan in Debian’s nginx, with one worker.',
    command: COMMAND,
    subject: 'mock server',
    others: ['plain axum', 'nchan'],
    ratioTo: 'ratio to nchan',
    rows: streamRows(measured, trouble),
  };
}

/** Counts page views and triggers an intervention at each one. The load client counts interventions by `mark`. */
const TRIGGERING = {
  attribute_groups: [
    {
      name: 'bench',
      attribute_key: { name: 'domain_userid' },
      attributes: [
        { name: 'views', type: 'int32', events: [{ name: 'page_view' }], aggregation: 'counter' },
        {
          name: 'mark',
          type: 'string',
          events: [{ name: 'never' }],
          aggregation: 'last',
          property: { type: 'atomic', name: 'page_title' },
          default_value: '~',
        },
      ],
    },
  ],
  interventions: [{ name: 'every_view', criteria: { attribute: 'bench:views', operator: 'changed' } }],
};

async function measureStreams(kind, start, count, options = {}) {
  const server = await start();
  try {
    return await load('streams', { port: server.port, pid: server.pids, server: kind, count, ...options });
  } finally {
    await server.stop();
  }
}

function streamRows(measured, trouble) {
  const missing = (name) => {
    if (name === 'nchan' && !existsSync(NCHAN_MODULE)) return 'nchan is not installed';
    const closed = trouble[name]?.match(/(\d+) streams were closed/);
    return closed ? `${name} closed ${closed[1]} streams` : (trouble[name] ?? `${name} failed`);
  };
  /** `judge` compares the mock server's figure with nchan's. */
  const row = (what, unit, pick, { budget, judge, suffix = '', others = ['floor', 'nchan'] }) => {
    const value = (name) => (measured[name + suffix] ? pick(measured[name + suffix]) : null);
    const [ours, theirs] = [value('signals'), value('nchan')];
    const known = ours !== null && (theirs !== null || others.length === 0);
    const absent = ['signals', ...others].filter((name) => value(name) === null);
    return {
      what,
      value: ours,
      unit,
      others: ['floor', 'nchan'].map((name) =>
        others.includes(name) ? (value(name) ?? 'not measured') : null,
      ),
      ratio: ours !== null && theirs && others.length > 0 ? ours / theirs : null,
      budget,
      ok: known ? judge(ours, theirs) : null,
      note: absent.map(missing).join(', ') || null,
    };
  };
  const kilobytes = (result) => result.bytesPerStream / 1000;
  const toAll = 'one intervention to all streams';
  const toOne = 'one intervention to one stream';
  return [
    row('memory per open stream', 'KB', kilobytes, {
      budget: '≤ 0.5 × nchan',
      judge: (ours, theirs) => ours <= 0.5 * theirs,
    }),
    row(`memory per open stream, with ${figure(MANY_STREAMS)} streams`, 'KB', kilobytes, {
      budget: '≤ 0.5 × nchan',
      judge: (ours, theirs) => ours <= 0.5 * theirs,
      suffix: ' many',
      others: ['nchan'],
    }),
    row('new streams', 'per second', (result) => result.openedPerSecond, {
      budget: '≥ 0.7 × nchan',
      judge: (ours, theirs) => ours >= 0.7 * theirs,
    }),
    row(toAll, 'deliveries per second', (result) => result.fanOut.instancesPerSecond, {
      budget: '≥ 1.2 × nchan',
      judge: (ours, theirs) => ours >= 1.2 * theirs,
    }),
    row(`${toAll}, processor time`, 's per million', (result) => result.fanOut.cpuSecondsPerMillion, {
      budget: '≤ 0.8 × nchan',
      judge: (ours, theirs) => ours <= 0.8 * theirs,
    }),
    row(`${toOne}: 99 % arrive within`, 'ms', (result) => result.single.p99Milliseconds, {
      budget: '≤ nchan, or ≤ 1 ms',
      judge: (ours, theirs) => ours <= Math.max(theirs, 1),
    }),
    row(`${toOne}, processor time`, 's per million', (result) => result.single.cpuSecondsPerMillion, {
      budget: '≤ 1.0 × nchan',
      judge: (ours, theirs) => ours <= theirs,
    }),
    row(
      'from an event to its intervention, at 1,000 per second: 99 % arrive within',
      'ms',
      (result) => result.triggered?.p99Milliseconds ?? null,
      {
        budget: '≤ 10 ms',
        judge: (ours) => ours <= 10,
        others: [],
      },
    ),
  ];
}

// --- Servers ---

async function startFloor() {
  const port = await freePort();
  return start(pinned(0, [loadBinary, 'floor', '--port', port]), port);
}

async function startSignals(definitions) {
  const port = await freePort();
  const command = [serverBinary, '--port', port, '--definitions', definitions, '--log', 'error'];
  return start(pinned(0, command), port);
}

async function startNchan() {
  const port = await freePort();
  const folder = mkdtempSync(path.join(scratch, 'nchan-'));
  const config = path.join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `load_module ${NCHAN_MODULE};
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 19900; }
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 10000000;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/sub/(.+)$ { nchan_subscriber eventsource; nchan_channel_id all $1; nchan_subscriber_first_message newest; }
    location ~ ^/pub/(.+)$ { nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 1; }
  }
}
`,
  );
  return start(pinned(0, ['nginx', '-p', folder, '-c', config]), port);
}

/** Starts a server and waits until it accepts connections. `pids` are its process and the child processes. */
async function start(command, port) {
  const child = spawn(command[0], command.slice(1).map(String), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (child.exitCode !== null || tries > 200) {
      await stop();
      throw new Failure(`${command.join(' ')} does not listen: ${errors.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  return { port, pids: [child.pid, ...children.trim().split(' ').filter(Boolean).map(Number)], stop };
}

async function accepts(port) {
  try {
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs the load client on the other core and returns its result. */
async function load(subcommand, options, more = []) {
  const flags = Object.entries(options).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [`--${name}`, String(one)]),
  );
  const { code, output } = await attempt(pinned(1, [loadBinary, subcommand, ...flags, ...more.map(String)]));
  if (code !== 0) throw new Failure(`the load client failed: ${output.trim()}`);
  return JSON.parse(output);
}

/** Runs `command` on one core, if there are several. */
const pinned = (core, command) =>
  availableParallelism() > 1 ? ['taskset', '-c', String(core), ...command] : command;

const figure = (number) => number.toLocaleString('en-US');

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

// At the end, because the constants above must exist first.
await entryPoint(async () => {
  mkdirSync(benchDir, { recursive: true });
  try {
    await step('building the mock server and the load client', () =>
      run(['cargo', 'build', '--release', '--locked', '-p', 'signals-mock-server', '-p', 'signals-load']),
    );
    // A separate step, because a build may use all cores. The measurement uses one.
    await step('building the engine benchmark', () =>
      run(['cargo', 'bench', '--locked', '-p', 'signals-engine', '--bench', 'engine', '--no-run']),
    );
    publish('engine', await step('measuring the engine alone', benchEngine));
    publish('collector', await step('measuring the collector', benchCollector));
    await step('building the server with Kafka', () =>
      run([
        ...['cargo', 'build', '--release', '--locked', '-p', 'signals-server', '--features', 'kafka'],
        // Beside the usual build, which has no Kafka.
        ...['--target-dir', path.join(targetDir, 'kafka')],
      ]),
    );
    publish('kafka', await step('measuring the reading from Kafka', benchKafka));
    publish('streams', await step('measuring streams', benchStreams));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
