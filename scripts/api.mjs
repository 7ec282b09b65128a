// Compares the public API, as the built type declarations have it, with the accepted one in api/.
//
//   node scripts/api.mjs            fails if they differ, and shows how
//   npm run api                     accepts the API as it is now

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { inProject } from './support/project.mjs';
import { attempt, entryPoint, Failure } from './support/report.mjs';

/** A report per entry of the package. */
const reports = {
  'signals-interventions': 'dist/index.d.ts',
  banner: 'dist/banner/index.d.ts',
};

const acceptedDir = inProject('api');
const currentDir = inProject('target', 'api');

await entryPoint(async () => {
  const accept = process.argv.includes('--accept');
  for (const folder of [acceptedDir, currentDir]) mkdirSync(folder, { recursive: true });
  const changed = Object.entries(reports).filter(([name, entry]) => !agrees(name, entry, accept));
  if (changed.length === 0 || accept) return;
  for (const [name] of changed) {
    const file = `${name}.api.md`;
    const { output } = await attempt([
      'diff',
      '-u',
      path.join(acceptedDir, file),
      path.join(currentDir, file),
    ]);
    process.stdout.write(output);
  }
  throw new Failure('the public API changed: `npm run api` accepts it, and CHANGELOG.md should tell users');
});

/** Writes the report of what `entry` declares, and tells whether it is the accepted one. */
function agrees(name, entry, accept) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: inProject('package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: inProject(),
      mainEntryPointFilePath: inProject(entry),
      compiler: { tsconfigFilePath: inProject('js', 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: acceptedDir,
        reportTempFolder: currentDir,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        // What is wrong in the comments, TypeDoc says. Release tags are not used here: what is exported is public.
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: accept,
    messageCallback: (message) => {
      if (message.logLevel !== 'error') message.handled = true;
    },
  });
  if (errorCount > 0) throw new Failure(`the API of ${entry} could not be read`);
  return !apiReportChanged;
}
