// `npm start`: installs missing tools, builds, and serves the demo e-shop with the mock server until you stop it. PORT and HOST
// set the address. The server receives SIGNALS_* variables and the arguments after `--`.

import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { serverBinary, shopDir } from './support/project.mjs';
import { entryPoint } from './support/report.mjs';

await entryPoint(async () => {
  await setUp();
  await build();
  process.exitCode = await serve();
});

/** Runs the server in the foreground. A signal to this process stops it cleanly. Returns its exit code. */
function serve() {
  const { PORT, HOST } = process.env;
  const address = [...(PORT ? ['--port', PORT] : []), ...(HOST ? ['--host', HOST] : [])];
  const server = spawn(serverBinary, [...address, '--www', shopDir, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('close', (code) => resolve(code ?? 1));
  });
}
