// Builds the npm package into dist/: the WebAssembly, the ES modules, the script-tag build and the type declarations.
//
//   node scripts/build-package.mjs                 also prints the sizes; size-limit checks them in `npm run lint`
//   node scripts/build-package.mjs --write-docs    also writes its sizes into docs/size.md, docs/migrating.md and README.md
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { sizesInText, sizeTables } from './support/size-report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
process.env.PATH = [join(root, '.tools/bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(
  delimiter,
);

const cargoTarget = resolve(process.env.CARGO_TARGET_DIR ?? 'target');
const glueDir = 'target/wasm-bindgen';
const glue = join(glueDir, 'signals_interventions.js');
const dist = 'dist';

buildWasm();
await bundleScripts();
run('tsc', ['--project', 'js/tsconfig.json']);
writeIntegrity();
printSizes();
if (process.argv.includes('--write-docs')) await writeSizeDocs();

function buildWasm() {
  // Panic messages contain source paths. Remove the paths of the build machine.
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const sysroot = spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout.trim();
  const remapped = [`${cargoHome}=cargo`, `${sysroot}=rust`].map((path) => `--remap-path-prefix=${path}`);
  process.env.RUSTFLAGS = [process.env.RUSTFLAGS, ...remapped].filter(Boolean).join(' ');
  run('cargo', [
    ...['rustc', '--locked', '--package', 'signals-interventions', '--lib'],
    // A `cdylib` only. With an `rlib` too, the compiler would not optimise the whole program.
    ...['--crate-type', 'cdylib', '--profile', 'wasm', '--target', 'wasm32-unknown-unknown'],
  ]);
  run('wasm-bindgen', [
    join(cargoTarget, 'wasm32-unknown-unknown/wasm/signals_interventions.wasm'),
    ...['--target', 'web', '--omit-default-module-path', '--out-dir', glueDir],
  ]);
  // Emptied only now, so that a failed compilation keeps the previous build.
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  // Remove names and other sections that only tools read.
  const strip = ['--strip-debug', '--strip-producers', '--strip-target-features'];
  optimise(join(dist, 'signals-interventions.wasm'), strip);
}

function optimise(output, options) {
  run('wasm-opt', [
    join(glueDir, 'signals_interventions_bg.wasm'),
    // Optimise for size.
    '-Oz',
    // Features that Rust's output uses. All supported browsers have them.
    ...[
      '--enable-bulk-memory',
      '--enable-multivalue',
      '--enable-mutable-globals',
      '--enable-nontrapping-float-to-int',
      '--enable-reference-types',
      '--enable-sign-ext',
    ],
    ...options,
    ...['--output', output],
  ]);
}

async function bundleScripts() {
  const common = {
    bundle: true,
    minify: true,
    sourcemap: true,
    target: oldestBrowsers(),
    logLevel: 'warning',
  };
  const modules = { 'index.js': 'js/index.ts', 'core.js': 'js/core.ts', 'banner.js': 'js/banner/index.ts' };
  const builds = Object.entries(modules).map(([name, entry]) =>
    // The core stays a separate file, because nothing needs it before the page subscribes.
    build({
      ...common,
      format: 'esm',
      external: ['./core.js'],
      alias: { 'wasm-bindgen-glue': `./${glue}` },
      entryPoints: [entry],
      outfile: join(dist, name),
    }),
  );
  builds.push(
    build({
      ...common,
      format: 'iife',
      globalName: 'snowplowSignals',
      entryPoints: ['js/script.ts'],
      outfile: join(dist, 'signals-interventions.js'),
    }),
  );
  await Promise.all(builds);
}

/** The `browserslist` of package.json, in esbuild's syntax. */
function oldestBrowsers() {
  const { browserslist } = JSON.parse(readFileSync('package.json', 'utf8'));
  return browserslist.map((browser) => browser.replace('ios_saf', 'ios').replace(' >= ', ''));
}

/** Hashes for the `integrity` attribute, of every file that a page may load. */
function writeIntegrity() {
  const files = readdirSync(dist).filter((file) => /\.(js|wasm)$/.test(file));
  const hash = (file) => createHash('sha384').update(readFileSync(join(dist, file)));
  const integrity = Object.fromEntries(files.map((file) => [file, `sha384-${hash(file).digest('base64')}`]));
  writeFileSync(join(dist, 'integrity.json'), `${JSON.stringify(integrity, null, 2)}\n`);
}

function printSizes() {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(2).padStart(8)} KB`;
  for (const name of readdirSync(dist).filter((file) => /\.(js|wasm)$/.test(file))) {
    const raw = statSync(join(dist, name)).size;
    console.log(`${name.padEnd(28)} ${kilobytes(raw)} raw ${kilobytes(gzipSize(name))} gzip`);
  }
}

async function writeSizeDocs() {
  const named = join(glueDir, 'named.wasm');
  optimise(named, ['--debuginfo']);
  const [begin, end] = ['<!-- sizes -->', '<!-- end of sizes -->'];
  const document = readFileSync('docs/size.md', 'utf8');
  const written = document.replace(
    new RegExp(`${begin}[\\s\\S]*${end}`),
    `${begin}\n\n${await sizeTables(dist, named)}\n\n${end}`,
  );
  writeFileSync('docs/size.md', written);
  for (const file of ['README.md', 'docs/migrating.md']) {
    writeFileSync(file, await sizesInText(readFileSync(file, 'utf8'), dist));
  }
}

function gzipSize(name) {
  return gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(error?.code === 'ENOENT' ? `${command} is not installed` : `${command} failed`);
  process.exit(1);
}
