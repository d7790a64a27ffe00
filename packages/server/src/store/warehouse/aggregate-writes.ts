import type { Tx } from '../connections/db.ts';
import { ALL_DAYS, type DayWindow } from '../values/day-window.ts';
import {
  listStaleOfficeDays,
  type OfficeDay,
  readAggregateSnapshot,
  setPlannerForAggregates,
  storeAggregates,
} from './aggregates.ts';
import { storeNumbers } from './numbers.ts';

/*
 * Transactions that write or delete aggregates. Each needs one snapshot for all statements (REPEATABLE READ), and first
 * updates the organisation's row of `aggregate_states`. Of two at the same time, one fails with a serialization failure.
 * So no aggregates are of an earlier snapshot than that row says, and none are left of a day that was deleted meanwhile.
 */

/** Beyond this number of stale office days, their days lose their aggregates, which are then made again day by day. */
const MOST_STALE = 400;

/** SQL of the first and the last day with a row of attendance. An index answers each part. */
const FIRST_DAY = `least((SELECT min(day) FROM presence_events WHERE tenant_id = $1),
                         (SELECT min(day) FROM bookings WHERE tenant_id = $1))`;
const LAST_DAY = `greatest((SELECT max(day) FROM presence_events WHERE tenant_id = $1),
                           (SELECT max(day) FROM bookings WHERE tenant_id = $1))`;

/**
 * Brings the aggregates of an organisation to the snapshot of `tx`: makes those of stale office days again. If nothing
 * tells what is stale, deletes all.
 */
export async function advanceAggregates(tx: Tx, tenantId: string): Promise<void> {
  const snapshot = await readAggregateSnapshot(tx, tenantId);
  await tx.query(
    `INSERT INTO aggregate_states (tenant_id, database, run_id, snapshot)
     SELECT $1, p.database, p.run_id, pg_current_snapshot() FROM current_position() p
     ON CONFLICT (tenant_id) DO UPDATE
       SET database = excluded.database, run_id = excluded.run_id, snapshot = excluded.snapshot`,
    [tenantId],
  );
  if (snapshot === undefined) return deleteAll(tx, tenantId);
  const stale = await listStaleOfficeDays(tx, tenantId, snapshot, ALL_DAYS);
  if (stale.length === 0) return;
  if (stale.length > MOST_STALE) {
    const values = [tenantId, [...new Set(stale.map(({ day }) => day))]];
    await tx.query('DELETE FROM aggregate_days WHERE tenant_id = $1 AND day = ANY ($2::date[])', values);
    await tx.query('DELETE FROM day_aggregates WHERE tenant_id = $1 AND day = ANY ($2::date[])', values);
    return;
  }
  await deleteOfficeDays(tx, tenantId, stale);
  await setPlannerForAggregates(tx);
  await storeNumbers(tx, tenantId);
  await storeAggregates(tx, tenantId, { officeDays: stale });
}

/**
 * Makes the aggregates of the first `most` days in `window` that have none. Returns the number of days that are left.
 * Days before the first row of attendance stay without, because nothing has to be read there.
 */
export async function makeMissingAggregates(
  tx: Tx,
  tenantId: string,
  window: DayWindow,
  most: number,
): Promise<number> {
  const { rows: missing } = await tx.query<{ day: string }>(
    `SELECT d::date AS day
     FROM generate_series(
       greatest($2::date, coalesce(${FIRST_DAY}, $3::date)), $3::date - 1, interval '1 day') AS d
     WHERE d::date NOT IN (SELECT day FROM aggregate_days WHERE tenant_id = $1)
     ORDER BY d`,
    [tenantId, window.from, window.before],
  );
  const days = missing.slice(0, most).map(({ day }) => day);
  // Without a snapshot of this database, `advanceAggregates` has to be first.
  if (days.length === 0 || (await readAggregateSnapshot(tx, tenantId)) === undefined) return 0;
  await claim(tx, tenantId);
  await setPlannerForAggregates(tx);
  await storeNumbers(tx, tenantId);
  await storeAggregates(tx, tenantId, { days });
  await tx.query('INSERT INTO aggregate_days (tenant_id, day) SELECT $1, unnest($2::date[])', [
    tenantId,
    days,
  ]);
  return missing.length - days.length;
}

/** From the first day with a row of attendance to the last one. Undefined if there is none. */
export async function readAttendanceWindow(tx: Tx, tenantId: string): Promise<DayWindow | undefined> {
  const { rows } = await tx.query<{ from: string | null; before: string | null }>(
    `SELECT ${FIRST_DAY} AS "from", ${LAST_DAY} + 1 AS before`,
    [tenantId],
  );
  const { from, before } = rows[0] ?? {};
  return from && before ? { from, before } : undefined;
}

/** Whether an organisation has ever had aggregates. */
export async function hasAggregates(tx: Tx, tenantId: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM aggregate_states WHERE tenant_id = $1', [tenantId]);
  return (rowCount ?? 0) > 0;
}

/** Deletes all aggregates of an organisation. They are made again when metrics are asked for. */
export async function deleteAllAggregates(tx: Tx, tenantId: string): Promise<void> {
  await claim(tx, tenantId);
  await deleteAll(tx, tenantId);
}

/**
 * Deletes the aggregates of a day, before rows of it are removed. Until the transaction ends, no other one stores aggregates
 * of the organisation; one that has read the rows fails.
 */
export async function deleteAggregatesOfDay(tx: Tx, tenantId: string, day: string): Promise<void> {
  await claim(tx, tenantId);
  await tx.query('DELETE FROM aggregate_days WHERE tenant_id = $1 AND day = $2::date', [tenantId, day]);
  await tx.query('DELETE FROM day_aggregates WHERE tenant_id = $1 AND day = $2::date', [tenantId, day]);
}

/** Makes a concurrent transaction that writes aggregates of the organisation fail, or this one. */
async function claim(tx: Tx, tenantId: string): Promise<void> {
  await tx.query('UPDATE aggregate_states SET snapshot = snapshot WHERE tenant_id = $1', [tenantId]);
}

async function deleteAll(tx: Tx, tenantId: string): Promise<void> {
  await tx.query('DELETE FROM aggregate_days WHERE tenant_id = $1', [tenantId]);
  await tx.query('DELETE FROM day_aggregates WHERE tenant_id = $1', [tenantId]);
}

async function deleteOfficeDays(tx: Tx, tenantId: string, officeDays: readonly OfficeDay[]): Promise<void> {
  await tx.query(
    `DELETE FROM day_aggregates
     WHERE tenant_id = $1 AND (day, location_id) IN (SELECT * FROM unnest($2::date[], $3::uuid[]))`,
    [tenantId, officeDays.map(({ day }) => day), officeDays.map(({ locationId }) => locationId)],
  );
}
