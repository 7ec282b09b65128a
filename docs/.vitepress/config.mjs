// The documentation site. scripts/build-docs.mjs first copies its pages to target/site-source/.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const inTarget = (name) => fileURLToPath(new URL(`../../target/${name}`, import.meta.url));

const typescript = JSON.parse(readFileSync(inTarget('site-source/typescript/typedoc-sidebar.json'), 'utf8'));

const page = (text, name) => ({ text, link: `/${name}` });

/** A rustdoc page, which VitePress must not treat as one of its own. */
const crate = (text) => ({ text, link: `/rust/${text.replaceAll('-', '_')}/index.html`, target: '_self' });

const SIDEBAR = [
  {
    text: 'Get started',
    items: [
      page('Overview', 'overview'),
      page('Getting started', 'getting-started'),
      page('Migrating', 'migrating'),
      page('Compatibility', 'compatibility'),
    ],
  },
  {
    text: 'Guides',
    items: [
      page('Handlers and banners', 'handlers-and-banners'),
      page('Banners', 'banners'),
      page('Attribute keys', 'attribute-keys'),
      page('Connection and delivery', 'connection-and-delivery'),
      page('CSP and privacy', 'csp-and-privacy'),
      page('Troubleshooting', 'troubleshooting'),
    ],
  },
  {
    text: 'Mock server',
    items: [
      page('In tests and CI', 'mock-server-in-ci'),
      page('Without the mock', 'server'),
      page('Next to a pipeline', 'pipeline'),
      page('Definitions in files', 'definitions'),
      page('Python SDK', 'python-sdk'),
      page('Agents', 'agents'),
      page('Webhooks', 'forwarding'),
      page('Snowplow Inspector', 'inspector-extension'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('APIs', 'reference'),
      { text: 'TypeScript', link: '/typescript/', collapsed: true, items: typescript },
      {
        text: 'Rust',
        collapsed: true,
        items: [
          crate('signals-interventions'),
          crate('signals-mock-server'),
          crate('signals-server'),
          crate('signals-engine'),
          crate('signals-wire'),
        ],
      },
      page('Size', 'size'),
      page('Changelog', 'changelog'),
      page('Security', 'security'),
    ],
  },
  {
    text: 'Contributing',
    items: [
      page('Contributing', 'contributing'),
      page('Architecture', 'architecture'),
      page('Benchmarks', 'benchmarks'),
      page('Budgets', 'budgets'),
    ],
  },
];

// Set DOCS_BASE if the site is not at the root of its host, for example to /signals-interventions/.
const base = process.env.DOCS_BASE ?? '/';

export default defineConfig({
  lang: 'en-GB',
  title: 'signals-interventions',
  description: 'React to shoppers while they shop: Snowplow Signals interventions in the browser.',
  base,
  head: [['link', { rel: 'icon', href: `${base}logo.svg` }]],
  srcDir: inTarget('site-source'),
  // rustdoc's files are copied unchanged.
  srcExclude: ['public/**'],
  outDir: inTarget('site'),
  cacheDir: inTarget('vitepress-cache'),
  // Guides link to servers on the reader's own machine.
  ignoreDeadLinks: [/^https?:\/\/localhost/],
  markdown: {
    config({ renderer: { rules } }) {
      const write = rules.code_inline;
      // Vue must not interpret braces in code.
      rules.code_inline = (tokens, index, ...rest) => {
        tokens[index].attrSet('v-pre', '');
        return write(tokens, index, ...rest);
      };
    },
  },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      page('Get started', 'getting-started'),
      page('Guides', 'handlers-and-banners'),
      page('Mock server', 'mock-server-in-ci'),
      page('Reference', 'reference'),
      page('Contributing', 'contributing'),
    ],
    sidebar: SIDEBAR,
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
