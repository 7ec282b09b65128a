// A headless Chromium, controlled through its debugging pipe. A test driver would enable the Network domain, which slows bursts
// of messages down and hides the differences to measure.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/support/browser.mjs';
import { Failure } from '../../scripts/support/report.mjs';

/** The mark that identifies a page in the trace of the whole browser. */
const MARK = 'longest-task';

/** A running browser. */
export class Chromium {
  #process;
  #profile = mkdtempSync(path.join(tmpdir(), 'signals-bench-'));
  #answers = new Map();
  #listeners = new Set();
  #lastId = 0;
  #unread = '';

  constructor() {
    const executable = findChromium();
    if (!executable) throw new Failure('Chromium is not installed. CHROMIUM may name it.');
    this.#process = spawn(
      executable,
      [
        ...CHROMIUM_FLAGS,
        '--headless=new',
        '--remote-debugging-pipe',
        '--js-flags=--expose-gc',
        `--user-data-dir=${this.#profile}`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    this.#process.stdio[3].on('error', () => {});
    this.#process.stdio[4].setEncoding('utf8').on('data', (text) => this.#read(text));
    this.#process.on('exit', () => this.#fail('Chromium has ended'));
    this.#process.on('error', (error) => this.#fail(error.message));
  }

  /** Sends a command of the DevTools protocol. Resolves with its result. */
  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject, method });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Calls `listener` for every event. Returns a function that removes it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens `url` in a new browser context, like a first visit. */
  async open(url) {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, sessionId, browserContextId);
    await tab.send('Performance.enable', { timeDomain: 'threadTicks' });
    await tab.send('Page.navigate', { url });
    return tab;
  }

  async close() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      // Close the browser with a command, so that its helper processes end too.
      this.send('Browser.close').catch(() => this.#process.kill());
      await ended;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #read(text) {
    const messages = (this.#unread + text).split('\0');
    this.#unread = messages.pop();
    for (const message of messages.map((json) => JSON.parse(json))) {
      if (message.id === undefined) {
        for (const listener of this.#listeners) listener(message);
        continue;
      }
      const { resolve, reject, method } = this.#answers.get(message.id);
      this.#answers.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    }
  }

  #fail(reason) {
    for (const { reject, method } of this.#answers.values()) reject(new Error(`${method}: ${reason}`));
    this.#answers.clear();
  }
}

/** A page in its own browser context. */
class Tab {
  #browser;
  #sessionId;
  #contextId;

  constructor(browser, sessionId, contextId) {
    this.#browser = browser;
    this.#sessionId = sessionId;
    this.#contextId = contextId;
  }

  send(method, params) {
    return this.#browser.send(method, params, this.#sessionId);
  }

  /** The value of an expression in the page. Awaits promises. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) {
      throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    }
    return result.value;
  }

  /** Processor time of tasks on the page's main thread so far, in milliseconds. */
  async taskMs() {
    return (await this.#metric('TaskDuration')) * 1000;
  }

  /** Bytes of JavaScript after garbage collection. */
  async heapBytes() {
    // Weak references and finalisers need several collections.
    for (let turn = 0; turn < 3; turn++) await this.send('HeapProfiler.collectGarbage');
    return this.#metric('JSHeapUsedSize');
  }

  /**
   * The longest task of the main thread while `work` runs, in milliseconds. `wall` is the time that the shopper waits. `cpu`
   * excludes the time that other programs used.
   */
  async longestTask(work) {
    const tasks = [];
    const complete = new Promise((resolve) => {
      const stop = this.#browser.listen(({ method, params }) => {
        if (method === 'Tracing.dataCollected') tasks.push(...params.value);
        if (method === 'Tracing.tracingComplete') resolve(stop());
      });
    });
    await this.#browser.send('Tracing.start', {
      transferMode: 'ReportEvents',
      traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'] },
    });
    await this.evaluate(`performance.mark('${MARK}')`);
    await work();
    await this.#browser.send('Tracing.end');
    await complete;
    // The trace also contains other pages, such as the browser's start page.
    const main = tasks.find(({ name }) => name === MARK);
    const ran = tasks.filter(
      ({ ph, name, pid, tid }) =>
        ph === 'X' && name.endsWith('RunTask') && pid === main?.pid && tid === main?.tid,
    );
    if (ran.length === 0) throw new Error('the trace shows no task of the page');
    return {
      wall: Math.max(...ran.map(({ dur }) => dur)) / 1000,
      cpu: Math.max(...ran.map(({ tdur = 0 }) => tdur)) / 1000,
      count: ran.length,
    };
  }

  async close() {
    await this.#browser.send('Target.disposeBrowserContext', { browserContextId: this.#contextId });
  }

  async #metric(name) {
    const { metrics } = await this.send('Performance.getMetrics');
    return metrics.find((metric) => metric.name === name).value;
  }
}
