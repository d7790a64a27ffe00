/*
 * Makes the package that is published: `rollcall`, one file with the command line, the server, the pages of the console, the
 * documents and the migrations. The bundle holds all other packages but a few, so an installation is small and compiles
 * nothing. Packs what was built last; `npm run package` builds first.
 * Usage: npm run package [-- --out DIRECTORY]; the default is release/ beside this checkout's README.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LOADED } from './loaded-packages.mjs';

const SERVER = fileURLToPath(new URL('..', import.meta.url));
const WORKSPACE = resolve(SERVER, '../..');
const CONSOLE = join(WORKSPACE, 'packages/console');

const { values } = parseArgs({ options: { out: { type: 'string', default: join(WORKSPACE, 'release') } } });
const staging = mkdtempSync(join(tmpdir(), 'rollcall-package-'));
try {
  stage();
  mkdirSync(values.out, { recursive: true });
  const packed = npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(values.out)],
    staging,
  );
  const [{ filename }] = JSON.parse(packed);
  console.log(relative('.', join(resolve(values.out), filename)));
} finally {
  rmSync(staging, { recursive: true });
}

function stage() {
  write('package.json', `${JSON.stringify(publicManifest(readManifest(SERVER)), null, 2)}\n`);
  for (const name of ['common-passwords.txt.gz', 'migrations', 'openapi.json'])
    cpSync(join(SERVER, name), join(staging, name), { recursive: true });
  cpSync(join(SERVER, 'dist/bin'), join(staging, 'dist/bin'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
  cpSync(join(CONSOLE, 'dist'), join(staging, 'console'), { recursive: true });
  for (const name of ['LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'monitoring', 'containers'])
    cpSync(join(WORKSPACE, name), join(staging, name), { recursive: true });
  // That of the checkout names commands of a checkout.
  const readme = readFileSync(join(SERVER, 'scripts/package-readme.md'), 'utf8');
  write('README.md', readme.replaceAll('VERSION', readManifest(SERVER).version));
  write('THIRD-PARTY-NOTICES.txt', notices());
}

function publicManifest(manifest) {
  const { version, license, type, engines, bin, dependencies, optionalDependencies } = manifest;
  return {
    name: 'rollcall',
    version,
    description: 'A self-hosted workplace-presence platform that speaks the Calven customer API',
    license,
    type,
    engines,
    bin,
    dependencies: Object.fromEntries(LOADED.map((name) => [name, dependencies[name]])),
    optionalDependencies,
  };
}

/** The licences of all packages whose code the bundle and the pages may hold. */
function notices() {
  const paths = npm(['ls', '--all', '--parseable', '--omit', 'dev'], WORKSPACE).split('\n');
  const pages = npm(['ls', '--all', '--parseable', '--workspace', '@rollcall/console'], WORKSPACE).split(
    '\n',
  );
  const folders = [...new Set([...paths, ...pages])].filter((path) => path.includes('/node_modules/')).sort();
  return folders.map(noticeOf).join('\n');
}

function noticeOf(folder) {
  const { name, version, license } = readManifest(folder);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license})`, '', ...texts, '', '-'.repeat(80), ''].join('\n');
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function write(name, text) {
  writeFileSync(join(staging, name), text);
}

/** Runs npm. Returns its standard output; shows what it says only if it fails. */
function npm(args, cwd) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const { status, error, stdout, stderr } = spawnSync('npm', args, {
    ...{ cwd, encoding: 'utf8', maxBuffer: 64 << 20, stdio },
  });
  if (status === 0) return stdout;
  process.stderr.write(stderr ?? '');
  throw error ?? new Error(`"npm ${args.join(' ')}" failed with exit code ${status}.`);
}
