// The Dockerfile and compose.yaml. Where an engine runs, they are built and started as well.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { inProject, serverBinary } from '../../scripts/support/project.mjs';
import { attempt, run } from '../../scripts/support/report.mjs';

const read = (file: string) => readFileSync(inProject(file), 'utf8');

const dockerfile = read('Dockerfile');
const { services, volumes } = parse(read('compose.yaml'));
const { signals } = services;

/** The stages of the Dockerfile, by name. */
const stages = new Map(
  dockerfile
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((text) => [/^FROM \S+ AS (\S+)$/m.exec(text)?.[1] ?? '', text] as const),
);

/** The files and folders of the repository that the text of a Dockerfile copies. */
const copiedIn = (text: string) =>
  [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));

const copiedBy = (stage: string) => copiedIn(stages.get(stage) ?? '');

test('every file that the Dockerfile copies is there, and what is built is what runs', () => {
  const copied = [...stages.keys()].flatMap(copiedBy);
  expect(copied).not.toEqual([]);
  expect(copied.filter((name) => !existsSync(inProject(name)))).toEqual([]);

  const program = path.basename(serverBinary);
  expect(stages.get('build-server')).toContain(`-p ${program}`);
  expect(stages.get('server')).toContain(`/build/target/release/${program} /usr/local/bin/`);
  expect(stages.get('server')).toContain(`ENTRYPOINT ["${program}"]`);
  for (const [, stage = ''] of dockerfile.matchAll(/--from=(build-\S+)/g)) {
    expect([...stages.keys()]).toContain(stage);
  }
});

/** Expects what was copied to have all that cargo needs to build `binary`. */
function expectAllFor(binary: string, copied: string[]): void {
  const inCopy = (file: string) => copied.some((name) => file === name || file.startsWith(`${name}/`));
  expect(copied).toEqual(expect.arrayContaining(['Cargo.toml', 'Cargo.lock']));
  const needed = filesBuiltInto(binary);
  expect(needed).not.toEqual([]);
  expect(needed.filter((file) => !inCopy(file))).toEqual([]);
}

test('the image has all that cargo needs to build the server', () => {
  expectAllFor(serverBinary, copiedBy('build-server'));
});

test('so has the image in the guide to the server without the mock', () => {
  const [, sample = ''] = /```dockerfile\n([\s\S]*?)```/.exec(read('docs/server.md')) ?? [];
  expect(sample).toContain('-p signals-server\n');
  expectAllFor(path.join(path.dirname(serverBinary), 'signals-server'), copiedIn(sample));
});

test('the image is built with the Rust that the crates ask for, and runs as nobody', () => {
  const [, rust] = /^rust-version = "(.+)"$/m.exec(read('Cargo.toml')) ?? [];
  const images = [...dockerfile.matchAll(/^FROM rust:([\d.]+)-/gm)].map(([, version]) => version);
  expect(images).not.toEqual([]);
  expect(new Set(images)).toEqual(new Set([rust]));
  expect(stages.get('server')).toContain('USER nobody');
});

test('compose serves the shop to this machine only, with data that outlives the container', () => {
  expect([...stages.keys()]).toContain(signals.build.target);
  expect(dockerfile).toContain('EXPOSE 8787\n');
  expect(signals.ports).toEqual(['127.0.0.1:8787:8787']);
  const [volume, folder] = signals.volumes[0].split(':');
  expect(Object.keys(volumes)).toEqual([volume]);
  expect(path.dirname(signals.environment.SIGNALS_DATA)).toBe(folder);
});

test('the compose file with Kafka differs from the other only in what reads from Kafka', () => {
  const pipeline = parse(read('compose.pipeline.yaml'));
  const { environment, depends_on, ...rest } = pipeline.services.signals;
  const { environment: usual, ...others } = signals;
  expect(rest).toEqual(others);
  const { SIGNALS_KAFKA, SIGNALS_KAFKA_OPTIONS, ...shared } = environment;
  expect(shared).toEqual(usual);
  expect(SIGNALS_KAFKA_OPTIONS).toContain('=');
  // The server stops if there is no topic.
  expect(Object.keys(depends_on)).toEqual(['topic']);
  const [listener] = pipeline.services.kafka.environment.KAFKA_ADVERTISED_LISTENERS.split('//').slice(1);
  expect(SIGNALS_KAFKA).toContain(listener);
  expect(pipeline.services.topic.command).toContain(`--bootstrap-server ${listener} `);
  expect(pipeline.services.topic.image).toBe(pipeline.services.kafka.image);
});

test('the image can read from Kafka, over TLS too, with the libraries for it', () => {
  expect(stages.get('build-server')).toContain('--features kafka-tls');
  expect(stages.get('build-server')).toContain('libssl-dev');
  expect(stages.get('server')).toContain('libssl3');
});

// Defined only where an engine runs, as in the workflow `ci`: no test is skipped.
if (spawnSync('docker', ['info']).status === 0) {
  test('the image serves the shop, and its health check passes', async () => {
    test.setTimeout(1_800_000);
    const image = 'signals-mock-server:test';
    await run(['docker', 'build', '--tag', image, '.']);
    const started = await run([
      ...['docker', 'run', '--detach', '--rm', '--publish', '127.0.0.1::8787'],
      ...['--env', 'SIGNALS_TOKEN=of-the-test', '--health-interval', '1s', image],
    ]);
    const container = started.trim();
    try {
      const inspect = (format: string) => run(['docker', 'inspect', '--format', format, container]);
      const health = async () => (await inspect('{{.State.Health.Status}}')).trim();
      await expect.poll(health, { timeout: 60_000 }).toBe('healthy');
      const port = await inspect('{{(index (index .NetworkSettings.Ports "8787/tcp") 0).HostPort}}');
      const shop = await fetch(`http://127.0.0.1:${port.trim()}/`);
      expect(shop.status).toBe(200);
      expect(await shop.text()).toContain('signals');
    } finally {
      await attempt(['docker', 'rm', '--force', container]);
    }
  });
}

/** What cargo read to build `binary`, manifests of the workspace included. Files that the code embeds count too. */
function filesBuiltInto(binary: string): string[] {
  const [, sources = ''] = readFileSync(`${binary}.d`, 'utf8').split(/: (.*)/s);
  const files = sources
    .trim()
    .split(/(?<!\\)\s+/)
    .map((file) => path.relative(inProject(), file.replaceAll('\\ ', ' ')));
  const manifests = readdirSync(inProject('crates')).map((crate) => path.join('crates', crate, 'Cargo.toml'));
  return [...files, ...manifests, path.join('src', 'lib.rs')];
}
