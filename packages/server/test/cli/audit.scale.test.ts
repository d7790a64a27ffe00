import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUDIT_ACTIONS, type AuditAction } from '../../src/http/audit/actions.ts';
import { addAuditEntries, type NewAuditEntry } from '../../src/store/audit/entries.ts';
import { Database } from '../../src/store/connections/db.ts';
import { organisationIds } from '../../src/store/directory/organisations.ts';
import { until } from '../support/waiting.ts';
import { superuserOf, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
});
afterAll(() => work.close());

const rollcall = (...args: string[]) => work.rollcall([...args, '--data-dir', dataDir]);
const actionsIn = (ndjson: string) =>
  ndjson
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).action as string);

test('the commands check the chain, find a changed entry, print entries once each, and set how long they are kept', async () => {
  await work.json(['orgs', 'create', 'acme', '--data-dir', dataDir]);
  await rollcall(
    'keys',
    'create',
    '--name',
    'door',
    '--role',
    'submitting-events',
    '--authentication',
    'basic',
  );
  expect((await rollcall('audit', 'verify')).stdout).toContain(
    '0 batches, of which 0 are pruned; 2 entries wait',
  );
  expect((await rollcall('jobs', 'run', 'audit')).code).toBe(0);
  const whole = await rollcall('audit', 'verify');
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The chain is whole: 2 entries in 1 batches'),
  });
  const [, head = ''] = /The last batch is (\S+)/.exec(whole.stdout) ?? [];
  expect((await rollcall('audit', 'verify', '--head', head)).code).toBe(0);
  const other = await rollcall('audit', 'verify', '--head', `1:${'0'.repeat(64)}`);
  expect(other).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('another one than the one that you noted'),
  });

  const tail = () => rollcall('audit', 'tail', '--once', '--state', work.path('state'));
  expect(actionsIn((await tail()).stdout)).toEqual(['organisation.created', 'key.created']);
  expect((await tail()).stdout).toBe('');
  expect((await rollcall('audit', 'keep', '24')).code).toBe(0);
  expect((await rollcall('audit', 'keep', '0')).code).toBe(1);
  expect(actionsIn((await tail()).stdout)).toEqual(['settings.changed']);
  expect(actionsIn((await rollcall('audit', 'tail', '--once')).stdout)).toEqual([
    'organisation.created',
    'key.created',
    'settings.changed',
  ]);

  // The embedded server runs as long as a command or a server uses it.
  const { server } = await work.start(['serve', '--data-dir', dataDir]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  await owner.inSystem((tx) =>
    tx.query(`UPDATE audit_entries SET metadata = '{"role":"all"}' WHERE action = 'key.created'`),
  );
  await owner.close();
  const broken = await rollcall('audit', 'verify');
  expect(broken).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/The entry \S+ \(key\.created, .*\) of batch 1 was changed\./),
  });
  await server.stop();
});

const MANY = 2_500;
const YEAR_MS = 365 * 86_400_000;
const entryAt = (atMs: number) => ({
  ...{ entryId: randomUUID(), occurredAt: new Date(atMs), action: 'session.ended', version: 1 },
  subjects: [],
  context: { address: null, userAgent: null, correlationId: null },
  metadata: { sessions: 'own' },
});

test('tail writes a file that rotates, of one organisation or of all', async () => {
  const place = ['--data-dir', work.path('tailed')];
  for (const slug of ['acme', 'beta']) await work.json(['orgs', 'create', slug, ...place]);
  const file = work.path('audit.ndjson');
  const files = ['--out', file, '--out-files-kept', '2', '--state', work.path('tailed.state')];
  const tail = (...args: string[]) => work.rollcall(['audit', 'tail', '--once', ...args, ...place]);
  const linesIn = async (path: string) =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  expect(await tail('--all-organisations', '--org', 'acme')).toMatchObject({
    code: 1,
    stderr: 'rollcall: Give --org or --all-organisations, not both.\n',
  });
  expect(await tail('--all-organisations', ...files)).toMatchObject({ code: 0, stdout: '' });
  const created = (organisation: string) => ({ organisation, action: 'organisation.created' });
  expect((await linesIn(file)).toSorted((a, b) => (a.organisation < b.organisation ? -1 : 1))).toMatchObject([
    created('acme'),
    created('beta'),
  ]);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');

  // A later run goes on, finds organisations that are new, and adds to the file.
  expect(await tail('--all-organisations', ...files)).toMatchObject({ code: 0 });
  expect(await linesIn(file)).toHaveLength(2);
  await work.json(['orgs', 'create', 'gamma', ...place]);
  expect(await tail('--all-organisations', ...files)).toMatchObject({ code: 0 });
  expect(await linesIn(file)).toMatchObject([{}, {}, created('gamma')]);
  expect(await tail('--org', 'acme', ...files)).toMatchObject({ code: 0 });
  expect(await linesIn(file)).toHaveLength(3);
  await writeFile(work.path('no.state'), '{}');
  expect(await tail('--org', 'acme', '--state', work.path('no.state'))).toMatchObject({
    code: 1,
    stderr: `rollcall: The file ${work.path('no.state')} is no state of this command.\n`,
  });

  // A state says up to where which organisation is printed: another one begins at its first entry.
  const one = (org: string) => tail('--org', org, '--state', work.path('one.state'));
  const actionsOf = async (org: string) => (await one(org)).stdout.match(/"action":"[a-z.]+"/g);
  for (const org of ['acme', 'beta']) {
    expect(await actionsOf(org)).toEqual(['"action":"organisation.created"']);
    expect(await actionsOf(org)).toBeNull();
  }

  // A file that is as large as it may be gets another name, before the next lines.
  await writeFile(file, `${'x'.repeat(1024 * 1024)}\n`);
  for (const kept of [1, 2, 3]) {
    await work.rollcall(['audit', 'keep', String(20 + kept), '--org', 'acme', ...place]);
    await tail('--org', 'acme', '--out', file, '--out-mib', '1', '--out-files-kept', '2');
    const [current] = await linesIn(file);
    expect(current).toMatchObject({ action: 'organisation.created' });
    expect(current).not.toHaveProperty('organisation');
    await appendFile(file, `${' '.repeat(1024 * 1024)}\n`);
  }
  expect((await readdir(dirname(file))).filter((name) => name.startsWith('audit.ndjson')).toSorted()).toEqual(
    ['audit.ndjson', 'audit.ndjson.1', 'audit.ndjson.2'],
  );
  const nowhere = work.path('none/audit.ndjson');
  expect(await tail('--org', 'acme', '--out', nowhere)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`rollcall: The file ${nowhere} cannot be written: `),
  });
});

test('tail keeps no transaction open for a slow reader, and keep does not delete without being told', async () => {
  const data = ['--data-dir', work.path('many')];
  await work.json(['orgs', 'create', 'acme', ...data]);
  const { server } = await work.start(['serve', ...data]);
  const owner = new Database({ target: await superuserOf(work.path('many')), as: 'owner' });
  const [tenantId = ''] = await owner.inSystem(organisationIds);
  const nowMs = Date.now();
  const add = (entries: NewAuditEntry[]) => owner.inTenant(tenantId, (tx) => addAuditEntries(tx, entries));
  await add([
    entryAt(nowMs - 3 * YEAR_MS),
    ...Array.from({ length: MANY }, (_, index) => entryAt(nowMs - index)),
  ]);

  const slow = work.spawn(['audit', 'tail', ...data]);
  slow.pauseReading();
  await until(() => slow.hasUnread);
  const open = async () => {
    const { rows } = await owner.inSystem((tx) =>
      tx.query(
        `SELECT count(*)::integer AS count FROM pg_stat_activity
         WHERE application_name = 'rollcall' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`,
      ),
    );
    return rows[0].count as number;
  };
  await expect.poll(open).toBe(0);
  slow.signal('SIGINT');
  await until(() => slow.hasEnded);

  const tail = (...more: string[]) => work.rollcall(['audit', 'tail', '--once', ...more, ...data]);
  const idsIn = (ndjson: string) =>
    ndjson
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).entryId as string);
  const printed = idsIn((await tail('--state', work.path('many-state'))).stdout);
  expect(new Set(printed).size).toBe(MANY + 2);
  expect(printed).toHaveLength(MANY + 2);
  const late = entryAt(nowMs - YEAR_MS);
  await add([late]);
  expect(idsIn((await tail('--state', work.path('many-state'))).stdout)).toEqual([late.entryId]);
  const since = new Date(nowMs - YEAR_MS - 1).toISOString();
  expect(idsIn((await tail('--since', since)).stdout)).toHaveLength(MANY + 2);

  // A batch of its own, which ended three years ago.
  await work.json(['orgs', 'create', 'old', ...data]);
  expect((await work.rollcall(['jobs', 'run', 'audit', ...data])).code).toBe(0);
  const [oldId = ''] = (await owner.inSystem(organisationIds)).filter((id) => id !== tenantId);
  await owner.inTenant(oldId, (tx) => addAuditEntries(tx, [entryAt(nowMs - 3 * YEAR_MS)]));
  expect((await work.rollcall(['jobs', 'run', 'audit', ...data])).code).toBe(0);
  const keep = (...more: string[]) => work.rollcall(['audit', 'keep', ...more, '--org', 'old', ...data]);
  expect(await keep('13')).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('1 entries of old are older. Give --yes to change it') },
  });
  expect((await keep('48')).code).toBe(0);
  expect((await keep('13', '--yes')).code).toBe(0);
  const kept = await work.rollcall(['audit', 'tail', '--once', '--org', 'old', ...data]);
  expect(actionsIn(kept.stdout)).toEqual([
    ...['session.ended', 'organisation.created'],
    ...['settings.changed', 'settings.changed'],
  ]);
  await owner.close();
  await server.stop();
});

test('commands that change an organisation have entries, whose actor is the operator', async () => {
  const data = ['--data-dir', work.path('commands')];
  const run = async (...args: string[]) =>
    expect(await work.rollcall([...args, ...data]), args.join(' ')).toMatchObject({ code: 0 });
  await run('orgs', 'create', 'acme');
  await run('orgs', 'quota', 'acme', '1000');
  await run('admins', 'create', 'ada@example.com');
  await run('admins', 'reset', 'ada@example.com');
  await run('admins', 'disable', 'ada@example.com');
  await run('admins', 'enable', 'ada@example.com');
  await writeFile(work.path('users.csv'), 'userName\nbob@example.com\n');
  await run('import', 'users', work.path('users.csv'), '--dry-run');
  await run('import', 'users', work.path('users.csv'));
  const names = Array.from({ length: 2_500 }, (_, index) => `user${index}@example.com`);
  await writeFile(work.path('damaged.csv'), ['userName', ...names, 'x'.repeat(1_200_000)].join('\n'));
  const damaged = await work.rollcall(['import', 'users', work.path('damaged.csv'), ...data]);
  const [, storedRows] = /([0-9]+) rows before it are stored/.exec(damaged.stderr) ?? [];
  await mkdir(work.path('plans'));
  await writeFile(
    work.path('plans/floor-plans.csv'),
    'locationName,levelName,image,aspectRatio\nMars,1,,2\n',
  );
  await writeFile(work.path('plans/floor-positions.csv'), 'name,x,y\n');
  const plans = ['floor-plans', 'import', work.path('plans')];
  expect(await work.rollcall([...plans, '--dry-run', ...data])).toMatchObject({ code: 1 });
  expect(await work.rollcall([...plans, ...data])).toMatchObject({ code: 1 });
  await run('users', 'list');
  await run('events', 'list');
  await run('admins', 'list');
  await run('events', 'retry');
  await run('backup', work.path('backup.tar.gz'), '--include-master-key');
  const { stdout } = await work.rollcall(['audit', 'tail', '--once', ...data]);
  const entries = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  expect(
    entries.map(({ action, targets }) => [action, ...targets.map(({ name }: { name: string }) => name)]),
  ).toEqual([
    ['organisation.created'],
    ['settings.changed'],
    ['account.invited', 'ada@example.com'],
    ['account.link-made', 'ada@example.com'],
    ['account.disabled', 'ada@example.com'],
    ['account.enabled', 'ada@example.com'],
    ['import.begun'],
    ['import.ended'],
    ['import.begun'],
    ['import.ended'],
    ['import.begun'],
    ['import.ended'],
    ['people.listed'],
    ['people.listed'],
    ['people.listed'],
    ['events.retried'],
    ['backup.made'],
  ]);
  for (const { actorKind, action, version, metadata } of entries) {
    expect(actorKind).toBe('operator');
    const known = AUDIT_ACTIONS[action as AuditAction];
    expect(version).toBe(known.version);
    expect([...Value.Errors(known.metadata, metadata)]).toEqual([]);
  }
  expect(entries.slice(6, 12).map(({ metadata }) => metadata)).toEqual([
    { kind: 'users', strict: false },
    { kind: 'users', rows: 1, refused: 0, complete: true },
    { kind: 'users', strict: false },
    { kind: 'users', rows: Number(storedRows), refused: 0, complete: false },
    { kind: 'floor-plans', strict: false },
    { kind: 'floor-plans', rows: 0, refused: 1, complete: true },
  ]);
  const restored = ['--data-dir', work.path('restored')];
  const { code } = await work.rollcall(['restore', work.path('backup.tar.gz'), ...restored]);
  expect(code).toBe(0);
  const again = await work.rollcall(['audit', 'tail', '--once', ...restored]);
  // The entry of a backup is younger than the backup.
  expect(actionsIn(again.stdout).slice(-2)).toEqual(['events.retried', 'backup.restored']);
  expect(await work.rollcall(['audit', 'verify', ...restored])).toMatchObject({ code: 0 });
});
