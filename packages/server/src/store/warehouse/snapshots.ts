import type { Database, Tx } from '../connections/db.ts';

/** A snapshot of one database: which of its transactions had ended, and so were visible. */
export interface DatabaseSnapshot {
  /** Identifies the database. A copy of the data has another value, and so has a promoted standby. */
  database: string;
  /** The run of the database, a GUID. */
  runId: string;
  /** As PostgreSQL writes it: `xmin:xmax:xip_list`. */
  snapshot: string;
}

/** The snapshot of an export's transaction. */
export async function readSnapshot(tx: Tx, database: Database): Promise<DatabaseSnapshot> {
  const { rows } = await tx.query<Omit<DatabaseSnapshot, 'runId'> & { runId: string | null }>(
    `SELECT database, run_id AS "runId", pg_current_snapshot()::text AS snapshot FROM current_history()`,
  );
  const [row] = rows;
  if (!row) throw new Error('current_history() has one row');
  // The export's transaction is read-only, so another one records a run that started while the server was running.
  return { ...row, runId: row.runId ?? (await database.inSystem(noteDatabaseRun)) };
}

/** Records the current run of PostgreSQL if it is new. Returns its id. */
export async function noteDatabaseRun(tx: Tx): Promise<string> {
  const { rows } = await tx.query<{ runId: string }>('SELECT note_database_run() AS "runId"');
  if (!rows[0]) throw new Error('note_database_run() has one row');
  return rows[0].runId;
}

/** Whether `earlier` is an earlier snapshot of the same history as `now`. */
export async function isInPastOf(tx: Tx, earlier: DatabaseSnapshot, now: DatabaseSnapshot): Promise<boolean> {
  const [, nextXid] = xidsOf(earlier.snapshot);
  if (earlier.database !== now.database || nextXid > xidsOf(now.snapshot)[1]) return false;
  const { rows } = await tx.query<{ known: boolean }>('SELECT is_in_history($1, $2::xid8) AS known', [
    earlier.runId,
    String(nextXid),
  ]);
  return rows[0]?.known ?? false;
}

/** The ids of the oldest transaction that had not ended in a snapshot, and of the first that had not begun. */
export function xidsOf(snapshot: string): [xmin: bigint, xmax: bigint] {
  const [xmin = '', xmax = ''] = snapshot.split(':');
  return [BigInt(xmin), BigInt(xmax)];
}
