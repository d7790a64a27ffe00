import type { Tx } from '../connections/db.ts';
import { utcDay } from '../values/days.ts';
import { endsNames, type KindOfNames, namesKeptForMs, RETENTION_KINDS } from './retention-kinds.ts';
import { firstKeptDay, type Retention } from './retention-settings.ts';

/** An office with another time zone has other days. So its events move by a day, and are before what was done then. */
const REDATED_DAYS = 2;

/** Up to where the names of an organisation have ended. */
export interface EndedNames {
  /** Rows of earlier local days are stored without a name. `YYYY-MM-DD`. */
  before: string;
  /** All rows of earlier days have moved. Null: none is known to have. */
  doneBefore: string | null;
  /** Another one after each write. */
  version: string;
}

/** Undefined if no name has ended. */
export async function findEndedNames(
  tx: Tx,
  tenantId: string,
  kind: KindOfNames,
): Promise<EndedNames | undefined> {
  const { rows } = await tx.query<EndedNames>(
    'SELECT before_day AS before, done_before AS "doneBefore", xmin::text AS version FROM ended_names WHERE tenant_id = $1 AND kind = $2',
    [tenantId, kind],
  );
  return rows[0];
}

/**
 * Begins a run: ends the names that the retention keeps no longer on the day `today`, for all who write rows from now on. Rows that
 * are there may move when the transactions that are open now have ended. Returns whether names of the organisation have ended, now or before.
 */
export async function endNames(
  tx: Tx,
  tenantId: string,
  retention: Retention,
  today: string,
): Promise<boolean> {
  const ends = RETENTION_KINDS.filter(endsNames).flatMap((kind) => {
    const before = firstKeptDay(retention, kind, today);
    return before === undefined ? [] : [{ kind, before }];
  });
  await tx.query(
    `UPDATE ended_names SET done_before = done_before - $2::integer
     WHERE tenant_id = $1 AND kind = ANY ($3) AND done_before IS NOT NULL`,
    [tenantId, REDATED_DAYS, ends.map(({ kind }) => kind)],
  );
  await tx.query(
    `INSERT INTO ended_names AS e (tenant_id, kind, before_day)
     SELECT $1, w.kind, w.before FROM unnest($2::text[], $3::date[]) AS w (kind, before)
     ON CONFLICT (tenant_id, kind) DO UPDATE SET before_day = excluded.before_day WHERE e.before_day < excluded.before_day`,
    [tenantId, ends.map(({ kind }) => kind), ends.map(({ before }) => before)],
  );
  return ends.length > 0;
}

/**
 * Notes that all rows of days before `doneBefore` have moved, unless somebody has written rows with names since `ended` was read. Waits for
 * transactions that have written some.
 */
export async function noteNamesDone(
  tx: Tx,
  tenantId: string,
  kind: KindOfNames,
  { doneBefore, ended }: { doneBefore: string; ended: EndedNames },
): Promise<void> {
  await tx.query(
    'UPDATE ended_names SET done_before = $3 WHERE tenant_id = $1 AND kind = $2 AND xmin::text = $4',
    [tenantId, kind, doneBefore, ended.version],
  );
}

/**
 * Call it when rows with names are written on these local days (`YYYY-MM-DD`): the next run of the job then moves them, although
 * the names of the days may have ended. Costs no statement unless a day is long past at `at`. Otherwise it locks what the job notes until
 * the transaction ends, also if there is nothing to set back: the job may be at these days, and does not see the rows yet.
 */
export async function noteNamesWritten(
  tx: Tx,
  tenantId: string,
  days: Iterable<string>,
  at: Date,
): Promise<void> {
  // Names of visitors end first.
  const recent = utcDay(at.getTime() - namesKeptForMs('visitorNames'));
  let first: string | undefined;
  for (const day of days) if (day < recent && (first === undefined || day < first)) first = day;
  if (first === undefined) return;
  await tx.query(
    `UPDATE ended_names SET done_before = CASE WHEN done_before > $2::date THEN $2::date ELSE done_before END
     WHERE tenant_id = $1 AND before_day > $2::date`,
    [tenantId, first],
  );
}
