// Builds the npm package into dist/: the WebAssembly, the ES modules, the script-tag build and the type declarations.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
process.env.PATH = [join(root, '.tools/bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(
  delimiter,
);

const cargoTarget = resolve(process.env.CARGO_TARGET_DIR ?? 'target');
const glue = 'target/wasm-bindgen';
const dist = 'dist';

buildWasm();
await bundleScripts();
run('tsc', ['--project', 'js/tsconfig.json']);
printSizes();

function buildWasm() {
  // Panic messages hold source paths: those of the machine that built the package are nobody's business.
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  process.env.RUSTFLAGS = `${process.env.RUSTFLAGS ?? ''} --remap-path-prefix=${cargoHome}=cargo`.trim();
  run('cargo', [
    'build',
    '--package',
    'signals-interventions',
    '--lib',
    '--profile',
    'wasm',
    '--target',
    'wasm32-unknown-unknown',
  ]);
  run('wasm-bindgen', [
    join(cargoTarget, 'wasm32-unknown-unknown/wasm/signals_interventions.wasm'),
    ...['--target', 'web', '--omit-default-module-path', '--out-dir', glue],
  ]);
  // Emptied only now, so that a failed compilation leaves the previous build usable.
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const features = [
    'bulk-memory',
    'multivalue',
    'mutable-globals',
    'nontrapping-float-to-int',
    'reference-types',
    'sign-ext',
  ];
  run('wasm-opt', [
    join(glue, 'signals_interventions_bg.wasm'),
    ...features.map((feature) => `--enable-${feature}`),
    // Inlining what is called once saves bytes, but what remains compresses 4% worse: gzip is what travels.
    ...['-Oz', '--one-caller-inline-max-function-size=0', '--strip-debug', '--strip-producers', '--strip-target-features'],
    ...['--output', join(dist, 'signals-interventions.wasm')],
  ]);
}

async function bundleScripts() {
  const common = { bundle: true, minify: true, sourcemap: true, target: 'es2020', logLevel: 'warning' };
  const modules = { 'index.js': 'js/index.ts', 'core.js': 'js/core.ts', 'banner.js': 'js/banner/index.ts' };
  const builds = Object.entries(modules)
    .filter(([, entry]) => existsSync(entry))
    .map(([name, entry]) =>
      // The core stays a file of its own: it loads only when the page subscribes.
      build({
        ...common,
        format: 'esm',
        external: ['./core.js'],
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

function printSizes() {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(2).padStart(8)} KB`;
  for (const name of readdirSync(dist).filter((file) => /\.(js|wasm)$/.test(file))) {
    const path = join(dist, name);
    const zipped = gzipSync(readFileSync(path), { level: 9 }).length;
    console.log(`${name.padEnd(28)} ${kilobytes(statSync(path).size)} raw ${kilobytes(zipped)} gzip`);
  }
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(error?.code === 'ENOENT' ? `${command} is not installed` : `${command} failed`);
  process.exit(1);
}
