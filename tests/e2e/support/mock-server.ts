import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { serverBinary, shopDir } from '../../../scripts/support/project.mjs';

const BINARY = process.env.SIGNALS_MOCK_SERVER ?? serverBinary;
const TOKEN = 'sandbox';

/** A mock server of a test's own, which serves the shop. Without a data file it forgets everything when it is restarted. */
export class MockServer {
  readonly origin: string;
  readonly #args: string[];
  #process: ChildProcess;

  private constructor(process: ChildProcess, origin: string, args: string[]) {
    this.origin = origin;
    this.#args = args;
    this.#process = process;
  }

  /**
   * Starts a server on a free port. It serves the files in `www`, by default the shop, and keeps what it knows in `data`; `flags`
   * are what else it is started with.
   */
  static async start(www: string = shopDir, data?: string, flags: string[] = []): Promise<MockServer> {
    const args = ['--www', www, ...(data ? ['--data', data] : []), ...flags];
    const { process, origin } = await spawnServer('0', args);
    return new MockServer(process, origin, args);
  }

  /** Ends the server and its streams. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }

  /** Kills the server, which gets no chance to end in order. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Starts the server again, where it was before, once it has ended. */
  async startAgain(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
    const { process } = await spawnServer(new URL(this.origin).port, this.#args);
    this.#process = process;
  }

  /** How many streams are open. */
  async openStreams(): Promise<number> {
    const metrics = await (await fetch(`${this.origin}/metrics`)).text();
    const [, count] = /^(?:\w+_)?open_streams (\d+)$/m.exec(metrics) ?? [];
    if (count === undefined) throw new Error('the metrics do not tell how many streams are open');
    return Number(count);
  }

  /** Lets something go wrong with the stream: see `/docs` of a server. */
  async fault(stream: object): Promise<void> {
    await this.#faults('POST', JSON.stringify({ stream }));
  }

  /** The instances of the last minutes for a `domain_userid`, oldest first. */
  async instances(id: string): Promise<object[]> {
    const response = await fetch(`${this.origin}/mock/state?key=domain_userid&id=${id}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { instances } = (await response.json()) as { instances: { instance: object }[] };
    return instances.map(({ instance }) => instance);
  }

  /** Lets nothing go wrong any more. */
  async clearFaults(): Promise<void> {
    await this.#faults('DELETE');
  }

  async #faults(method: string, body?: string): Promise<void> {
    const response = await fetch(`${this.origin}/mock/faults`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body && { body }),
    });
    if (!response.ok)
      throw new Error(`the server refused a fault: ${response.status} ${await response.text()}`);
  }

  /** Sends an intervention straight to everybody who listens for `id`. */
  async push(
    name: string,
    id: string,
    attributeKey = 'domain_userid',
    attributes: Record<string, unknown> = {},
  ): Promise<void> {
    const response = await fetch(`${this.origin}/api/v1/interventions?${attributeKey}=${id}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, version: 1, attributes }),
    });
    if (!response.ok)
      throw new Error(`the server refused an intervention: ${response.status} ${await response.text()}`);
  }
}

async function spawnServer(port: string, args: string[]): Promise<{ process: ChildProcess; origin: string }> {
  const server = spawn(BINARY, ['--port', port, '--token', TOKEN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, SIGNALS_LOG: 'warn' },
  });
  let complaint = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  for await (const line of createInterface(server.stdout)) {
    const [, origin] = /^listening on (https?:\S+)$/.exec(line) ?? [];
    if (!origin) continue;
    server.stdout.resume();
    return { process: server, origin };
  }
  throw new Error(`${BINARY} did not start: ${complaint}`);
}
