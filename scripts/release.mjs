// `npm run release`: publishes the package from CI, with provenance. What is written after `--` goes on to `npm publish`.

import { readFileSync, writeFileSync } from 'node:fs';
import { inProject } from './support/project.mjs';
import { entryPoint, Failure, run } from './support/report.mjs';
import { repositoryOf } from './support/repository.mjs';

const MANIFEST = inProject('package.json');

await entryPoint(async () => {
  const repository = repositoryOf(process.env);
  if (!repository) {
    throw new Failure(
      'releases are published by GitHub Actions or GitLab CI/CD, which npm trusts to say what they were built from',
    );
  }
  const kept = readFileSync(MANIFEST, 'utf8');
  writeFileSync(MANIFEST, `${JSON.stringify({ ...JSON.parse(kept), repository }, null, 2)}\n`);
  try {
    await run(['npm', 'publish', ...process.argv.slice(2)], { show: true });
  } finally {
    writeFileSync(MANIFEST, kept);
  }
});
