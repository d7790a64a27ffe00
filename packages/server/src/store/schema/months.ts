import pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { type LockOptions, unlessLocked, withOwner, withShortLocks } from './short-locks.ts';

/** Partitions that are made ahead of the month of now. If no job runs for longer, events of now have no partition. */
const MONTHS_AHEAD = 3;
/** How far beyond now the first partition of a table with rows ends, at least. */
const BEFORE_MONTHS = 2;
/** A constraint that ends sooner than this is replaced: it must never refuse an event. */
const TOO_NEAR_DAYS = 31;

const ONE_TRY = { lockTries: 1 };

/**
 * Prepares a migrated database for events of now: makes the months that are missing, and moves constraints that would
 * refuse events soon. `partitionByMonth` leaves those if it is killed, and no job has run for a month since. Does nothing before
 * the migration that partitions. Each start and each command calls it, so it asks the catalog by names first, which waits for no
 * lock. If a table is locked, it leaves that to the job `months`.
 */
export async function prepareMonths(client: pg.ClientBase, at: Date): Promise<void> {
  const { rows } = await client.query<{ isMigrated: boolean; isMonthMissing: boolean; isPartial: boolean }>(
    `SELECT to_regprocedure('rollcall.make_months(timestamptz, integer)') IS NOT NULL AS "isMigrated",
            EXISTS (SELECT FROM pg_class t
                    WHERE t.relnamespace = to_regnamespace('rollcall') AND t.relkind = 'p' AND t.relname = ANY ($2)
                      AND NOT EXISTS (SELECT FROM pg_class m WHERE m.relnamespace = t.relnamespace AND m.relispartition
                                        AND m.relname = t.relname || to_char(date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')
                                          + make_interval(months => $3), '_YYYY_MM'))) AS "isMonthMissing",
            EXISTS (SELECT FROM pg_constraint WHERE conname = 'before_month') AS "isPartial"`,
    [at, TABLES_BY_MONTH, MONTHS_AHEAD],
  );
  if (!rows[0]?.isMigrated) return;
  if (rows[0].isMonthMissing)
    await unlessLocked(withShortLocks(client, ONE_TRY, () => makeMonths(client, at)));
  if (!rows[0].isPartial) return;
  const renew = async () => {
    for (const table of await listPlainTables(client))
      if (table.before !== null && isTooNear(table, at)) await renewConstraint(client, table, at);
  };
  await unlessLocked(withShortLocks(client, ONE_TRY, renew));
}

/**
 * Makes the partitions of the tables by month that are missing: from the month of `at` to some months later. Does
 * nothing to tables that are not partitioned yet. Returns how many it made.
 */
export async function makeMonths(client: pg.ClientBase, at: Date): Promise<number> {
  const { rows } = await client.query<{ made: number }>('SELECT rollcall.make_months($1, $2) AS made', [
    at,
    MONTHS_AHEAD,
  ]);
  return rows[0]?.made ?? 0;
}

/**
 * Makes the months that are missing, partitions the tables that are not partitioned yet (`partitionByMonth`), and renews old
 * statistics. The work of the job `months`. Connects as the owner of the tables. Throws the database's error.
 */
export async function keepMonths(
  target: DatabaseTarget,
  at: Date,
  options: MonthsOptions = {},
): Promise<void> {
  await withOwner(target, (client) => makeMonths(client, at));
  await partitionByMonth(target, at, options);
  await withOwner(target, (client) => analyze(client, at));
}

/** Autovacuum analyzes the partitions, but not the tables that consist of them. */
async function analyze(client: pg.Client, at: Date): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM tables_by_month() t
     JOIN pg_class c ON c.relname = t.table_name AND c.relnamespace = 'rollcall'::regnamespace AND c.relkind = 'p'
     WHERE coalesce(pg_stat_get_last_analyze_time(c.oid) < $1::timestamptz - interval '7 days', true)
       AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid AND pg_relation_size(i.inhrelid) > 0)`,
    [at],
  );
  for (const { name } of rows) await client.query(`ANALYZE ${pg.escapeIdentifier(name)}`);
}

/** How to wait between tries, and when to stop. */
export interface MonthsOptions extends LockOptions {
  /** Called with the number of tables that are partitioned, of all tables by month. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

interface PlainTable {
  name: string;
  timeColumn: string;
  /** Where the constraint `before_month` ends; null without one. */
  before: Date | null;
  isValid: boolean;
}

/**
 * Partitions the tables that have rows from before they were partitioned, while servers serve. A call does what is
 * missing, and a later call continues:
 *
 * 1. A constraint says that all rows are before a month that begins about two months after `at`.
 * 2. PostgreSQL validates it. Reading all rows blocks nobody.
 * 3. The table becomes the first partition of a new table with its name, without reading rows.
 *
 * Steps 1 and 3 lock the table for some milliseconds, and give up after half a second of waiting. Connects as the owner of
 * the tables. Throws the database's error, also if it never got a lock.
 */
export async function partitionByMonth(
  target: DatabaseTarget,
  at: Date,
  options: MonthsOptions = {},
): Promise<void> {
  await withOwner(target, async (client) => {
    const tables = await listPlainTables(client);
    const { rows } = await client.query<{ total: number }>(
      'SELECT count(*)::integer AS total FROM tables_by_month()',
    );
    const total = rows[0]?.total ?? 0;
    for (const [index, table] of tables.entries()) {
      if (options.signal?.aborted) return;
      options.onProgress?.(total - tables.length + index, total);
      await partition(client, table, at, options);
    }
    if (tables.length > 0) options.onProgress?.(total, total);
  });
}

async function partition(
  client: pg.Client,
  table: PlainTable,
  at: Date,
  options: MonthsOptions,
): Promise<void> {
  let { before, isValid } = table;
  if (isTooNear(table, at)) {
    before = await withShortLocks(client, options, () => renewConstraint(client, table, at));
    isValid = false;
  }
  const name = pg.escapeIdentifier(table.name);
  if (!isValid) await client.query(`ALTER TABLE ${name} VALIDATE CONSTRAINT before_month`);
  if (options.signal?.aborted) return;
  await withShortLocks(client, options, async () => {
    await client.query('SELECT partition_by_month($1, $2, $3)', [table.name, table.timeColumn, before]);
    await makeMonths(client, at);
  });
}

function isTooNear({ before }: PlainTable, at: Date): boolean {
  return before === null || before.getTime() < at.getTime() + TOO_NEAR_DAYS * 86_400_000;
}

async function renewConstraint(
  client: pg.ClientBase,
  { name, timeColumn }: PlainTable,
  at: Date,
): Promise<Date> {
  const before = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + BEFORE_MONTHS + 1, 1));
  const table = `rollcall.${pg.escapeIdentifier(name)}`;
  await client.query(
    `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS before_month,
       ADD CONSTRAINT before_month CHECK (${pg.escapeIdentifier(timeColumn)} < ${pg.escapeLiteral(before.toISOString())}) NOT VALID`,
  );
  return before;
}

const TABLES_BY_MONTH = ['action_log', 'occupancy_events', 'presence_events', 'visitor_arrivals'] as const;
/** A table by month. */
export type TableByMonth = (typeof TABLES_BY_MONTH)[number];

/**
 * Drops the oldest partitions of `table` that end at `keptFrom` or before and have no rows, and makes the partition of everything
 * before the rest anew, in one transaction. So an instant always has a partition, and no row is lost: not one that nobody
 * expected either. Requests wait half a second at most. Returns how many months are gone; 0 also if the table was in use all
 * the time, or a transaction that began earlier may still read removed rows. Connects as the owner of the tables. Throws the
 * database's error.
 */
export async function dropMonths(
  target: DatabaseTarget,
  table: TableByMonth,
  keptFrom: Date,
  options: MonthsOptions = {},
): Promise<number> {
  return withOwner(target, async (client) => {
    const over = await listMonthsBefore(client, table, keptFrom);
    // A vacuum cuts off pages without rows. Row-level security would hide rows from a query, but not their pages.
    for (const { name, isEmpty } of over)
      if (!isEmpty && !options.signal?.aborted)
        await client.query(`VACUUM (SKIP_LOCKED, TRUNCATE) ${pg.escapeIdentifier(name)}`);
    const drop = async () => {
      // The first one is of everything before. Without a month beside it, there is nothing to gain.
      let empty = await listEmptyMonths(client, table, keptFrom);
      if (empty.length < 2) return 0;
      await client.query(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`);
      empty = await listEmptyMonths(client, table, keptFrom);
      if (empty.length < 2) return 0;
      for (const { name } of empty) await client.query(`DROP TABLE ${pg.escapeIdentifier(name)}`);
      await client.query('SELECT add_month($1, $2, NULL, $3)', [
        table,
        `${table}_before`,
        empty.at(-1)?.before,
      ]);
      return empty.length - 1;
    };
    return (await unlessLocked(withShortLocks(client, { lockTries: 5, ...options }, drop))) ?? 0;
  });
}

interface OldMonth {
  name: string;
  before: Date;
  /** It has no page, so nobody has a row in it. */
  isEmpty: boolean;
}

/** The partitions that end at `keptFrom` or before, the oldest first. */
async function listMonthsBefore(client: pg.Client, table: TableByMonth, keptFrom: Date): Promise<OldMonth[]> {
  const { rows } = await client.query<OldMonth>(
    `SELECT partition_name AS name, before_at AS before, pg_relation_size(partition_oid) = 0 AS "isEmpty"
     FROM months WHERE table_name = $1 AND before_at <= $2 ORDER BY before_at`,
    [table, keptFrom],
  );
  return rows;
}

/** The oldest of them, as long as they are empty. */
async function listEmptyMonths(client: pg.Client, table: TableByMonth, keptFrom: Date): Promise<OldMonth[]> {
  const over = await listMonthsBefore(client, table, keptFrom);
  return over.slice(
    0,
    [...over, { isEmpty: false }].findIndex(({ isEmpty }) => !isEmpty),
  );
}

async function listPlainTables(client: pg.ClientBase): Promise<PlainTable[]> {
  const { rows } = await client.query<PlainTable>(
    `SELECT t.table_name AS name, t.time_column AS "timeColumn", coalesce(k.convalidated, false) AS "isValid",
            (regexp_match(pg_get_constraintdef(k.oid), '''([^'']+)'''))[1]::timestamptz AS before
     FROM rollcall.tables_by_month() t
     JOIN pg_class c ON c.relname = t.table_name AND c.relnamespace = 'rollcall'::regnamespace AND c.relkind = 'r'
     LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.conname = 'before_month'
     ORDER BY t.table_name`,
  );
  return rows;
}
