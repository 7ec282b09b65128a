// Runs the Rust tests that need a browser, with a scripted server that they connect to.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PORT, startScriptedServer } from '../tests/support/scripted-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const port = Number(process.env.SCRIPTED_SERVER_PORT ?? DEFAULT_PORT);
const chromedriver = process.env.CHROMEDRIVER ?? '/usr/bin/chromedriver';
if (!existsSync(chromedriver)) {
  console.error(`${chromedriver} is missing: install chromium-driver, or set CHROMEDRIVER to where it is`);
  process.exit(1);
}

const server = await startScriptedServer(port).catch((error) => {
  console.error(
    `The scripted server cannot listen on port ${port} (set SCRIPTED_SERVER_PORT): ${error.message}`,
  );
  process.exit(1);
});
const child = spawn(
  'wasm-pack',
  ['test', '--headless', '--chrome', '--chromedriver', chromedriver, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [join(root, '.tools/bin'), process.env.PATH].join(delimiter),
      SCRIPTED_SERVER_PORT: String(port),
      // Seconds for the whole run. Long enough for a busy machine, but a test that hangs still ends.
      WASM_BINDGEN_TEST_TIMEOUT: process.env.WASM_BINDGEN_TEST_TIMEOUT ?? '300',
    },
  },
);
const code = await new Promise((resolve) => {
  child.once('error', (error) => {
    console.error(`wasm-pack could not be started: ${error.message}`);
    resolve(1);
  });
  child.once('exit', (status) => resolve(status ?? 1));
});
await server.close();
process.exit(code);
