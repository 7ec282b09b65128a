// `npm run release-notes`: prints what a release announces, in Markdown: what changed for users, the sizes of the files, and
// the hashes by which a page can make sure that a script-tag file is the released one. Needs a built dist/.

import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inProject } from './support/project.mjs';
import { entryPoint, Failure } from './support/report.mjs';

const INTEGRITY = inProject('dist', 'integrity.json');

await entryPoint(async () => {
  if (!existsSync(INTEGRITY)) throw new Failure('dist/ is not built: run `npm run build` first');
  const { name, version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const integrity = JSON.parse(readFileSync(INTEGRITY, 'utf8'));
  console.log(`# ${name} ${version}

${changes(version)}

## Files

${files(integrity)}

Loaded from a CDN, checked by the browser:

\`\`\`html
${scriptTag(integrity)}
\`\`\``);
});

/** What CHANGELOG.md says of `version`, or of what is unreleased while it has no section of its own. */
function changes(version) {
  const sections = readFileSync(inProject('CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = [version, 'Unreleased']
    .map((title) => sections.find((text) => text.startsWith(title) || text.startsWith(`[${title}]`)))
    .find((text) => text);
  if (!section) throw new Failure(`CHANGELOG.md has no section for ${version}`);
  return section.slice(section.indexOf('\n')).trim();
}

function files(integrity) {
  const rows = Object.entries(integrity).map(([file, hash]) => {
    const bytes = readFileSync(inProject('dist', file));
    return `| \`${file}\` | ${kilobytes(bytes)} | ${kilobytes(gzipSync(bytes, { level: 9 }))} | \`${hash}\` |`;
  });
  return ['| file | size | gzip | integrity |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function scriptTag(integrity) {
  return `<script
  src="https://cdn.example.com/signals-interventions.js"
  integrity="${integrity['signals-interventions.js']}"
  crossorigin="anonymous"
></script>`;
}

function kilobytes({ length }) {
  return `${(length / 1024).toFixed(1)} KB`;
}
