// Builds the npm packages of the mock server into target/npm/: one with the program for this platform, and `signals-mock-server`,
// which depends on the packages of all platforms. Build the server and the shop first.
//
// For a release, first copy the folders from other platforms into target/npm/.

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { inProject, serverBinary, serverPackagesDir, shopDir } from './support/project.mjs';
import { attempt, entryPoint, Failure, run } from './support/report.mjs';

const LAUNCHER = 'signals-mock-server';
// The release workflow sets `repository` in package.json first, because npm compares it with the provenance.
const { version, license, engines, repository } = readJson(inProject('package.json'));

await entryPoint(async () => {
  // Tests may provide a server that was built elsewhere.
  const program = process.env.SIGNALS_MOCK_SERVER ?? serverBinary;
  for (const needed of [program, shopDir]) {
    if (!existsSync(needed)) throw new Failure(`${needed} is missing: run \`npm run build\` first`);
  }
  await platformPackage(program);
  launcherPackage();
});

async function platformPackage(program) {
  const says = await run([program, '--version']);
  if (says.trim() !== `signals-mock-server ${version}`)
    throw new Failure(`${program} is ${says.trim()}: package.json has version ${version}`);
  const libc = process.platform === 'linux' ? { libc: [isGlibc() ? 'glibc' : 'musl'] } : {};
  const platform = [process.platform, process.arch, ...(libc.libc ?? [])].join('-').replace('glibc', 'gnu');
  const folder = emptyFolder(platform);
  writeJson(path.join(folder, 'package.json'), {
    name: `@signals-mock-server/${platform}`,
    version,
    description: `The program of signals-mock-server for ${platform}.`,
    license,
    repository,
    type: 'commonjs',
    os: [process.platform],
    cpu: [process.arch],
    ...libc,
    files: ['signals-mock-server'],
    engines,
    preferUnplugged: true,
    publishConfig: { access: 'public', provenance: true },
  });
  writeFileSync(
    path.join(folder, 'README.md'),
    `# @signals-mock-server/${platform}\n\nThe program of \`signals-mock-server\` for ${platform}. Install \`signals-mock-server\` instead.\n`,
  );
  const packed = path.join(folder, 'signals-mock-server');
  cpSync(program, packed);
  chmodSync(packed, 0o755);
  // Symbols make up a fifth of the program. Without the `strip` command they stay in.
  await attempt(['strip', packed]);
}

function launcherPackage() {
  const folder = emptyFolder(LAUNCHER);
  const manifest = readJson(inProject('npm', LAUNCHER, 'package.json'));
  const platforms = readdirSync(serverPackagesDir)
    .filter((name) => name !== LAUNCHER && existsSync(path.join(serverPackagesDir, name, 'package.json')))
    .map((name) => readJson(path.join(serverPackagesDir, name, 'package.json')));
  const other = platforms.find((platform) => platform.version !== version);
  if (other) throw new Failure(`${other.name} in target/npm/ is ${other.version}, not ${version}: remove it`);
  cpSync(inProject('npm', LAUNCHER), folder, { recursive: true });
  cpSync(shopDir, path.join(folder, 'shop'), { recursive: true });
  writeJson(path.join(folder, 'package.json'), {
    ...manifest,
    version,
    repository,
    optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [name, version])),
  });
}

function emptyFolder(name) {
  const folder = path.join(serverPackagesDir, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(inProject(file), path.join(folder, file));
  return folder;
}

function isGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
