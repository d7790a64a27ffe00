import { copyBinaryRows } from '../connections/copy.ts';
import type { Tx } from '../connections/db.ts';
import { type DayWindow, mayBeOfDays } from '../values/day-window.ts';
import { writtenSince } from './dataset-rows.ts';
import { NUMBERED } from './numbers.ts';
import { xidsOf } from './snapshots.ts';

/**
 * The attendance of an office's day in columns: an entry for each user who was detected there or planned to come, in
 * the order of the users' numbers. The formats are in migration 0027.
 */
export interface DayAggregate {
  /** `YYYY-MM-DD` */
  day: string;
  locationId: string;
  /** Columns that were not asked for are empty. */
  columns: Record<AggregateColumn, Buffer>;
}

export type AggregateColumn = (typeof AGGREGATE_COLUMNS)[number];
export const AGGREGATE_COLUMNS = [
  'flags',
  'users',
  'booked',
  'first_seen',
  'last_seen',
  'seen_counts',
  'seen',
] as const;

/** A user was detected at the office. */
export const DETECTED = 1;
/** A user planned to come. Plans that presence made do not count. */
export const PLANNED = 2;

/** A day of an office. */
export interface OfficeDay {
  day: string;
  locationId: string;
}

/** Identifies an office day, for sets and maps. */
export function officeDayKey({ day, locationId }: OfficeDay): string {
  return `${day} ${locationId}`;
}

/** The office days to aggregate: all offices on some days, or single ones. */
export type Selection = { days: readonly string[] } | { officeDays: readonly OfficeDay[] };

type Values = (string | string[])[];

/**
 * The snapshot by which an organisation's aggregates are current. Undefined if it has none that this database can
 * judge: it was copied, or the changes since then are no longer kept.
 */
export async function readAggregateSnapshot(tx: Tx, tenantId: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ snapshot: string }>(
    `SELECT s.snapshot::text AS snapshot
     FROM aggregate_states s
     WHERE s.tenant_id = $1 AND s.database = database_id()
       AND pg_snapshot_xmin(s.snapshot) >= coalesce(attendance_kept_from(), '0'::xid8)`,
    [tenantId],
  );
  return rows[0]?.snapshot;
}

/** The days in `window` that have aggregates, in order. */
export async function listAggregatedDays(tx: Tx, tenantId: string, window: DayWindow): Promise<string[]> {
  const { rows } = await tx.query<{ day: string }>(
    `SELECT day FROM aggregate_days WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date ORDER BY day`,
    [tenantId, window.from, window.before],
  );
  return rows.map(({ day }) => day);
}

/**
 * The aggregated office days in `window` whose attendance may differ from what `snapshot` saw. Rows that were written
 * since tell of them, and notes of rows that are gone (`attendance_changes`).
 */
export async function listStaleOfficeDays(
  tx: Tx,
  tenantId: string,
  snapshot: string,
  window: DayWindow,
): Promise<OfficeDay[]> {
  const since = (table: string) =>
    `SELECT x.day, x.location_id FROM ${table} x WHERE x.tenant_id = $1 AND ${writtenSince('x', 2)}`;
  const { rows } = await tx.query<OfficeDay>(
    `SELECT day, location_id AS "locationId"
     FROM (${['presence_events', 'bookings', 'day_plans', 'attendance_changes'].map(since).join(' UNION ALL ')}) AS c
     WHERE location_id IS NOT NULL AND day >= $4::date AND day < $5::date
       AND day IN (SELECT d.day FROM aggregate_days d WHERE d.tenant_id = $1)
     GROUP BY day, location_id`,
    [tenantId, String(xidsOf(snapshot)[0]), snapshot, window.from, window.before],
  );
  return rows;
}

/** Reads the stored aggregates of days in `window`, in no order. They are as current as `readAggregateSnapshot` says. */
export function readAggregates(
  tx: Tx,
  tenantId: string,
  { from, before }: DayWindow,
  columns: readonly AggregateColumn[],
): AsyncGenerator<DayAggregate[], void> {
  return readColumns(
    tx,
    `SELECT day::text, location_id::text, ${columns.join(', ')} FROM day_aggregates
     WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date`,
    [tenantId, from, before],
    columns,
  );
}

/**
 * Computes the aggregates of office days from the rows, in no order. Offices without attendance have none. Call
 * `setPlannerForAggregates` before.
 */
export function computeAggregates(
  tx: Tx,
  tenantId: string,
  selection: Selection,
  columns: readonly AggregateColumn[],
): AsyncGenerator<DayAggregate[], void> {
  const { sql, values } = aggregation(tenantId, selection);
  return readColumns(
    tx,
    `SELECT day::text, location_id::text, ${columns.join(', ')} FROM (${sql}) AS a`,
    values,
    columns,
  );
}

/** Stores the aggregates of office days, which must have none. Call `setPlannerForAggregates` before. */
export async function storeAggregates(tx: Tx, tenantId: string, selection: Selection): Promise<void> {
  const { sql, values } = aggregation(tenantId, selection);
  await tx.query(
    `INSERT INTO day_aggregates (tenant_id, day, location_id, ${AGGREGATE_COLUMNS.join(', ')})
     SELECT $1, day, location_id, ${AGGREGATE_COLUMNS.join(', ')} FROM (${sql}) AS a`,
    values,
  );
}

/**
 * Configures the planner for the rest of the transaction, which joins and groups all rows of many days.
 *
 * - No nested loops: if statistics lag behind a bulk write, the planner expects few rows and would choose them.
 * - No parallel workers: they would mostly copy rows to one another, which takes longer than to read the rows. They
 *   would also use processors that other requests need.
 */
export async function setPlannerForAggregates(tx: Tx): Promise<void> {
  await tx.query(
    "SET LOCAL enable_nestloop TO off; SET LOCAL work_mem TO '32MB'; SET LOCAL max_parallel_workers_per_gather TO 0",
  );
}

/** SQL of the aggregates of a selection; `$1` is the organisation. */
function aggregation(tenantId: string, selection: Selection): { sql: string; values: Values } {
  const isWhole = 'days' in selection;
  const values: Values = isWhole
    ? [tenantId, [...selection.days]]
    : [
        tenantId,
        selection.officeDays.map(({ day }) => day),
        selection.officeDays.map(({ locationId }) => locationId),
      ];
  const ofDays = 'x.tenant_id = $1 AND x.day = ANY ($2::date[])';
  const selected = isWhole
    ? ofDays
    : `${ofDays} AND (x.day, x.location_id) IN (SELECT * FROM unnest($2::date[], $3::uuid[]))`;
  const [firstDay, lastDay] = ['min', 'max'].map(
    (end) => `(SELECT ${end}(d) FROM unnest($2::date[]) AS d)`,
  ) as [string, string];
  const sql = `WITH users_numbered AS MATERIALIZED (${NUMBERED.users.all}),
  nodes_numbered AS MATERIALIZED (${NUMBERED.nodes.all}),
  detected AS (
    SELECT day, location_id, user_id, min(first_at) AS first_at, max(last_at) AS last_at,
           count(*)::smallint AS nodes, string_agg(int4send(number), ''::bytea ORDER BY number) AS seen
    FROM (SELECT x.day, x.location_id, x.user_id, x.node_id, min(x.observed_at) AS first_at, max(x.observed_at) AS last_at
          FROM presence_events x WHERE ${selected}
            AND ${mayBeOfDays('x.observed_at', firstDay, `${lastDay} + 1`)}
          GROUP BY x.day, x.location_id, x.user_id, x.node_id) AS at_node
    JOIN nodes_numbered USING (node_id)
    GROUP BY day, location_id, user_id
  ), booked AS (
    SELECT x.day, x.location_id, x.user_id, n.number AS booked
    FROM bookings x JOIN nodes_numbered n ON n.node_id = x.node_id WHERE ${selected}
  ), made_by_presence AS (
    SELECT x.day, x.user_id, true AS is_made FROM day_plans x WHERE ${ofDays} AND x.set_by = 'presence'
  ), entries AS (
    SELECT day, location_id, number, coalesce(booked, 0) AS booked, coalesce(nodes, 0::smallint) AS nodes, seen,
           CASE WHEN nodes IS NULL THEN 0 ELSE ${DETECTED} END
             + CASE WHEN booked IS NOT NULL AND is_made IS NULL THEN ${PLANNED} ELSE 0 END AS flags,
           ${minutes('first_at')} AS first_at, ${minutes('last_at')} AS last_at
    FROM detected FULL JOIN booked USING (day, location_id, user_id) LEFT JOIN made_by_presence USING (day, user_id)
    JOIN users_numbered USING (user_id)
    WHERE nodes IS NOT NULL OR is_made IS NULL
  )
  SELECT day, location_id,
         string_agg(substr(int2send(flags::smallint), 2), ''::bytea ORDER BY number) AS flags,
         string_agg(int4send(number), ''::bytea ORDER BY number) AS users,
         string_agg(int4send(booked), ''::bytea ORDER BY number) AS booked,
         string_agg(int2send(first_at), ''::bytea ORDER BY number) AS first_seen,
         string_agg(int2send(last_at), ''::bytea ORDER BY number) AS last_seen,
         string_agg(int2send(nodes), ''::bytea ORDER BY number) AS seen_counts,
         coalesce(string_agg(seen, ''::bytea ORDER BY number), ''::bytea) AS seen
  FROM entries GROUP BY day, location_id`;
  return { sql, values };
}

/**
 * Minutes since the day began in UTC. An office's day begins up to 14 hours before that, and ends up to 12 hours after
 * the day in UTC. Events that still have the day of another time zone stay within the limits of two bytes, too.
 */
function minutes(instant: string): string {
  const exact = `floor(extract(epoch FROM ${instant} - (day::timestamp AT TIME ZONE 'UTC')) / 60)`;
  return `coalesce(least(greatest(${exact}, -32768), 32767), 0)::smallint`;
}

const EMPTY = Buffer.alloc(0);
const NO_COLUMNS = Object.fromEntries(
  AGGREGATE_COLUMNS.map((name) => [name, EMPTY]),
) as DayAggregate['columns'];

async function* readColumns(
  tx: Tx,
  sql: string,
  values: Values,
  names: readonly AggregateColumn[],
): AsyncGenerator<DayAggregate[], void> {
  for await (const batch of copyBinaryRows(tx, sql, values)) {
    yield batch.map(([day, locationId, ...row]) => {
      const columns = { ...NO_COLUMNS };
      for (const [index, name] of names.entries()) columns[name] = row[index] ?? EMPTY;
      return { day: String(day), locationId: String(locationId), columns };
    });
  }
}
