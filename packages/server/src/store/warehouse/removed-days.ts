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

/**
 * Notes that rows of a day are removed from datasets. The caller has removed all earlier days of the month, so days without
 * a note there are noted, too.
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
            generate_series(date_trunc('month', $3::date::timestamp), $3::date::timestamp, interval '1 day') AS m (day)
     ON CONFLICT (tenant_id, dataset, day) DO UPDATE SET written_xid = pg_current_xact_id() WHERE r.day = $3::date`,
    [tenantId, datasets, day],
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
