import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceStatus } from '../../src/cli/service/status.ts';
import { basicKey, readDataset, SILENT, startDemo } from './demo-support.ts';
import { createKeyIn, logIn, postJson, until, Workspace } from './support.ts';
import { hasSystemd, Systemd } from './systemd-support.ts';

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url));

let work: Workspace;
/** The package as npm installed it, in a directory that had nothing else. */
let installed: string;
beforeAll(async () => {
  work = await Workspace.create();
  const { stdout } = await run('npm', ['run', '--silent', 'package', '--', '--out', work.path('packed')], {
    cwd: CHECKOUT,
  });
  const file = join(CHECKOUT, stdout.trim());
  const folder = work.path('installed');
  await mkdir(folder);
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', '--prefix', folder, ...quietly, file], { cwd: folder });
  installed = join(folder, 'node_modules/rollcall');
  work.program = join(folder, 'node_modules/.bin/rollcall');
});
afterAll(() => work.close());

test('an installation runs no script, has few packages, and none of the workspace', async () => {
  const names = await readdir(work.path('installed/node_modules'));
  expect(names).not.toContain('@rollcall');
  expect(names.length).toBeLessThan(50);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('scripts');
  expect(manifest).not.toHaveProperty('devDependencies');
});

test('the package has the documents, the licence, and the licences of all that is in the bundle', async () => {
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/operations.md'])
    expect((await stat(join(installed, name))).size).toBeGreaterThan(0);
  const notices = await readFile(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['fastify', 'pg', 'pino', 'react', '@mantine/core', 'graphile-worker'])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'));
});

test('its demo is live, with the pages of the console and the reference of the API', async () => {
  const { server, baseUrl, credentials } = await startDemo(work, 'demo', SILENT);
  expect(await readDataset(baseUrl, 'users/basic', basicKey(credentials))).not.toEqual([]);
  for (const path of ['/console', '/docs']) {
    const page = await fetch(baseUrl + path);
    expect({ path, status: page.status }).toEqual({ path, status: 200 });
    const html = await page.text();
    const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? expect.fail(`No script: ${html}`);
    expect((await fetch(new URL(script, page.url))).status).toBe(200);
  }
  await server.stop();
});

test('it serves an organisation, and backs it up', async () => {
  const dataDir = work.path('own');
  const key = await createKeyIn(work, dataDir);
  const { server, baseUrl } = await work.start(['serve', '--data-dir', dataDir]);
  const { token } = await logIn(baseUrl, key);
  const made = await postJson(
    `${baseUrl}/v1/manage/locations`,
    { items: [{ locationName: 'Head office', timeZone: 'Europe/London' }] },
    token,
  );
  expect(made.status).toBe(200);
  const file = work.path('own.backup');
  expect(await work.rollcall(['backup', file, '--include-master-key', '--data-dir', dataDir])).toMatchObject({
    code: 0,
  });
  await server.stop();

  const restored = work.path('restored');
  expect(await work.rollcall(['restore', '--verify', file])).toMatchObject({ code: 0 });
  expect(await work.rollcall(['restore', file, '--data-dir', restored])).toMatchObject({ code: 0 });
  const again = await work.start(['serve', '--data-dir', restored]);
  const { token: later } = await logIn(again.baseUrl, key);
  const reply = await fetch(`${again.baseUrl}/v1/analytics/locations`, {
    headers: { authorization: `Bearer ${later}` },
  });
  expect(await reply.json()).toMatchObject([{ locationName: 'Head office' }]);
  await again.server.stop();
});

describe.skipIf(!hasSystemd)('As a service of systemd (needs root and systemd)', () => {
  let systemd: Systemd;
  const rollcall = (...args: string[]) =>
    systemd.run('/opt/node', '/opt/rollcall/node_modules/.bin/rollcall', ...args);
  const log = async () => (await systemd.run('cat', '/run/rollcall.log')).stdout;
  const statusOf = async () =>
    JSON.parse((await rollcall('service', 'status', '--json')).stdout) as ServiceStatus;
  const data = ['--data-dir', '/var/lib/rollcall-data', '--master-key-file', '/etc/rollcall/master.key'];

  beforeAll(async () => {
    systemd = await Systemd.boot(work.path('installed'));
    const override = '/etc/systemd/system/rollcall.service.d';
    // There is no journal in there.
    const lines =
      '[Service]\\nStandardError=append:/run/rollcall.log\\nStandardOutput=append:/run/rollcall.log\\nEnvironment=PORT=0\\n';
    await systemd.run('sh', '-c', `mkdir ${override} && printf '${lines}' >${override}/log.conf`);
  });
  afterAll(() => systemd?.close());

  test('one command installs it, and it serves as a user that owns nothing else', async () => {
    expect(await rollcall('service', 'status')).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('not-installed'),
    });
    expect(await rollcall('service', 'install')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The service runs'),
    });
    expect(await rollcall('service', 'status')).toMatchObject({ code: 0 });
    const address = async () => /listening on (http:[^"]+)/.exec(await log())?.[1];
    await until(async () => (await address()) !== undefined);
    await until(async () => (await fetch(`${await address()}/readyz`)).status === 200);
    for (const file of ['master.key', 'rollcall.env'])
      expect((await systemd.run('stat', '--format=%a %U', `/etc/rollcall/${file}`)).stdout).toBe(
        '600 root\n',
      );
    // The credential is the only copy.
    expect((await systemd.run('ls', '/var/lib/rollcall-data')).stdout).not.toContain('master.key');
  });

  test('the unit is closed: systemd-analyze gives it at most 2.0', async () => {
    const { stdout } = await systemd.run(
      'systemd-analyze',
      'security',
      '--offline=true',
      '--no-pager',
      '/etc/systemd/system/rollcall.service',
    );
    expect(Number(/Overall exposure level[^:]*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(2);
  });

  test('commands of root reach its data, and what they wrote is there after the server was killed', async () => {
    expect(await rollcall('orgs', 'create', 'acme', '--time-zone', 'Europe/London', ...data)).toMatchObject({
      code: 0,
    });
    const { pid } = await statusOf();
    await systemd.run('kill', '-KILL', String(pid));
    await until(async () => {
      const status = await statusOf();
      return status.state === 'active' && status.restarts === 1 && status.pid !== pid;
    });
    await until(async () => (await log()).split('listening on').length > 2);
    expect((await rollcall('orgs', 'list', ...data)).stdout).toContain('acme');
  });

  test('a second installation keeps settings and key, and replaces no unit of somebody else', async () => {
    const before = await systemd.run('sha256sum', '/etc/rollcall/master.key', '/etc/rollcall/rollcall.env');
    expect(JSON.parse((await rollcall('service', 'install', '--json')).stdout)).toMatchObject({
      written: ['/etc/systemd/system/rollcall.service'],
      started: true,
    });
    expect(await systemd.run('sha256sum', '/etc/rollcall/master.key', '/etc/rollcall/rollcall.env')).toEqual(
      before,
    );
    await systemd.run('systemctl', 'stop', 'rollcall.service');
    expect((await statusOf()).pid).toBeNull();
    await systemd.run('sed', '-i', '1d', '/etc/systemd/system/rollcall.service');
    expect(await rollcall('service', 'install')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this command did not write it'),
    });
  });

  test('into another root it only writes files and enables the unit', async () => {
    expect(
      JSON.parse((await rollcall('service', 'install', '--root', '/run/image', '--json')).stdout),
    ).toMatchObject({ started: false });
    const link = '/run/image/etc/systemd/system/multi-user.target.wants/rollcall.service';
    expect(await systemd.run('readlink', link)).toMatchObject({
      code: 0,
      stdout: '/etc/systemd/system/rollcall.service\n',
    });
  });
});
