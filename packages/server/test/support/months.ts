import type pg from 'pg';
import { listMigrations, migrate } from '../../src/store/schema/migrate.ts';
import { seeingAll } from './backup.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');
export const TENANT = '10000000-0000-4000-8000-000000000000';

/** The tables whose rows are in partitions by month. */
export const MONTHLY_TABLES = [
  'presence_events',
  'occupancy_events',
  'visitor_arrivals',
  'action_log',
] as const;

/** The last migration of the release before partitions. */
export async function releaseBeforeMonths(): Promise<string> {
  const names = await listMigrations();
  return names[names.findIndex((name) => name.startsWith('0054')) - 1] as string;
}

/** Adds a row at each of these instants to every table by month. */
export async function addRows(client: pg.ClientBase, instants: string[]): Promise<void> {
  const event = `'${TENANT}', t, gen_random_uuid(), (t AT TIME ZONE 'UTC')::date`;
  const id = `'${TENANT}'`;
  const common =
    'tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id, received_at';
  const from = `FROM unnest($1::timestamptz[]) AS t`;
  await client.query(
    `INSERT INTO presence_events (${common}, user_id) SELECT ${event}, ${id}, ${id}, 'e', 'door', t, ${id} ${from}`,
    [instants],
  );
  await client.query(
    `INSERT INTO occupancy_events (${common}, occupied) SELECT ${event}, ${id}, ${id}, 'e', 'door', t, true ${from}`,
    [instants],
  );
  await client.query(
    `INSERT INTO visitor_arrivals (${common}, visitor_name) SELECT ${event}, ${id}, ${id}, 'e', 'door', t, 'Guest' ${from}`,
    [instants],
  );
  await client.query(
    `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
     SELECT ${id}, t, gen_random_uuid(), ${id}, ${id}, (t AT TIME ZONE 'UTC')::date, 'plan', 'created', '', 'engine' ${from}`,
    [instants],
  );
}

/** A database that this release made at `NOW`. */
export async function createNewDatabase(): Promise<TestDatabase> {
  const db = await createTestDatabase({ migrated: false });
  await migrate(db.target, { now: NOW });
  return db;
}

/** A database with the schema of the release before partitions, with its grants, and rows, in which this release is starting. */
export async function createUpgradedDatabase(): Promise<TestDatabase> {
  const db = await createTestDatabase({ migrated: false });
  await migrate(db.target, { upTo: await releaseBeforeMonths() });
  await seeingAll(db.target, async (client) => {
    await client.query(`
      GRANT USAGE ON SCHEMA rollcall TO rollcall_app;
      GRANT SELECT, INSERT ON presence_events, occupancy_events, visitor_arrivals, action_log TO rollcall_app;
      GRANT UPDATE (day, written_xid) ON presence_events, occupancy_events, visitor_arrivals TO rollcall_app`);
    await addRows(client, ['2024-02-29T12:00:00Z', '2026-03-10T09:00:00Z', '2026-03-11T11:59:59Z']);
  });
  await migrate(db.target, { now: NOW });
  return db;
}

/** The partitions of a table, the oldest first: their names and the days in UTC from which and before which they are. */
export function monthsOf(db: TestDatabase, table: string): Promise<(string | null)[][]> {
  return seeingAll(db.target, async (client) => {
    const { rows } = await client.query<(string | null)[]>({
      text: `SELECT partition_name, from_at::date::text, before_at::date::text FROM months
             WHERE table_name = $1 ORDER BY before_at`,
      values: [table],
      rowMode: 'array',
    });
    return rows;
  });
}

/** What the catalog says of the tables by month and of their oldest partitions, except the bounds. */
export function schemaOf(db: TestDatabase): Promise<unknown[]> {
  return seeingAll(db.target, async (client) => {
    const { rows } = await client.query(`
      SELECT c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
             pg_get_partkeydef(c.oid) AS key,
             ARRAY(SELECT a::text FROM unnest(c.relacl) AS a
                   WHERE NOT starts_with(a::text, c.relowner::regrole::text || '=') ORDER BY 1) AS grants,
             ARRAY(SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
                                    pg_get_expr(d.adbin, d.adrelid), a.attacl)
                   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
                   WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) AS columns,
             ARRAY(SELECT concat_ws(' ', k.conname, k.convalidated, pg_get_constraintdef(k.oid)) FROM pg_constraint k
                   WHERE k.conrelid = c.oid ORDER BY 1) AS constraints,
             ARRAY(SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, h.inhparent::regclass)
                   FROM pg_index i LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
                   WHERE i.indrelid = c.oid ORDER BY 1) AS indexes,
             ARRAY(SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid = c.oid ORDER BY 1) AS triggers,
             ARRAY(SELECT concat_ws(' ', p.polname, p.polcmd, pg_get_expr(p.polqual, c.oid)) FROM pg_policy p
                   WHERE p.polrelid = c.oid) AS policies
      FROM tables_by_month() t JOIN pg_class c ON c.relname IN (t.table_name, t.table_name || '_before')
      ORDER BY c.relname`);
    return rows;
  });
}
