// Whatever pointers and events a page brings: an id is found where it is, and nothing throws.
//
// `PROPTEST_CASES` says how many of each are tried. They are the same ones every time.
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { compilePointer } from '../../js/keys/pointer.js';

const CASES = Number(process.env.PROPTEST_CASES ?? 2_000);
/** Millions of cases take longer than a test may by default. */
const PATIENCE_MS = 60_000 + CASES;

/** After so many, vitest hears that the test is alive. */
const BREATH = 10_000;

/** Numbers from 0 to below 2³², of which each follows from the one before (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

class Arbitrary {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = numbersFrom(seed);
  }

  below(limit: number): number {
    return this.#next() % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  list<T>(atMost: number, make: () => T): T[] {
    return Array.from({ length: this.below(atMost + 1) }, make);
  }

  /** Any UTF-16, with what pointers, JSON and base64 are made of more often than by chance. */
  text(): string {
    const special = [
      '/',
      '~',
      '~0',
      '~1',
      '"',
      '\\',
      '{',
      '}',
      '%',
      '=',
      '-',
      '_',
      '0',
      '__proto__',
      'ü',
      '\u{1f6d2}',
    ];
    return this.list(6, () =>
      this.below(2)
        ? this.of(special)
        : String.fromCharCode(this.below(3) ? this.below(128) : this.below(65_536)),
    ).join('');
  }

  json(depth: number): unknown {
    switch (this.below(depth > 0 ? 7 : 5)) {
      case 0:
        return null;
      case 1:
        return this.below(2) === 0;
      case 2:
        return this.below(1_000) / 8;
      case 5:
        return this.list(3, () => this.json(depth - 1));
      case 6:
        return Object.fromEntries(this.list(3, () => [this.name(), this.json(depth - 1)]));
      default:
        return this.text();
    }
  }

  name(): string {
    return this.below(3)
      ? this.of(['schema', 'data', 'iglu:com.acme/user/jsonschema/1-0-0', 'a', 'length', '0'])
      : this.text();
  }

  pointer(): string {
    const start = this.of([
      '',
      '/',
      '/co',
      '/cx',
      '/ue',
      '/ue_px',
      '/page_urlpath',
      '/mkt_medium',
      'refr_dvce_tstamp',
    ]);
    return start + this.list(4, () => `/${this.of(['com.acme', 'user', 'a', '0', this.text()])}`).join('');
  }

  /** JSON as trackers send it, whole or cut short, or what is none. */
  field(): unknown {
    const json = JSON.stringify(this.json(4));
    const text = this.of([
      json,
      Buffer.from(json).toString('base64url'),
      Buffer.from(json).toString('base64'),
    ]);
    return this.of<unknown>([
      text,
      text.slice(0, this.below(text.length + 1)),
      this.text(),
      7,
      null,
      undefined,
    ]);
  }

  payload(): Record<string, unknown> {
    const names = ['e', 'co', 'cx', 'ue_pr', 'ue_px', 'url', 'refr', 'vp', 'ua', 'duid', 'a'];
    const urls = ['http://x/?utm_medium=m&_sp=a.b', 'http://[', 'ue'];
    return Object.fromEntries(
      this.list(6, () => [this.of(names), this.below(4) ? this.field() : this.of(urls)]),
    );
  }
}

it(
  'a pointer of any text reads a text or nothing from any event, or is refused with a reason',
  async () => {
    const arbitrary = new Arbitrary(1);
    let found = 0;
    for (let number = 0; number < CASES; number++) {
      if (number % BREATH === 0) await setImmediate();
      const [pointer, payload] = [arbitrary.pointer(), arbitrary.payload()];
      const place = compilePointer(pointer);
      const value = typeof place === 'string' ? place : place(payload);
      if (value !== undefined && typeof value !== 'string')
        expect.fail(`${JSON.stringify(pointer)} reads ${value} from ${JSON.stringify(payload)}`);
      if (place === '') expect.fail(`${JSON.stringify(pointer)} is refused without a reason`);
      if (typeof place !== 'string' && value !== undefined) found++;
    }
    expect(found, 'some of them find something').toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

it(
  'an id is found by the pointer to its place, whatever that is named and however it is encoded',
  async () => {
    const arbitrary = new Arbitrary(2);
    const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
    for (let number = 0; number < CASES; number++) {
      if (number % BREATH === 0) await setImmediate();
      const path = [arbitrary.text(), ...arbitrary.list(3, () => arbitrary.text())];
      const id = arbitrary.of([arbitrary.text(), arbitrary.below(1_000), false]);
      const data = path.reduceRight<unknown>((inside, name) => Object.fromEntries([[name, inside]]), id);
      const json = JSON.stringify({
        schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
        data: { schema: 'iglu:com.acme/login/jsonschema/1-0-3', data },
      });
      const payload = arbitrary.of([
        { ue_pr: json },
        { ue_px: Buffer.from(json).toString('base64url') },
        { ue_px: Buffer.from(json).toString('base64') },
      ]);
      const pointer = `/ue/com.acme/login/${path.map(escaped).join('/')}`;
      const place = compilePointer(pointer);
      if (typeof place === 'string' || place(payload) !== String(id))
        expect.fail(`${JSON.stringify(pointer)} does not find ${JSON.stringify(id)} in ${json}`);
    }
  },
  PATIENCE_MS,
);
