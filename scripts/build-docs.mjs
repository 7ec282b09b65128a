// Builds the documentation site into target/site/: the guides, the README, the changelog, TypeDoc and rustdoc, with one search.
//
//   node scripts/build-docs.mjs          builds it
//   node scripts/build-docs.mjs --dev    serves it, and updates it when you change a guide

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setUp } from './setup.mjs';
import { inProject, targetDir } from './support/project.mjs';
import { entryPoint, run, step } from './support/report.mjs';
import { linksForSite } from './support/site-links.mjs';

/** The source of VitePress, which needs all pages in one folder. */
const source = (...parts) => inProject('target', 'site-source', ...parts);

const PAGES = { 'README.md': 'overview.md', 'CHANGELOG.md': 'changelog.md', 'SECURITY.md': 'security.md' };
const CRATES = [
  'signals-wire',
  'signals-engine',
  'signals-server',
  'signals-mock-server',
  'signals-interventions',
];

await entryPoint(async () => {
  await setUp();
  rmSync(source(), { recursive: true, force: true });
  await step('documenting the TypeScript API', typeScript);
  await step('documenting the Rust crates', rust);
  stagePages();
  if (process.argv.includes('--dev')) {
    watch(inProject('docs'), stagePages);
    await run(['vitepress', 'dev', 'docs'], { show: true });
  } else {
    await step('building the pages', () => run(['vitepress', 'build', 'docs']));
  }
});

async function typeScript() {
  const plugins = ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'].flatMap((name) => [
    '--plugin',
    name,
  ]);
  await run([
    'typedoc',
    ...plugins,
    '--out',
    source('typescript'),
    '--docsRoot',
    source(),
    '--name',
    'TypeScript API',
  ]);
}

async function rust() {
  const crates = CRATES.flatMap((crate) => ['--package', crate]);
  // Documents link to the sources of this feature too.
  await run(['cargo', 'doc', '--locked', '--no-deps', ...crates, '--features', 'signals-server/kafka']);
  const documented = path.join(targetDir, 'doc');
  // `npm run lint` puts TypeDoc's own pages next to rustdoc's.
  const filter = (file) => file !== path.join(documented, 'typescript');
  cpSync(documented, source('public', 'rust'), { recursive: true, filter });
}

/** Copies the pages, adapts their links to the site, and copies the files that they link to. */
function stagePages() {
  cpSync(inProject('docs', 'images'), source('images'), { recursive: true });
  cpSync(inProject('www', 'logo.svg'), source('public', 'logo.svg'));
  const guides = readdirSync(inProject('docs')).filter((name) => name.endsWith('.md'));
  const pages = { ...PAGES, ...Object.fromEntries(guides.map((name) => [`docs/${name}`, name])) };
  for (const [document, page] of Object.entries(pages)) {
    const { text, files } = linksForSite(readFileSync(inProject(document), 'utf8'), document, pages);
    writeFileSync(source(page), text);
    for (const [file, name] of files) {
      mkdirSync(path.dirname(source('public', name)), { recursive: true });
      cpSync(inProject(file), source('public', name));
    }
  }
}
