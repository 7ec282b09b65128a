// Checks that the native engine and the WebAssembly engine give the same results: replays a long history in both and compares.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { targetDir, toolsDir } from './support/project.mjs';
import { entryPoint, run } from './support/report.mjs';

await entryPoint(async () => {
  const replay = path.join(targetDir, 'native-replay.jsonl');
  // Quiet, because cargo's messages would mix with the output.
  writeFileSync(
    replay,
    await run(['cargo', 'run', '--quiet', '--locked', '-p', 'signals-engine', '--example', 'replay']),
  );
  await run(
    [
      'cargo',
      'test',
      '--locked',
      '--target',
      'wasm32-unknown-unknown',
      '-p',
      'signals-engine',
      '--test',
      'agreement',
    ],
    {
      env: {
        NATIVE_REPLAY: replay,
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: path.join(toolsDir, 'bin', 'wasm-bindgen-test-runner'),
      },
      show: true,
    },
  );
});
