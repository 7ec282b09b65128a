// Measures the bytes of the package for docs/size.md and the README.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { inProject } from './project.mjs';

/** The names of crates in the table. */
const PARTS = {
  signals_interventions: 'the plugin itself, with what serde’s derives make for its types',
  signals_wire: 'finding ids in events',
  core: 'Rust’s core: formatting, numbers as text, strings',
  alloc: 'Rust’s collections and strings',
  std: 'the rest of Rust’s standard library',
  serde_core: 'serde',
  serde_wasm_bindgen: 'serde-wasm-bindgen',
  wasm_bindgen: 'wasm-bindgen',
  js_sys: 'js-sys and web-sys',
  rlsf: 'the allocator',
};

/**
 * The tables of sizes in docs/size.md.
 *
 * @param {string} dist folder of the package
 * @param {string} named path of the WebAssembly with function names
 */
export async function sizeTables(dist, named) {
  const files = ['index.js', 'core.js', 'signals-interventions.wasm'];
  const sizes = files.map((file) => ({ file, ...sizesOf(readFileSync(`${dist}/${file}`)) }));
  const total = sum('all three', sizes);
  const peer = {
    file: '`@snowplow/signals-browser-plugin` 0.2.1, bundled alike',
    ...sizesOf(await peerBundle()),
  };
  const rows = [...sizes, total, peer].map(
    ({ file, raw, gzip, brotli }) =>
      `| ${file} | ${kilobytes(raw)} | ${kilobytes(gzip)} | ${kilobytes(brotli)} |`,
  );
  return [
    '| file | raw | gzip | brotli |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '| part of the WebAssembly | raw | share |',
    '| --- | --- | --- |',
    ...crateRows(named),
  ].join('\n');
}

/**
 * Writes sizes into a document, where `<!-- size of peer -->` and its like stand before a number and `<!-- end -->` after it.
 *
 * @param {string} text the document
 * @param {string} dist folder of the package
 */
export async function sizesInText(text, dist) {
  const gzip = (file) => sizesOf(readFileSync(`${dist}/${file}`)).gzip;
  const wasm = gzip('signals-interventions.wasm');
  const sizes = {
    peer: sizesOf(await peerBundle()).gzip,
    eager: gzip('index.js'),
    later: gzip('core.js') + wasm,
    wasm,
    banner: gzip('banner.js'),
  };
  return text.replace(/(<!-- size of (\w+) -->).*?(<!-- end -->)/g, (_, begin, what, end) => {
    return `${begin}${kilobytes(sizes[what])}${end}`;
  });
}

function crateRows(named) {
  const { stdout } = spawnSync('wasm-opt', [named, '--all-features', '--func-metrics', '-o', '/dev/null'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const bytes = new Map();
  const add = (part, more) => bytes.set(part, (bytes.get(part) ?? 0) + more);
  for (const [, name, size] of stdout.matchAll(/^func: (.+)\n \[binary-bytes\] : (\d+)/gm)) {
    add(partOf(name), Number(size));
  }
  add('data: texts, tables, places of panics', Number(stdout.match(/\[memory-data\] *: (\d+)/)?.[1] ?? 0));
  const all = [...bytes.values()].reduce((total, size) => total + size, 0);
  return [...bytes]
    .sort(([, one], [, other]) => other - one)
    .map(([part, size]) => `| ${part} | ${kilobytes(size)} | ${Math.round((100 * size) / all)} % |`);
}

/** The crate that contains a function's source, as shown in the table. Generic code counts for the crate that defines it. */
function partOf(name) {
  const crates = [...name.matchAll(/([a-z_][a-z0-9_]*)(?:\[[0-9a-f]+\])?::/g)].map(([, crate]) => crate);
  const crate = crates.find((crate) => crate in PARTS);
  if (crate) return PARTS[crate];
  return /^(plugin|client)_/.test(name) ? PARTS.signals_interventions : 'others';
}

async function peerBundle() {
  const { outputFiles } = await build({
    stdin: { contents: "export * from '@snowplow/signals-browser-plugin'", resolveDir: inProject() },
    // What comes with the tracker counts for neither plugin.
    external: ['@snowplow/browser-tracker*', '@snowplow/tracker-core'],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

function sizesOf(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

function sum(file, sizes) {
  const total = { file, raw: 0, gzip: 0, brotli: 0 };
  for (const size of sizes) for (const key of ['raw', 'gzip', 'brotli']) total[key] += size[key];
  return total;
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
