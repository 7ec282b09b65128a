// Builds the demo e-shop into target/www/, with the package's script-tag build in signals/.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { inProject, shopDir } from './support/project.mjs';
import { entryPoint, Failure } from './support/report.mjs';

const source = (...parts) => inProject('www', ...parts);
const packageDir = inProject('dist');

await entryPoint(async () => {
  if (!existsSync(path.join(packageDir, 'signals-interventions.js'))) {
    throw new Failure('dist/ has no signals-interventions.js: run `node scripts/build-package.mjs` first');
  }
  rmSync(shopDir, { recursive: true, force: true });
  mkdirSync(shopDir, { recursive: true });
  await bundle();
  copyStaticFiles();
  copyPackage();
  compress();
});

async function bundle() {
  await build({
    entryPoints: { shop: source('src', 'main.ts') },
    outdir: shopDir,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  await build({
    entryPoints: { shop: source('styles', 'shop.css') },
    outdir: shopDir,
    bundle: true,
    minify: true,
    logLevel: 'warning',
  });
}

function copyStaticFiles() {
  for (const name of readdirSync(source())) {
    if (/\.(html|svg)$/.test(name)) cpSync(source(name), path.join(shopDir, name));
  }
  cpSync(source('pictures'), path.join(shopDir, 'pictures'), { recursive: true });
}

/** Copies the files that a storefront hosts: the script, and the files that it loads. */
function copyPackage() {
  for (const name of readdirSync(packageDir)) {
    if (/\.(js|wasm|map)$/.test(name))
      cpSync(path.join(packageDir, name), path.join(shopDir, 'signals', name));
  }
}

/** Compresses each file. The server sends browsers the compressed copy. Skips source maps, because only developers load them. */
function compress() {
  for (const entry of readdirSync(shopDir, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(html|css|js|svg|wasm)$/.test(entry)) continue;
    const file = path.join(shopDir, entry);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
}
