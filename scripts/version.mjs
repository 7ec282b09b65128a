// `npm run version-packages`: raises the version by the files in .changeset/ and moves their texts to CHANGELOG.md.
//
// changesets updates only package.json. This script updates Cargo.toml and the two lock files too.

import { readFileSync, writeFileSync } from 'node:fs';
import { inProject } from './support/project.mjs';
import { entryPoint, run } from './support/report.mjs';

const MANIFEST = inProject('Cargo.toml');

await entryPoint(async () => {
  await run(['changeset', 'version'], { show: true });
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const manifest = readFileSync(MANIFEST, 'utf8');
  writeFileSync(MANIFEST, manifest.replace(/(?<=^\[workspace\.package\]\nversion = ")[^"]+/m, version));
  await run(['npm', 'install', '--package-lock-only', '--ignore-scripts']);
  await run(['cargo', 'update', '--workspace', '--offline']);
  console.log(`package.json, Cargo.toml and their lock files are at ${version}`);
});
