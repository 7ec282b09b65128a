// `npm run lint`: every check that is not a test. All of them run, so that one look shows everything that is wrong.

import { setUp } from './setup.mjs';
import { entryPoint, Failure, run, step } from './support/report.mjs';

const DENY_WARNINGS = ['--', '-D', 'warnings'];

const checks = [
  ['Rust is formatted', ['cargo', 'fmt', '--all', '--check']],
  ['clippy, native', ['cargo', 'clippy', '--locked', '--workspace', '--all-targets', ...DENY_WARNINGS]],
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
  ['the package builds', ['node', 'scripts/build-package.mjs']],
  ['the package is well-formed', ['node', 'scripts/check-package.mjs']],
  ['the public API is the accepted one', ['node', 'scripts/api.mjs']],
  ['TypeScript documentation builds', ['typedoc']],
  ['TypeScript types, package', ['tsc', '--noEmit', '--project', '.']],
  ['TypeScript types, shop', ['tsc', '--noEmit', '--project', 'www']],
  [
    'TypeScript types, inspector',
    ['tsc', '--noEmit', '--project', 'crates/mock-server/src/http/inspector/page'],
  ],
  ['TypeScript types, end-to-end tests', ['tsc', '--noEmit', '--project', 'tests/e2e']],
  ['TypeScript and JavaScript are formatted and linted', ['biome', 'ci', '--colors=off', '.']],
];

await entryPoint(async () => {
  await setUp();
  let failed = 0;
  for (const [title, command, env] of checks) {
    await step(title, () => run(command, { env })).catch(() => failed++);
  }
  if (failed > 0) throw new Failure(`${failed} of ${checks.length} checks failed`);
});
