import { expect, test } from 'vitest';
import { linksForSite } from '../../scripts/support/site-links.mjs';

const PAGES = { 'README.md': 'overview.md', 'docs/banners.md': 'banners.md' };

/** The text of a guide, converted for the site. */
const guide = (text) => linksForSite(text, 'docs/guide.md', PAGES).text;

test('links between guides, to the README and to other sites work', () => {
  expect(guide('[a](banners.md#priorities) [b](../README.md) [c](#here) [d](https://snowplow.io)')).toBe(
    '[a](./banners.md#priorities) [b](./overview.md) [c](#here) [d](https://snowplow.io)',
  );
});

test('the README links to the same pages from another folder', () => {
  const { text } = linksForSite('![Shop](docs/images/shop.png) [a](docs/banners.md)', 'README.md', PAGES);
  expect(text).toBe('![Shop](./images/shop.png) [a](./banners.md)');
});

test('source files become pages of rustdoc, and the entry point of the package those of TypeDoc', () => {
  expect(guide('[a](../src/stream/election.rs)')).toBe(
    '[a](./rust/src/signals_interventions/stream/election.rs.html){target="_self"}',
  );
  expect(guide('[a](../crates/mock-server/src/lib.rs)')).toBe(
    '[a](./rust/signals_mock_server/index.html){target="_self"}',
  );
  expect(guide('[a](../crates/server/src/hub/mod.rs)')).toBe(
    '[a](./rust/src/signals_server/hub/mod.rs.html){target="_self"}',
  );
  expect(guide('[a](../js/api.ts)')).toBe('[a](./typescript/index.md)');
});

test('other files come with the site', () => {
  const { text, files } = linksForSite(
    '[a](../definitions/x.json) [b](../LICENSE-MIT)',
    'docs/guide.md',
    PAGES,
  );
  expect(text).toBe(
    '[a](./files/definitions/x.json){target="_self"} [b](./files/LICENSE-MIT.txt){target="_self"}',
  );
  expect([...files]).toEqual([
    ['definitions/x.json', 'files/definitions/x.json'],
    ['LICENSE-MIT', 'files/LICENSE-MIT.txt'],
  ]);
});

test('tests in Rust come with the site, because rustdoc leaves them out', () => {
  for (const file of ['crates/engine/src/event/tests.rs', 'crates/server/src/hub/state_tests.rs']) {
    expect(guide(`[a](../${file})`)).toBe(`[a](./files/${file}){target="_self"}`);
  }
});

test('a picture that is a link keeps both addresses', () => {
  expect(guide('[![Shop](images/shop.png)](banners.md)')).toBe('[![Shop](./images/shop.png)](./banners.md)');
});

test('code stays as it is', () => {
  const code = '```js\nconst [a](b.md);\n```\n';
  expect(guide(code)).toBe(code);
});
