import type { BrowserContext } from '@playwright/test';

/** Watches all pages of a test for what no shopper's browser should have to report. */
export class Problems {
  readonly #found: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(context: BrowserContext, origin: string) {
    context.on('weberror', (error) =>
      this.#found.push(`page error: ${error.error().stack ?? error.error()}`),
    );
    context.on('console', (message) => {
      if (message.type() === 'error')
        this.#found.push(`console error: ${message.text()} (${message.location().url})`);
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== 'data:') this.#found.push(`request elsewhere: ${url}`);
    });
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // The page itself gave it up: it closed a stream, learned enough from an answer's status, or went to another page. What a server
      // or the network does has other names.
      if (reason === 'net::ERR_ABORTED') return;
      this.#found.push(`failed request: ${reason} ${request.url()}`);
    });
  }

  /** Declares problems that a test causes on purpose. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** What was found so far that no test declared. */
  get unexpected(): string[] {
    return this.#found.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
  }

  /** How often something that matches `pattern` was found. */
  count(pattern: RegExp): number {
    return this.#found.filter((problem) => pattern.test(problem)).length;
  }
}
