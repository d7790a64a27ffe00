import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import { snapshotColumns, writtenSince } from './dataset-rows.ts';
import type { Changes } from './query.ts';

/** Days whose rows were removed, both included. All of one month. */
export interface RemovedRange {
  /** `YYYY-MM-DD` */
  from: string;
  to: string;
}

/** SQL: whether events of the organisation may have got another day. */
const IS_REDATED = 'EXISTS (SELECT FROM office_redatings WHERE tenant_id = $1)';
/** A new time zone moves an event by this many days at most. */
const MOST_MOVED_DAYS = 2;

/**
 * Notes that rows of a day are removed from datasets. The caller has removed all earlier days, so days of the month without
 * a note are noted, too. A copy may have a row of the day on the day before, if a new time zone has moved it since. So those days
 * are told again.
 */
export async function noteRemovedDay(
  tx: Tx,
  tenantId: string,
  datasets: readonly string[],
  day: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO removed_days AS r (tenant_id, dataset, day)
     SELECT $1, d.dataset, m.day::date FROM unnest($2::text[]) AS d (dataset),
            generate_series(least(date_trunc('month', $3::date::timestamp), $3::date::timestamp - interval '${MOST_MOVED_DAYS} days'),
                            $3::date::timestamp, interval '1 day') AS m (day)
     WHERE m.day >= date_trunc('month', $3::date::timestamp) OR ${IS_REDATED}
     ON CONFLICT (tenant_id, dataset, day) DO UPDATE SET written_xid = pg_current_xact_id()
     WHERE r.day = $3::date OR (r.day >= $3::date - ${MOST_MOVED_DAYS} AND ${IS_REDATED})`,
    [tenantId, datasets, day],
  );
}

/**
 * Notes the days before `before` that have no note since the last one that has. None of them has rows. But a copy may have one
 * there, which a new time zone has moved to a day that was removed.
 */
export async function noteDaysWithoutRows(
  tx: Tx,
  tenantId: string,
  datasets: readonly string[],
  before: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO removed_days (tenant_id, dataset, day)
     SELECT $1, last.dataset, m.day::date
     FROM (SELECT dataset, max(day) AS day FROM removed_days WHERE tenant_id = $1 AND dataset = ANY ($2) GROUP BY dataset) AS last,
          generate_series(last.day::timestamp + interval '1 day', $3::date::timestamp - interval '1 day', interval '1 day') AS m (day)
     WHERE ${IS_REDATED}`,
    [tenantId, datasets, before],
  );
}

/** The days of a dataset that were removed since `changes`, in order: one range for each month, more where days are left between. */
export async function listRemovedRanges(
  tx: Tx,
  tenantId: string,
  dataset: string,
  { changes, window }: { changes: Changes; window: DayWindow },
): Promise<RemovedRange[]> {
  const { rows } = await tx.query<RemovedRange>(
    `SELECT min(day) AS "from", max(day) AS "to" FROM (
       SELECT r.day, date_trunc('month', r.day::timestamp) AS month,
              r.day - row_number() OVER (ORDER BY r.day)::integer AS island
       FROM removed_days r
       WHERE r.tenant_id = $1 AND ${writtenSince('r', 2)} AND r.dataset = $4 AND r.day >= $5::date AND r.day < $6::date
     ) AS removed GROUP BY month, island ORDER BY 1`,
    [tenantId, ...snapshotColumns(changes), dataset, window.from, window.before],
  );
  return rows;
}
