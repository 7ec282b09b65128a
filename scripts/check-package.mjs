// Checks the tarball that `npm pack` makes of dist/ as it is: what users install, not what lies in the repository.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { withPackedPackage } from './support/packed.mjs';
import { root } from './support/project.mjs';
import { attempt, entryPoint, Failure } from './support/report.mjs';

await entryPoint(async () => {
  const complaints = await withPackedPackage(async ({ tarball, folder, files }) => [
    ...(await complaintsOf(['publint', 'run', tarball, '--strict'])),
    ...(await complaintsOf([
      ...['attw', tarball, '--no-emoji', '--no-color', '--format', 'ascii'],
      // Every tool that can load WebAssembly loads ES modules.
      ...['--profile', 'esm-only'],
      // It has no types, as it is no module: its address is what applications want.
      ...['--exclude-entrypoints', './signals-interventions.wasm', './package.json'],
    ])),
    ...manifest(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')), files),
    ...files.flatMap((file) => contents(file, readFileSync(path.join(folder, file), 'latin1'))),
  ]);
  if (complaints.length > 0) throw new Failure(complaints.join('\n'));
});

/** Runs a checker; what it has to say counts if it ends with anything but 0. */
async function complaintsOf(command) {
  const { code, output } = await attempt(command);
  return code === 0 ? [] : [output];
}

function manifest({ dependencies, exports }, files) {
  const complaints = [];
  if (dependencies) complaints.push('package.json: an application should not install anything besides');
  for (const [name, target] of Object.entries(exports)) {
    if (typeof target === 'object' && Object.keys(target)[0] !== 'types') {
      complaints.push(`package.json: in exports["${name}"], types must come first`);
    }
    for (const file of typeof target === 'object' ? Object.values(target) : [target]) {
      if (!files.includes(path.posix.normalize(file)))
        complaints.push(`package.json: exports["${name}"] names ${file}, which is not packed`);
    }
  }
  return complaints;
}

function contents(file, text) {
  const complaints = [root, homedir()]
    .filter((folder) => folder.length > 1 && text.includes(`${folder}/`))
    .map((folder) => `${file}: names a folder of this machine, ${folder}`);
  if (file.endsWith('.js')) {
    const [, map] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(text) ?? [];
    if (map !== `${path.posix.basename(file)}.map`) complaints.push(`${file}: has no source map`);
  }
  if (file.endsWith('.map') && !JSON.parse(text).sourcesContent?.every((source) => source)) {
    complaints.push(`${file}: lacks its sources, which are not packed either`);
  }
  return complaints;
}
