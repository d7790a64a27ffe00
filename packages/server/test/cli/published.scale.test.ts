import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceStatus } from '../../src/cli/service/status.ts';
import { warnUnless } from '../support/not-run.ts';
import { basicKey, readDataset, SILENT, startDemo } from './demo-support.ts';
import { expectDocuments } from './release-support.ts';
import { createKeyIn, logIn, postJson, until, Workspace } from './support.ts';
import { hasSystemd, Systemd } from './systemd-support.ts';

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../scripts/package.mjs', import.meta.url));

let work: Workspace;
/** The package as npm installed it, in a directory that had nothing else. */
let installed: string;
/** The file of the package. */
let file: string;
beforeAll(async () => {
  work = await Workspace.create();
  // As `npm run package`, without the build: the run has built already, and other tests use it.
  const { stdout } = await run(process.execPath, [PACKAGE, '--out', work.path('packed')], { cwd: CHECKOUT });
  file = join(CHECKOUT, stdout.trim());
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

test('the package has the files that its documents tell the reader to use', async () => {
  for (const name of ['monitoring/alerts.yaml', 'containers/Containerfile', 'containers/compose.yaml'])
    expect((await stat(join(installed, name))).size).toBeGreaterThan(0);
  expect(await readdir(join(installed, 'containers/kubernetes'))).toContain('deployment.yaml');
});

test('the package has the documents, the licence, and the licences of all that is in the bundle', async () => {
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/operations.md'])
    expect((await stat(join(installed, name))).size).toBeGreaterThan(0);
  const notices = await readFile(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['fastify', 'pg', 'pino', 'react', '@mantine/core', 'graphile-worker'])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'));
});

test('its README names commands of the package, not of a checkout, and documents that it has', async () => {
  const readme = await readFile(join(installed, 'README.md'), 'utf8');
  const name = file.split('/').at(-1);
  expect(readme).toContain(`npx --package ./${name} rollcall demo`);
  expect(readme).not.toMatch(/npm ci|npm run|VERSION/);
  await expectDocuments(readme, installed);
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

/** A goal, with time for a busy machine. */
const NPX_LIMIT_S = 60;

test('npx with a warm cache shows the first page of a demo within a minute', async () => {
  const program = await realpath((await run('sh', ['-c', 'command -v npm'])).stdout.trim());
  const env = { HOME: work.path('home'), npm_config_cache: work.path('npm-cache') };
  await mkdir(env.HOME);
  const npx = (options: string[], args: string[]) => [
    ...['exec', '--yes', ...options, '--package', file, '--', 'rollcall', ...args],
  ];
  expect(await work.rollcall(npx(['--prefer-offline'], ['--version']), { program, env })).toMatchObject({
    code: 0,
  });
  // What npx installed goes, and the packages in the cache stay.
  await rm(join(env.npm_config_cache, '_npx'), { recursive: true });

  const sinceMs = performance.now();
  const demo = work.spawn(npx(['--offline'], ['demo', '--port', '0', '--data-dir', work.path('npx')]), {
    program,
    env,
  });
  const page = await fetch(`${await demo.baseUrl()}/console`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<script');
  const tookS = (performance.now() - sinceMs) / 1_000;
  process.stdout.write(`npx with a warm cache: ${tookS.toFixed(1)} s to the first page of a demo\n`);
  expect(tookS).toBeLessThan(NPX_LIMIT_S);
  demo.signalGroup('SIGTERM');
  await demo.exited;
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

warnUnless(hasSystemd, 'there is no systemd or this user may not make namespaces', 'the service');

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
    const outcome = await rollcall('service', 'install');
    expect(outcome).toMatchObject({ code: 0 });
    const [, url] =
      /^The service was started, and its server is ready at (http:\/\/127\.0\.0\.1:\d+)\. /.exec(
        outcome.stdout,
      ) ?? [];
    expect(await log()).toContain(`listening on ${url}`);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await rollcall('service', 'status')).toMatchObject({ code: 0 });
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

  test('the configuration file of the machine is that of the service and of commands of root', async () => {
    const file = '/etc/rollcall/rollcall.yaml';
    const write = (text: string) => systemd.run('sh', '-c', `umask 077; printf '${text}' >${file}`);
    await write(`public-url: https://presence.example.com\\n`);
    expect(await rollcall('service', 'install')).toMatchObject({ code: 0 });
    // The server is ready a moment before it says where it is.
    await until(async () => (await log()).includes('Rollcall is at https://presence.example.com'));
    expect((await rollcall('config')).stdout).toMatch(
      new RegExp(`public-url +https://presence\\.example\\.com +${file}:1`),
    );
    const examined = await rollcall('doctor', '--json', ...data);
    const { findings } = JSON.parse(examined.stdout) as { findings: { check: string; state: string }[] };
    expect(findings).toContainEqual(expect.objectContaining({ check: 'migrations', state: 'fine' }));
    await write(`prot: 1\\n`);
    expect(await rollcall('service', 'install')).toMatchObject({ code: 1 });
    await until(async () => (await log()).includes('rollcall-config:1: prot: There is no such setting.'));
    await systemd.run('rm', file);
    expect(await rollcall('service', 'install')).toMatchObject({ code: 0 });
  });

  test('a backup goes back in the place of its data', async () => {
    const [place, restored, file] = [
      '/var/lib/private/rollcall-data',
      '/var/lib/restored',
      '/var/lib/a.backup',
    ];
    expect(await rollcall('backup', file, ...data)).toMatchObject({ code: 0 });
    expect(await rollcall('orgs', 'create', 'later', ...data)).toMatchObject({ code: 0 });
    await systemd.run('systemctl', 'stop', 'rollcall.service');
    await systemd.run('mv', place, `${place}.after`);
    const key = ['--master-key-file', '/etc/rollcall/master.key'];
    expect(await rollcall('restore', file, '--data-dir', restored, ...key)).toMatchObject({ code: 0 });
    await systemd.run('mv', restored, place);
    expect(await rollcall('service', 'install')).toMatchObject({ code: 0 });
    const { stdout } = await rollcall('orgs', 'list', ...data);
    expect(stdout).toContain('acme');
    expect(stdout).not.toContain('later');
  });

  test('a second installation keeps settings and key, and replaces no unit of somebody else', async () => {
    const before = await systemd.run('sha256sum', '/etc/rollcall/master.key', '/etc/rollcall/rollcall.env');
    expect(JSON.parse((await rollcall('service', 'install', '--json')).stdout)).toMatchObject({
      written: ['/etc/systemd/system/rollcall.service'],
      started: true,
      restarted: true,
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

  test('a server that does not start, or is reached by TLS, is reported as it is', async () => {
    const settings = '/etc/rollcall/rollcall.env';
    const set = (...lines: string[]) =>
      systemd.run('sh', '-c', `printf '%s\\n' "$@" >>${settings}`, 'sh', ...lines);
    await systemd.run('rm', '/etc/systemd/system/rollcall.service');
    await set('ROLLCALL_LOG_LEVEL=nonsense');
    expect(await rollcall('service', 'install')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/The service was started, but its server ended: .*journalctl/),
    });
    await systemd.run('sed', '-i', '/nonsense/d', settings);
    const pair = [
      '-keyout',
      '/etc/rollcall/tls.key',
      '-out',
      '/etc/rollcall/tls.pem',
      '-subj',
      '/CN=localhost',
    ];
    await systemd.run('openssl', ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-days', '1'], ...pair);
    await systemd.run('chmod', '644', '/etc/rollcall/tls.key');
    await set(
      'HOST=::',
      'ROLLCALL_WORKERS=2',
      'ROLLCALL_TLS_CERT=/etc/rollcall/tls.pem',
      'ROLLCALL_TLS_KEY=/etc/rollcall/tls.key',
    );
    const outcome = await rollcall('service', 'install', '--json');
    expect(outcome).toMatchObject({ code: 0 });
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      started: true,
      url: expect.stringMatching(/^https:\/\/\[::1\]:\d+$/),
    });
  });

  test('into another root it only writes files and enables the unit, and judges paths of that root', async () => {
    const root = '/tmp/image';
    await systemd.run('mkdir', '-p', `${root}/opt`);
    expect(await rollcall('service', 'install', '--root', root)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/There is no \/opt\/node in \/tmp\/image: install/),
    });
    expect((await systemd.run('ls', root)).stdout).toBe('opt\n');
    await systemd.run('mount', '--rbind', '/opt', `${root}/opt`);
    for (const program of ['', root]) {
      const script = `${program}/opt/rollcall/node_modules/.bin/rollcall`;
      const options = ['service', 'install', '--root', root, '--json'];
      const { stdout } = await systemd.run(`${program}/opt/node`, script, ...options);
      expect(JSON.parse(stdout)).toMatchObject({ started: false, url: null });
      expect((await systemd.run('cat', `${root}/etc/systemd/system/rollcall.service`)).stdout).toContain(
        'ExecStart="/opt/node" "/opt/rollcall/node_modules/',
      );
    }
    const link = `${root}/etc/systemd/system/multi-user.target.wants/rollcall.service`;
    expect(await systemd.run('readlink', link)).toMatchObject({
      code: 0,
      stdout: '/etc/systemd/system/rollcall.service\n',
    });
  });
});
