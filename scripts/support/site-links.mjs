// Converts the links of the guides. On GitHub they lead to files of the repository. On the site they need other addresses.

import path from 'node:path';

/** The entry point of the TypeScript API, whose documentation is one page of the site. */
const TYPESCRIPT = 'js/api.ts';

/** A link or a picture, up to its address. The text may contain code, and also a picture. */
const LINK = /(!?)\[((?:[^[\]`]|`[^`]*`|!?\[[^\]]*\](?:\([^)]*\))?)*)\]\(([^)\s]+)\)/g;

/**
 * Rewrites the links of a document for the site.
 * @param {string} text the document
 * @param {string} document its path in the repository
 * @param {Record<string, string>} pages the page of the site for each document
 * @returns {{text: string, files: Map<string, string>}} the page, and the files that it links to: the path in the repository and
 * the path on the site
 */
export function linksForSite(text, document, pages) {
  const files = new Map();
  const rewritten = outsideOfCode(text, (prose) =>
    prose.replaceAll(LINK, (link, picture, label, address) => {
      if (/^(#|\w+:)/.test(address)) return link;
      const [target, anchor = ''] = address.split(/(?=#)/);
      const file = path.posix.join(path.posix.dirname(document), target);
      const inner = picture ? label : linksForSite(label, document, pages).text;
      if (picture) return `![${inner}](./${path.posix.relative('docs', file)})`;
      if (file in pages) return `[${inner}](./${pages[file]}${anchor})`;
      if (file === TYPESCRIPT) return `[${inner}](./typescript/index.md)`;
      const rust = rustdocPage(file);
      if (!rust) files.set(file, siteFile(file));
      // The attribute tells VitePress that this is not one of its pages.
      return `[${inner}](./${rust ?? siteFile(file)}${anchor}){target="_self"}`;
    }),
  );
  return { text: rewritten, files };
}

/** Applies `change` to the text outside fenced blocks. */
function outsideOfCode(text, change) {
  return text
    .split(/^(```[\s\S]*?^```$)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}

/** The rustdoc page of a crate's folder or a source file. */
function rustdocPage(file) {
  const [, folder, source] = /^(?:crates\/([\w-]+)\/?)?(src\/.+\.rs)?$/.exec(file) ?? [];
  // rustdoc leaves out the modules of tests.
  if ((!folder && !source) || source?.endsWith('tests.rs')) return undefined;
  const crate = {
    wire: 'signals_wire',
    engine: 'signals_engine',
    server: 'signals_server',
    'mock-server': 'signals_mock_server',
  };
  const name = folder ? crate[folder] : 'signals_interventions';
  if (!name) return undefined;
  if (!source || source === 'src/lib.rs') return `rust/${name}/index.html`;
  return `rust/src/${name}/${source.slice('src/'.length)}.html`;
}

/** Adds an extension to files that have none, because servers need it to know the type. */
function siteFile(file) {
  return `files/${file}${path.posix.extname(file) ? '' : '.txt'}`;
}
