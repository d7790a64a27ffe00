import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkReplication } from '../../src/cli/doctor/database.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkCertificates } from '../../src/cli/doctor/secrets.ts';
import { examine } from '../../src/cli/doctor.ts';
import { defaults } from '../../src/config.ts';
import { FILE_SETTINGS } from '../../src/config-file.ts';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { listMigrations, migrate } from '../../src/store/schema/migrate.ts';
import { asAdmin, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { warnUnless } from '../support/not-run.ts';
import { createKeyIn, superuserOf, Workspace } from './support.ts';
import { urlOf } from './url-support.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/rollcall.js', import.meta.url));
const DAY_MS = 86_400_000;
const hasNamespaces = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0;
warnUnless(hasNamespaces, 'this user may not make namespaces', 'a full disk');

let work: Workspace;
let db: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  work = await Workspace.create();
  db = await createTestDatabase();
  await writeFile(work.path('key'), `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(work.path('other-key'), `${Buffer.alloc(32, 2).toString('base64')}\n`, { mode: 0o600 });
  env = { DATABASE_URL: urlOf(db.target), ROLLCALL_MASTER_KEY_FILE: work.path('key') };
});
afterAll(async () => {
  await work.close();
  await db.drop();
});

interface Report {
  healthy: boolean;
  findings: Finding[];
}

/** Runs it, and expects that its exit code says what its findings say. */
async function doctor(args: string[] = [], variables: Record<string, string> = env) {
  const { code, stdout, stderr } = await work.rollcall(['doctor', '--json', ...args], { env: variables });
  expect(stderr).toBe('');
  return read(stdout, code);
}

function read(stdout: string, code: number | null) {
  const { healthy, findings } = JSON.parse(stdout) as Report;
  const toMend = findings.filter(({ state }) => state === 'mend');
  expect({ code, healthy }).toEqual({ code: toMend.length > 0 ? 1 : 0, healthy: toMend.length === 0 });
  for (const { remedy } of toMend) expect(remedy).toMatch(/^[A-Z].*\.$/);
  return (check: string) => findings.find((each) => each.check === check);
}

const target = (user: string, password: string): DatabaseTarget => ({ ...db.target, user, password });

describe('rollcall doctor, of a database URL', () => {
  test('finds nothing to mend where all is well, and says so in words, too', async () => {
    const of = await doctor();
    for (const check of ['database', 'clock', 'migrations', 'replication', 'master key', 'data directory'])
      expect(of(check)).toMatchObject({ state: 'fine', remedy: null });
    expect(of('database')?.found).toMatch(/^PostgreSQL \d+\.\d+ answers; the data takes \d+ MiB\.$/);
    expect(of('roles')).toMatchObject({
      state: 'advice',
      remedy: expect.stringContaining('--serving-database-url'),
    });
    const { stdout } = await work.rollcall(['doctor'], { env });
    expect(stdout).toContain('ok      migrations: The schema is that of this release.\n');
    expect(stdout).toMatch(/^advice {2}roles: .*\n {8}Give --serving-database-url/m);
  });

  test('finds a database that is out of reach, and still reports the rest', async () => {
    const of = await doctor([], { ...env, DATABASE_URL: 'postgres://a:hidden@127.0.0.1:1/none' });
    expect(of('database')).toMatchObject({
      state: 'mend',
      found: expect.stringContaining('did not accept the connection'),
    });
    expect(JSON.stringify(of('database'))).not.toContain('hidden');
    expect(of('open files')).toBeDefined();
  });

  test('finds a clock that differs from that of the database', async () => {
    const config = {
      ...defaults(FILE_SETTINGS),
      databaseUrl: urlOf(db.target),
      masterKeyFile: work.path('key'),
    };
    const clockOf = async (aheadMs: number) =>
      (await examine(config, () => Date.now() + aheadMs)).find(({ check }) => check === 'clock');
    expect(await clockOf(0)).toMatchObject({ state: 'fine' });
    expect(await clockOf(3_600_000)).toMatchObject({
      state: 'mend',
      found: expect.stringMatching(
        /^The clock of the database is 36\d\d seconds behind that of this machine\.$/,
      ),
    });
    expect(await clockOf(-3_600_000)).toMatchObject({
      state: 'mend',
      found: expect.stringContaining('ahead of'),
    });
  });

  test('finds migrations that are due or unknown, and migrates nothing', async () => {
    const older = await createTestDatabase({ migrated: false });
    try {
      const variables = { ...env, DATABASE_URL: urlOf(older.target) };
      const names = await listMigrations();
      expect((await doctor([], variables))('migrations')).toMatchObject({
        state: 'mend',
        found: `${names.length} migrations of this release are due, from ${names[0]} on.`,
      });
      await migrate(older.target, { upTo: names.at(-3) ?? '' });
      for (let run = 0; run < 2; run++)
        expect((await doctor([], variables))('migrations')?.found).toBe(
          `2 migrations of this release are due, from ${names.at(-2)} on.`,
        );
      await migrate(older.target);
      await older.owner.inSystem((tx) =>
        tx.query("INSERT INTO migrations (name, run_on) VALUES ('9999_later', now())"),
      );
      expect((await doctor([], variables))('migrations')).toMatchObject({
        state: 'mend',
        found: expect.stringContaining(
          'A newer Rollcall wrote this database: it has the migration 9999_later',
        ),
      });
    } finally {
      await older.drop();
    }
  });

  test('finds roles that row-level security does not bind, or that may do too much', async () => {
    const role = `doctor_${db.target.database}`;
    await asAdmin((client) => client.query(`CREATE ROLE ${role} LOGIN BYPASSRLS PASSWORD 'of the test'`));
    try {
      await db.owner.inSystem((tx) =>
        tx.query(
          `GRANT USAGE ON SCHEMA rollcall TO ${role}; GRANT SELECT ON migrations, instance_settings TO ${role}`,
        ),
      );
      const of = await doctor([], { ...env, DATABASE_URL: urlOf(target(role, 'of the test')) });
      expect(of('roles')).toMatchObject({
        state: 'mend',
        found: expect.stringContaining(`${role} is exempt from row-level security`),
        remedy: expect.stringContaining('GRANT rollcall_app TO'),
      });
      const asOwner = await doctor(['--serving-database-url', urlOf(db.target)]);
      expect(asOwner('roles')).toMatchObject({
        state: 'mend',
        found: expect.stringContaining('it owns the schema'),
      });
    } finally {
      await db.owner.inSystem((tx) =>
        tx.query(
          `REVOKE ALL ON SCHEMA rollcall FROM ${role}; REVOKE ALL ON migrations, instance_settings FROM ${role}`,
        ),
      );
      await asAdmin((client) => client.query(`DROP ROLE ${role}`));
    }
  });

  test('finds a replication slot that nobody reads', async () => {
    const slot = `doctor_${db.target.database}`;
    await asAdmin((client) => client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]));
    try {
      expect((await doctor())('replication')).toMatchObject({
        state: 'mend',
        found: expect.stringContaining(`Nobody reads the replication slot ${slot}, and keeps `),
        remedy: expect.stringContaining(`call pg_drop_replication_slot('${slot}')`),
      });
    } finally {
      await asAdmin((client) => client.query('SELECT pg_drop_replication_slot($1)', [slot]));
    }
  });

  test('finds a standby that is more than a minute behind', () => {
    const withLag = (longestLagS: number | null) =>
      checkReplication(
        {
          isStandby: false,
          replication: {
            standbys: 1,
            hidden: 0,
            synchronous: 0,
            longestLagS,
            waitsForStandby: false,
            unusedSlots: [],
          },
        },
        'rollcall',
      );
    expect(withLag(61)).toMatchObject({ state: 'mend', found: 'A standby is 61 seconds behind.' });
    for (const lagS of [59, null]) expect(withLag(lagS)).toMatchObject({ state: 'fine' });
  });

  test('finds a master key that is not that of the database, or is missing', async () => {
    expect((await work.rollcall(['orgs', 'list'], { env })).code).toBe(0);
    expect((await doctor())('master key')).toMatchObject({ state: 'fine' });
    const of = await doctor(['--master-key-file', work.path('other-key')]);
    expect(of('master key')).toMatchObject({
      state: 'mend',
      remedy: expect.stringContaining('from your copy'),
    });
    const { DATABASE_URL = '' } = env;
    expect((await doctor([], { DATABASE_URL }))('master key')).toMatchObject({
      state: 'mend',
      found: 'No source gives a master key.',
    });
  });
});

describe('rollcall doctor, of TLS', () => {
  const settings = () => ({
    ...defaults(FILE_SETTINGS),
    tlsCert: work.path('cert.pem'),
    tlsKey: work.path('tls.key'),
  });
  const make = (name: string, days: number) =>
    promisify(execFile)('openssl', [
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-days', String(days), '-subj', `/CN=${name}`],
      ...['-keyout', work.path('tls.key'), '-out', work.path('cert.pem')],
    ]);

  test('finds a certificate that has ended, ends soon, or is not valid yet', async () => {
    await make('rollcall.example.com', 90);
    const at = (days: number) => checkCertificates(settings(), Date.now() + days * DAY_MS);
    expect(await at(0)).toMatchObject({
      state: 'fine',
      found: expect.stringMatching(/valid for (89|90) more days/),
    });
    expect(await at(80)).toMatchObject({
      state: 'mend',
      found: expect.stringMatching(/ends in (9|10) days/),
    });
    expect(await at(91)).toMatchObject({ state: 'mend', found: expect.stringContaining('has ended on') });
    expect(await at(-2)).toMatchObject({ state: 'mend', found: expect.stringContaining('is valid from') });
    await make('rollcall.example.com', 1);
    const args = ['--tls-cert', work.path('cert.pem'), '--tls-key', work.path('tls.key')];
    expect((await doctor(args))('TLS certificate')).toMatchObject({ state: 'mend' });
  });

  test('advises if other users may read the key', async () => {
    await make('rollcall.example.com', 90);
    const args = ['--tls-cert', work.path('cert.pem'), '--tls-key', work.path('tls.key')];
    expect((await doctor(args))('TLS key')).toMatchObject({ state: 'fine' });
    await chmod(work.path('tls.key'), 0o644);
    expect((await doctor(args))('TLS key')).toMatchObject({
      state: 'advice',
      found: expect.stringContaining('is open to other users'),
      remedy: expect.stringMatching(/^Run "chmod /),
    });
  });

  test('finds a key that does not belong to the certificate', async () => {
    await make('other.example.com', 90);
    const of = await doctor(['--tls-cert', work.path('cert.pem'), '--tls-key', work.path('key')]);
    expect(of('TLS certificate')).toMatchObject({
      state: 'mend',
      found: expect.stringContaining('TLS cannot use'),
    });
  });
});

describe('rollcall doctor, of the machine', () => {
  const inShell = async (script: string, args: string[]) => {
    const command = [process.execPath, MAIN, 'doctor', '--json', ...args];
    const outcome = await promisify(execFile)('sh', ['-c', `${script}; exec "$@"`, 'sh', ...command], {
      env: { PATH: process.env.PATH, ...env },
      cwd: '/',
    }).catch((error) => error);
    return read(outcome.stdout, outcome.code ?? 0);
  };

  test('finds a limit of open files that is too low', async () => {
    expect((await inShell('ulimit -n 512', []))('open files')).toMatchObject({
      state: 'mend',
      found: expect.stringContaining('may open 512 files'),
    });
    expect((await inShell('ulimit -n 4096', []))('open files')).toMatchObject({ state: 'fine' });
  });

  test('finds a clock that nothing keeps right', async () => {
    // What the program of systemd says on such a machine.
    for (const [says, state] of [
      ['echo no', 'mend'],
      ['echo yes', 'fine'],
      ['exit 1', 'unknown'],
    ] as const) {
      await mkdir(work.path('bin'), { recursive: true });
      await writeFile(work.path('bin/timedatectl'), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
      const of = await doctor([], { ...env, PATH: `${work.path('bin')}:${process.env.PATH}` });
      expect(of('time service')?.state).toBe(state);
    }
  });

  test.skipIf(!hasNamespaces)('finds a disk that is full, without making data on it', async () => {
    const dir = work.path('small');
    await mkdir(dir, { mode: 0o700 });
    const of = await inShell(
      `exec unshare --mount sh -c 'unset DATABASE_URL ROLLCALL_MASTER_KEY_FILE; mount -t tmpfs -o size=64m,mode=700 tmpfs ${dir} && exec "$@"' sh "$@"`,
      ['--data-dir', dir, '--log-file', `${dir}/logs/rollcall.log`],
    );
    expect(of('log disk')).toMatchObject({
      state: 'mend',
      remedy: expect.stringContaining('--log-file-mib'),
    });
    expect(of('disk')).toMatchObject({
      state: 'mend',
      found: expect.stringMatching(/^6\d MiB of 64 MiB are free at .*; 1\.0 GiB are needed\.$/),
    });
    expect(of('database')).toMatchObject({ state: 'unknown', found: expect.stringContaining('no database') });
  });
});

describe('rollcall doctor, of a data directory', () => {
  test('makes none, and works with a server or without', async () => {
    const dir = work.path('data');
    const args = ['--data-dir', dir];
    const before = await doctor(args, {});
    expect(before('database')).toMatchObject({ state: 'unknown' });
    expect(existsSync(dir)).toBe(false);
    await createKeyIn(work, dir);
    const { server } = await work.start(['serve', ...args]);
    const beside = await doctor(args, {});
    await server.stop();
    const alone = await doctor(args, {});
    for (const of of [beside, alone])
      for (const check of [
        'data directory',
        'master key',
        'database',
        'clock',
        'roles',
        'migrations',
        'replication',
      ])
        expect(of(check)).toMatchObject({ check, state: 'fine' });

    await writeFile(work.path('data/master.key'), `${Buffer.alloc(32, 3).toString('base64')}\n`);
    expect((await doctor(args, {}))('master key')).toMatchObject({ state: 'mend' });
    await chmod(work.path('data/master.key'), 0o644);
    for (const mode of [0o644, 0o600]) {
      await chmod(work.path('data/master.key'), mode);
      if (mode === 0o600) await chmod(dir, 0o755);
      expect((await doctor(args, {}))('data directory')).toMatchObject({
        state: 'mend',
        found: expect.stringContaining('is open to other users of this machine'),
        remedy: expect.stringMatching(/^Run "chmod (600|go-rw) /),
      });
    }
  });

  test('finds a database that waits for a standby that is not there', async () => {
    const dir = work.path('waiting');
    await createKeyIn(work, dir);
    const { server } = await work.start(['serve', '--data-dir', dir]);
    const admin = new pg.Client(await superuserOf(dir));
    await admin.connect();
    const set = async (names: string) => {
      await admin.query(`ALTER SYSTEM SET synchronous_standby_names TO '${names}'`);
      await admin.query('SELECT pg_reload_conf()');
    };
    try {
      await set('elsewhere');
      await expect
        .poll(async () => (await doctor(['--data-dir', dir], {}))('replication'))
        .toMatchObject({ state: 'mend', found: expect.stringContaining('waits for a synchronous standby') });
    } finally {
      await set('');
      await admin.end();
    }
    await server.stop();
  });
});
