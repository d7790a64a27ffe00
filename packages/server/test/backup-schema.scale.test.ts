import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restore } from '../src/store/backup/restore.ts';
import { columnList, listTables, qualified } from '../src/store/backup/tables.ts';
import { migrate, SchemaTooNewError } from '../src/store/schema/migrate.ts';
import {
  backupToBuffer,
  createEmptyDatabase,
  createPlainlyOwnedDatabase,
  fillEveryTable,
  opening,
  readAll,
  seeingAll,
  state,
} from './support/backup.ts';
import { carried } from './support/backup-round-trip.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let source: TestDatabase;
let file: Buffer;
let migrationsDir: string;

beforeAll(async () => {
  source = await createTestDatabase();
  await fillEveryTable(source.target);
  ({ file } = await backupToBuffer(source.target));
  // The migrations of the next release, with one more than this release has.
  migrationsDir = await mkdtemp(join(tmpdir(), 'rollcall-migrations-'));
  await cp(fileURLToPath(new URL('../migrations/', import.meta.url)), migrationsDir, { recursive: true });
  await writeFile(
    join(migrationsDir, '9999_later.sql'),
    `-- Up Migration
     ALTER TABLE users ADD COLUMN later text NOT NULL DEFAULT 'later';
     ALTER TABLE refused_events DROP COLUMN event_id;
     CREATE TABLE later (tenant_id uuid PRIMARY KEY REFERENCES organisations);`,
  );
});
afterAll(() => Promise.all([source.drop(), rm(migrationsDir, { recursive: true })]));

test('the rows of these tests fill every table, and every column, with a value and, if allowed, with null', async () => {
  await seeingAll(source.target, async (client) => {
    for (const table of await listTables(client)) {
      const { rows: nullable } = await client.query(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND NOT attnotnull AND attnum > 0`,
        [qualified(table)],
      );
      const mayBeNull = new Set(nullable.map((row) => row.name));
      for (const column of table.columns) {
        const { rows } = await client.query(
          `SELECT count("${column}") > 0 AS filled, bool_or("${column}" IS NULL) AS empty FROM ${qualified(table)}`,
        );
        expect({ table: table.name, column, ...rows[0] }).toEqual({
          table: table.name,
          column,
          filled: true,
          empty: mayBeNull.has(column),
        });
      }
    }
  });
});

test('a backup of an older schema is migrated, also into an empty database with a newer schema', async () => {
  const [fresh, newer] = [await createPlainlyOwnedDatabase(), await createEmptyDatabase()];
  await migrate(newer.target, { dir: migrationsDir });
  for (const { target, drop } of [fresh, newer]) {
    await restore({ target, input: opening(file), migrationsDir });
    expect(await state(target)).toEqual({ organisations: 2, unforced: [] });
    const { users, refused_events: refused, later, ...same } = await readAll(target);
    const { users: before, refused_events: refusedBefore, ...rest } = await readAll(source.target);
    expect(same).toEqual(carried(rest));
    expect([users?.length, refused?.length, later]).toEqual([before?.length, refusedBefore?.length, []]);
    await seeingAll(target, async (client) => {
      const { rows } = await client.query('SELECT DISTINCT later FROM users');
      expect(rows).toEqual([{ later: 'later' }]);
    });
    await drop();
  }
});

test('a backup with a newer schema, and a database with one, are refused', async () => {
  const { target, drop } = await createEmptyDatabase();
  await migrate(target, { dir: migrationsDir });
  await expect(backupToBuffer(target)).rejects.toThrow(SchemaTooNewError);
  await expect(restore({ target, input: opening(file) })).rejects.toThrow(SchemaTooNewError);
  await drop();
});

test('a failed migration to the newer schema leaves the data as they were in the backup', async () => {
  const { target, drop } = await createEmptyDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-migrations-'));
  await cp(migrationsDir, dir, { recursive: true });
  await writeFile(join(dir, '9999_later.sql'), '-- Up Migration\nSELECT 1 / 0;');
  await expect(restore({ target, input: opening(file), migrationsDir: dir })).rejects.toThrow(
    "The data are restored, but the migration to this release's schema failed (PostgreSQL: division by zero).",
  );
  expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
  await Promise.all([drop(), rm(dir, { recursive: true })]);
});

test('the schema has nothing that a backup would miss: no sequence, no materialised view, no large object', async () => {
  await seeingAll(source.target, async (client) => {
    const { rows } = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'rollcall'::regnamespace AND relkind IN ('S', 'm', 'f')
       UNION ALL SELECT oid::text FROM pg_largeobject_metadata`,
    );
    expect(rows).toEqual([{ relname: 'migrations_id_seq' }]);
    for (const table of await listTables(client)) {
      if (table.tenantScoped) expect(columnList(table)).toContain('"tenant_id"');
    }
  });
});
