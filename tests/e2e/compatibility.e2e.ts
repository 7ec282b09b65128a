// This plugin and the existing one side by side: each row of docs/compatibility.md is a test that runs both against the same
// scripted server. `npm run docs:compatibility` writes the document from what is seen.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inProject } from '../../scripts/support/project.mjs';
import { SCENARIOS, trackedOfRejection } from './compatibility/scenarios';
import { Pages, type PluginName, Scripted, Storefront } from './compatibility/storefront';
import { expect, test } from './support/test';

const DOCUMENT = inProject('docs', 'compatibility.md');
const INTRODUCTION = `# Compatibility with \`@snowplow/signals-browser-plugin\`

This page compares this plugin with version 0.2.1 of the existing one, and the mock server with
[hosted Signals](#hosted-signals-and-this-server).

## The plugins

Both plugins export \`SignalsPlugin\`, \`subscribeToInterventions\`, \`addInterventionHandlers\` and \`removeInterventionHandlers\` with the same
arguments. See [migrating](migrating.md).

Each row is a test. It runs both plugins in the same Chromium, with the real Snowplow tracker, against the same scripted server.
\`npm run docs:compatibility\` writes this table from the results.

| situation | existing plugin | this plugin |
| --- | --- | --- |
`;
/** What follows the table is written by hand. */
const AFTER_TABLE = '\n## Hosted Signals and this server\n';
const IS_WRITING = process.env.WRITE_COMPATIBILITY !== undefined;

const row = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
const endOfTable = text.includes(AFTER_TABLE) ? text.indexOf(AFTER_TABLE) : text.length;
const documented = text.slice(0, endOfTable);
const seen = new Map<string, string>();
const written = () => `${INTRODUCTION}${[...seen.values()].join('\n')}\n`;

// One after the other, so that the document is written in order and no other page slows one of a pair down.
test.describe.configure({ mode: 'serial' });

let scripted: Scripted;
let pages: Pages;
test.beforeAll(async () => {
  [scripted, pages] = await Promise.all([Scripted.start(), Pages.start()]);
});
test.afterAll(async () => {
  await Promise.all([scripted.stop(), pages.stop()]);
  if (IS_WRITING) writeFileSync(DOCUMENT, written() + text.slice(endOfTable));
});

for (const { title, connections, observe } of SCENARIOS) {
  test(title, async ({ context, problems, server }) => {
    // What the existing plugin throws into the page is part of the comparison.
    problems.expect(/./);
    const observed = async (plugin: PluginName) => {
      const page = await context.newPage();
      const store = await Storefront.open(page, { pages, scripted, server }, plugin, connections);
      const outcome = await observe(store);
      await page.close();
      return outcome;
    };
    const line = row([title, await observed('peer'), await observed('ours')]);
    seen.set(title, line);
    if (!IS_WRITING) expect(documented.split('\n')).toContain(line);
  });
}

if (!IS_WRITING) {
  test('the document has these rows and no others', () => {
    expect(documented).toBe(written());
  });
}

test('the events about an intervention are the same, with all their fields and the entity', async ({
  context,
  problems,
  server,
}) => {
  problems.expect(/request elsewhere/, /no luck/, /Request timed out/, /ERR_ABORTED .*tp2/);
  const tracked = async (plugin: PluginName) => {
    const page = await context.newPage();
    return trackedOfRejection(await Storefront.open(page, { pages, scripted, server }, plugin, [{}]));
  };
  const peer = await tracked('peer');
  expect(peer.length).toBe(2);
  expect(await tracked('ours')).toEqual(peer);
});

test('everything that the existing plugin exports is there', async ({ context, problems, server }) => {
  problems.expect(/request elsewhere/);
  const exported = async (plugin: PluginName) => {
    const page = await context.newPage();
    const store = await Storefront.open(page, { pages, scripted, server }, plugin, [{}]);
    return store.page.evaluate(() =>
      Object.entries(window.store.plugin).flatMap(([name, value]) =>
        typeof value === 'function' ? [name] : [],
      ),
    );
  };
  const peer = await exported('peer');
  expect(peer.length).toBe(4);
  expect(await exported('ours')).toEqual(expect.arrayContaining(peer));
});
