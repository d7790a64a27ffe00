import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadFolder } from '../../src/cli/export/duckdb.ts';
import type { FileFormat } from '../../src/cli/export/write.ts';
import { setAuditMonths } from '../../src/store/audit/batches.ts';
import { addAuditEntries } from '../../src/store/audit/entries.ts';
import { addDays, utcDay } from '../../src/store/values/days.ts';
import { runAuditJob } from '../support/audit.ts';
import { runErasures } from '../support/erasing.ts';
import { manageClient } from '../support/manage.ts';
import { addSite, type Site } from '../support/presence.ts';
import { enforceRetention } from '../support/retention.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { exportHere } from './export-support.ts';

let server: TestServer;
let site: Site;
let baseUrl: string;
let dir: string;
let today: string;
let old: string;
beforeAll(async () => {
  server = await startTestServer();
  baseUrl = await listen(server);
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-retention-'));
  // The client uses the real time.
  server.clock.nowMs = Date.now();
  today = utcDay(server.clock.nowMs);
  old = addDays(today, -150);
  site = await addSite(server);
  for (const [day, text] of [
    [old, OLD],
    [today, NEW],
  ] as const)
    await fill(day, text);
});
afterEach(() => rm(dir, { recursive: true, force: true }));
afterAll(() => server.close());

/** Texts that no compression shortens, because no part of them comes again. */
const OLD = 'Vera Quijzpxwbf';
const NEW = 'Nora Kdmgtyuhlo';

/** Rows of all datasets whose rows end, each with the text. */
async function fill(day: string, text: string): Promise<void> {
  const { tenantId, office, user } = site;
  await server.db.owner.inTenant(tenantId, async (tx) => {
    const at = `${day}T00:00:00Z`;
    const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, at, day, text, ...values]);
    const event =
      'tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id, received_at';
    const values = `$1, $2::timestamptz, gen_random_uuid(), $3::date, $5::uuid, $5::uuid, $4::text, 's', $2::timestamptz`;
    await run(
      `INSERT INTO visitor_arrivals (${event}, visitor_name) VALUES (${values}, $4::text)`,
      office.locationId,
    );
    await run(
      `INSERT INTO occupancy_events (${event}, occupied) VALUES (${values}, true)`,
      office.locationId,
    );
    await run(
      `INSERT INTO presence_events (${event}, user_id, source_user_id) VALUES (${values}, $6, $4::text)`,
      office.locationId,
      user.userId,
    );
    await run(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
       VALUES ($1, $2::timestamptz, gen_random_uuid(), gen_random_uuid(), $5, $3::date, 'plan', 'created', $4::text, 'admin')`,
      user.userId,
    );
  });
}

const DATASETS = ['visitors', 'occupancy', 'presence', 'change-log/user', 'user-booking-attendance'] as const;
/** A later run asks for the days of now only. */
const exported = (format: FileFormat, startDate: string) =>
  exportHere(dir, { baseUrl, ...site.key }, { datasets: [...DATASETS], format, startDate, endDate: today });

/** The files below the folder that have the text, as bytes. */
async function filesWith(text: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const));
  return contents
    .flatMap(([path, bytes]) => (bytes.includes(text) ? [path.slice(dir.length + 1)] : []))
    .sort();
}

const forget = async () => {
  await server.db.owner.inTenant(site.tenantId, (tx) =>
    tx.query(
      `INSERT INTO retention_settings (tenant_id, kind, kept)
       SELECT $1, unnest(ARRAY['attendance', 'occupancy', 'visitors', 'actionLog']), 'P92D'`,
      [site.tenantId],
    ),
  );
  await enforceRetention({ server });
};

test.each(['ndjson', 'csv', 'parquet'] as const)(
  'a folder of %s that is kept current forgets removed days, also in months that a run does not ask for',
  async (format) => {
    await exported(format, old);
    expect(await filesWith(OLD)).toHaveLength(4);
    await forget();
    await exported(format, today);
    expect(await filesWith(OLD)).toEqual([]);
    expect(await filesWith(NEW)).toHaveLength(4);
  },
);

test('a folder of the audit trail that is kept current forgets entries that were pruned', async () => {
  const { tenantId } = site;
  // Each day is in a batch of its own: a batch goes as a whole. The first one has the entry of the key.
  await runAuditJob(server, 'audit');
  for (const [day, name] of [
    [old, OLD],
    [addDays(old, 1), OLD],
    [today, NEW],
  ] as const) {
    const actor = { kind: 'account', reference: name, name, subjectId: randomUUID(), isActor: true } as const;
    const context = { address: null, userAgent: null, correlationId: null };
    await server.db.restricted.inTenant(tenantId, (tx) =>
      addAuditEntries(tx, [
        {
          ...{ entryId: randomUUID(), occurredAt: new Date(`${day}T00:00:00Z`), action: 'account.enabled' },
          ...{ version: 1, subjects: [actor], context, metadata: {} },
        },
      ]),
    );
    await runAuditJob(server, 'audit');
  }
  const key = await server.key(tenantId, { role: 'all', authentication: 'hmac' });
  const read = (startDate: string) =>
    exportHere(
      dir,
      { baseUrl, ...key },
      { datasets: ['audit'], format: 'ndjson', startDate, endDate: today },
    );
  await read(old);
  expect((await filesWith(OLD)).length).toBeGreaterThan(0);
  await server.db.owner.inTenant(tenantId, (tx) => setAuditMonths(tx, tenantId, 3));
  await runAuditJob(server, 'audit-prune');
  await read(today);
  expect(await filesWith(OLD)).toEqual([]);
  expect((await filesWith(NEW)).length).toBeGreaterThan(0);
});

/** Exports, and loads the folder into a DuckDB database. Returns the number of loaded files. */
async function loadInto(database: string, startDate: string): Promise<number> {
  await exported('ndjson', startDate);
  const { files } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'));
  return loadFolder(database, dir, 'ndjson', files);
}

async function query(database: string, sql: string) {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('a DuckDB database that is kept current forgets removed days, in each byte of its file', async () => {
  const database = join(dir, 'copy.duckdb');
  await loadInto(database, old);
  await query(database, 'CREATE VIEW mine AS SELECT visitorName FROM visitors');
  await query(database, 'CREATE TABLE own AS SELECT 7 AS number');
  expect(await filesWith(OLD)).toContain('copy.duckdb');
  await forget();
  expect(await loadInto(database, today)).toBeGreaterThan(0);
  expect(await filesWith(OLD)).toEqual([]);
  expect(await query(database, 'FROM mine')).toEqual([[NEW]]);
  expect(await query(database, 'FROM own')).toEqual([[7]]);
  expect(await loadInto(database, today)).toBe(0);
});

test('a DuckDB database that is written anew stays where its link leads to, for those who could read it', async () => {
  const [link, file] = [join(dir, 'link.duckdb'), join(dir, 'copy.duckdb')];
  await loadInto(file, old);
  await chmod(file, 0o640);
  await symlink(file, link);
  await forget();
  await loadInto(link, today);
  expect(await filesWith(OLD)).toEqual([]);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect((await readdir(dir)).filter((name) => name.startsWith('copy'))).toEqual(['copy.duckdb']);
});

test('a DuckDB database whose file could not be written anew says so, and the next run does it', async () => {
  // With this name, the directory for the copy would have a longer name than the system allows.
  const [long, short] = [join(dir, 'n'.repeat(239)), join(dir, 'copy.duckdb')];
  await loadInto(long, old);
  await forget();
  await expect(loadInto(long, today)).rejects.toThrow(
    /^The folder and the database \S+ are up to date, but the file .* The next run writes it anew\..*ENAMETOOLONG/,
  );
  expect(await query(long, 'SELECT visitorName FROM visitors')).toEqual([[NEW]]);
  await rename(long, short);
  expect(await filesWith(OLD)).toEqual(['copy.duckdb']);
  expect(await loadInto(short, today)).toBe(0);
  expect(await filesWith(OLD)).toEqual([]);
});

test('a DuckDB database of a release that did not note it is written anew once', async () => {
  const database = join(dir, 'copy.duckdb');
  await loadInto(database, old);
  await query(database, 'DROP TABLE rollcall_rewrite');
  await query(database, `DELETE FROM visitors WHERE visitorName = '${OLD}'`);
  await query(database, `CREATE TABLE passing AS SELECT 'Passing Quijzpx' AS name`);
  await query(database, 'DROP TABLE passing');
  const before = (await stat(database)).ino;
  expect(await loadInto(database, old)).toBe(0);
  const after = (await stat(database)).ino;
  expect(after).not.toBe(before);
  expect(await loadInto(database, old)).toBe(0);
  expect((await stat(database)).ino).toBe(after);
});

test.each(['ndjson', 'csv', 'parquet'] as const)(
  'a folder of %s and its DuckDB database forget a person who was erased, in each byte of their files',
  async (format) => {
    const { tenantId, user } = site;
    const name = 'Xavqwrtz';
    await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query('UPDATE users SET last_name = $3 WHERE tenant_id = $1 AND user_id = $2', [
        tenantId,
        user.userId,
        name,
      ]),
    );
    const database = join(dir, 'copy.duckdb');
    const load = async () => {
      const source = { baseUrl, ...site.key };
      const datasets = ['users' as const, ...DATASETS];
      const { files } = await exportHere(dir, source, { datasets, format, startDate: old, endDate: today });
      await loadFolder(database, dir, format, files);
    };
    await load();
    expect(await filesWith(name)).toEqual(['copy.duckdb', `users/all.${format}`]);
    expect(await filesWith(user.userId)).toContain(`presence/${today.slice(0, 7)}.${format}`);
    const manage = await manageClient(server, tenantId);
    expect((await manage.send('POST', `users/${user.userId}/erasure`)).statusCode).toBe(202);
    await runErasures(server);
    await load();
    for (const text of [name, user.userId, user.email]) expect(await filesWith(text), text).toEqual([]);
    expect(await query(database, 'SELECT count(*)::INTEGER FROM presence')).toEqual([[2]]);
  },
);

test.each(['ndjson', 'csv', 'parquet'] as const)(
  'a folder of %s and its DuckDB database forget names that have ended, in each byte of their files, and keep the rows',
  async (format) => {
    const { tenantId, user } = site;
    const database = join(dir, 'copy.duckdb');
    const load = async () => {
      const source = { baseUrl, ...site.key };
      const { files } = await exportHere(dir, source, {
        datasets: [...DATASETS],
        format,
        startDate: old,
        endDate: today,
      });
      await loadFolder(database, dir, format, files);
    };
    const ofOldMonth = async () =>
      (await filesWith(user.userId)).filter((file) => file.includes(old.slice(0, 7)));
    // Ids that a sender chose stay.
    await server.db.owner.inTenant(tenantId, async (tx) => {
      for (const table of ['visitor_arrivals', 'occupancy_events', 'presence_events'])
        await tx.query(`UPDATE ${table} SET event_id = 'e' WHERE tenant_id = $1`, [tenantId]);
    });
    await load();
    expect(await filesWith(OLD)).toHaveLength(4);
    expect(await ofOldMonth()).toContain(`presence/${old.slice(0, 7)}.${format}`);
    await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query(
        `INSERT INTO retention_settings (tenant_id, kind, kept)
         VALUES ($1, 'names', 'P92D'), ($1, 'visitorNames', 'P92D'), ($1, 'visitors', 'P36M')`,
        [tenantId],
      ),
    );
    await enforceRetention({ server });
    await load();
    expect(await filesWith(OLD)).toEqual([]);
    expect(await ofOldMonth()).toEqual([]);
    const ofPerson = `FROM presence WHERE userId = '${user.userId}'`;
    expect(await query(database, `SELECT count(*)::INTEGER ${ofPerson}`)).toEqual([[1]]);
    const counts = `SELECT (SELECT count(*) FROM visitors)::INTEGER, (SELECT count(*) FROM presence)::INTEGER`;
    expect(await query(database, counts)).toEqual([[2, 2]]);
  },
);
