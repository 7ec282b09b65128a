// `npm run lint`: every check that is not a test. Runs all of them, even if one fails, so that you see all problems at once.

import { readdirSync } from 'node:fs';
import { setUp } from './setup.mjs';
import { inProject } from './support/project.mjs';
import { fromVenv } from './support/python.mjs';
import { entryPoint, Failure, run, step } from './support/report.mjs';

const DENY_WARNINGS = ['--', '-D', 'warnings'];

/** The checks of cargo-deny. The workflow `audit` also checks advisories, which can appear at any time. */
const DENIED = ['bans', 'licenses', 'sources'];

const DOCUMENTS = [
  ...['README.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...readdirSync(inProject('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const checks = [
  ['Rust is formatted', ['cargo', 'fmt', '--all', '--check']],
  ['clippy, native', ['cargo', 'clippy', '--locked', '--workspace', '--all-targets', ...DENY_WARNINGS]],
  [
    'clippy, with Kafka',
    [
      'cargo',
      'clippy',
      '--locked',
      '--package',
      'signals-server',
      '--all-targets',
      '--features',
      'kafka',
      ...DENY_WARNINGS,
    ],
  ],
  [
    'clippy, wasm32',
    [
      'cargo',
      'clippy',
      '--locked',
      '--target',
      'wasm32-unknown-unknown',
      '-p',
      'signals-interventions',
      '-p',
      'signals-engine',
      ...DENY_WARNINGS,
    ],
  ],
  [
    'Rust documentation builds',
    ['cargo', 'doc', '--locked', '--workspace', '--no-deps'],
    { RUSTDOCFLAGS: '-D warnings' },
  ],
  [
    'tables in docs/architecture.md are those of the state machines',
    ['node', 'scripts/transition-tables.mjs', '--check'],
  ],
  ['no dependency of a crate is unused', ['cargo', 'machete', '--skip-target-dir']],
  [
    'dependencies of the crates: licences, sources, versions',
    ['cargo', 'deny', '--locked', '--workspace', 'check', '--hide-inclusion-graph', ...DENIED],
  ],
  ['TOML is formatted', [fromVenv('taplo'), 'format', '--check']],
  ['the package builds', ['node', 'scripts/build-package.mjs']],
  ['the package keeps its budgets', ['size-limit']],
  ['the package is well-formed', ['publint', 'run', '--strict']],
  [
    'tools that read types find those of the package',
    ['attw', '--pack'],
    { npm_config_ignore_scripts: 'true' },
  ],
  ...['signals-interventions', 'banner'].map((entry) => [
    `the public API in api/${entry}.api.md is up to date (npm run api accepts changes)`,
    ['api-extractor', 'run', '--print-api-report-diff', '--config', `api/${entry}.json`],
  ]),
  ['every file, export and npm package is used', ['knip']],
  ['TypeScript documentation builds', ['typedoc']],
  ['TypeScript types, package', ['tsc', '--noEmit', '--project', '.']],
  ['TypeScript types, shop', ['tsc', '--noEmit', '--project', 'www']],
  [
    'TypeScript types, inspector',
    ['tsc', '--noEmit', '--project', 'crates/mock-server/src/http/inspector/page'],
  ],
  ['TypeScript types, end-to-end tests', ['tsc', '--noEmit', '--project', 'tests/e2e']],
  ['TypeScript and JavaScript are formatted and linted', ['biome', 'ci', '--colors=off', '.']],
  [
    'links in the documents lead somewhere',
    [fromVenv('lychee'), '--offline', '--include-fragments', ...DOCUMENTS],
  ],
  [
    'the documents are in British spelling',
    [fromVenv('typos'), '--config', '.config/typos.toml', ...DOCUMENTS],
  ],
  [
    'the documents keep the rules of writing',
    ['textlint', '--config', '.config/textlint.json', '--format', 'unix', '--no-color', ...DOCUMENTS],
  ],
];

await entryPoint(async () => {
  await setUp({ linters: true });
  let failed = 0;
  for (const [title, command, env] of checks) {
    await step(title, () => run(command, { env })).catch(() => failed++);
  }
  if (failed > 0) throw new Failure(`${failed} of ${checks.length} checks failed`);
});
