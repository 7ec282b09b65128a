// Builds every storefront into `out/`, like its developer would. Run it where the packed package is installed.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

const here = (...parts) => path.join(import.meta.dirname, ...parts);
const out = (...parts) => here('out', ...parts);

const builds = {
  vite: () =>
    vite.build({
      root: here('vite'),
      configFile: false,
      logLevel: 'warn',
      build: { outDir: out('vite'), emptyOutDir: true },
    }),

  webpack: async () => {
    const compiler = webpack({
      mode: 'production',
      entry: here('webpack', 'main.ts'),
      output: { path: out('webpack'), filename: 'main.js' },
      resolve: { extensions: ['.ts', '.js'] },
      module: {
        rules: [
          {
            test: /\.ts$/,
            loader: 'ts-loader',
            options: { transpileOnly: true, compilerOptions: { noEmit: false } },
          },
        ],
      },
      performance: { hints: 'error' },
    });
    await new Promise((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error) reject(error);
        else if (stats.hasErrors() || stats.hasWarnings())
          reject(new Error(stats.toString('errors-warnings')));
        else compiler.close(resolve);
      });
    });
    await cp(here('shared', 'index.html'), out('webpack', 'index.html'));
  },

  rollup: async () => {
    // Rollup itself supports neither TypeScript nor node_modules.
    const transpile = {
      name: 'transpile',
      resolveId: (id, importer) =>
        id.startsWith('../shared/') ? path.resolve(path.dirname(importer), `${id}.ts`) : null,
      transform: async (code, id) =>
        id.endsWith('.ts') ? esbuild.transform(code, { loader: 'ts', sourcemap: true }) : null,
    };
    const bundle = await rollup({
      input: here('rollup', 'main.ts'),
      plugins: [transpile, nodeResolve({ browser: true }), importMetaAssets()],
      onLog: (level, log) => {
        if (level === 'warn') throw new Error(`Rollup warns: ${log.message}`);
      },
    });
    await bundle.write({ dir: out('rollup'), format: 'es', entryFileNames: 'main.js' });
    await bundle.close();
    await cp(here('shared', 'index.html'), out('rollup', 'index.html'));
  },

  esbuild: async () => {
    await esbuild.build({
      entryPoints: [here('esbuild', 'main.ts')],
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      loader: { '.wasm': 'file' },
      outdir: out('esbuild'),
      logLevel: 'warning',
    });
    await cp(here('shared', 'index.html'), out('esbuild', 'index.html'));
  },

  'react-ssr': async () => {
    const common = { bundle: true, format: 'esm', jsx: 'automatic', logLevel: 'warning' };
    await esbuild.build({
      ...common,
      entryPoints: [here('react-ssr', 'client.tsx')],
      splitting: true,
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      outdir: out('react-ssr'),
    });
    await cp(installed('signals-interventions.wasm'), out('react-ssr', 'signals-interventions.wasm'));
    // The server imports the installed package in Node, where no page exists.
    const server = here('react-ssr', 'server.mjs');
    await esbuild.build({
      ...common,
      entryPoints: [here('react-ssr', 'server.tsx')],
      platform: 'node',
      packages: 'external',
      outfile: server,
    });
    const { html } = await import(pathToFileURL(server));
    await writeFile(out('react-ssr', 'index.html'), html);
  },

  'script-tag': async () => {
    await cp(here('script-tag'), out('script-tag'), { recursive: true });
    for (const file of ['signals-interventions.js', 'core.js', 'banner.js', 'signals-interventions.wasm']) {
      await cp(installed(file), out('script-tag', file));
    }
    const tracker = createRequire(import.meta.url).resolve('@snowplow/browser-tracker');
    await cp(path.join(path.dirname(tracker), 'index.umd.min.js'), out('script-tag', 'tracker.js'));
  },
};

/** A file of the installed package. */
function installed(file) {
  return here('node_modules', 'signals-interventions', 'dist', file);
}

await rm(out(), { recursive: true, force: true });
for (const [name, build] of Object.entries(builds)) {
  await mkdir(out(name), { recursive: true });
  await build().catch((error) => {
    throw new Error(`the storefront made with ${name} cannot be built`, { cause: error });
  });
}
