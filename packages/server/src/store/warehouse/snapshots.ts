import type { Database, Tx } from '../connections/db.ts';

/** A moment of one history of one database: which of its transactions had ended, and so could be seen. */
export interface DatabaseSnapshot {
  /** Another one wherever the data were copied to, and after a standby was promoted. */
  database: string;
  /** The run of PostgreSQL, a GUID. */
  runId: string;
  /** As PostgreSQL writes it: `xmin:xmax:xip_list`. */
  snapshot: string;
}

/** The moment that a transaction of an export sees. */
export async function readSnapshot(tx: Tx, database: Database): Promise<DatabaseSnapshot> {
  const { rows } = await tx.query<Omit<DatabaseSnapshot, 'runId'> & { runId: string | null }>(
    `SELECT database, run_id AS "runId", pg_current_snapshot()::text AS snapshot FROM current_history()`,
  );
  const [row] = rows;
  if (!row) throw new Error('current_history() has one row');
  return { ...row, runId: row.runId ?? (await noteRun(database)) };
}

/** PostgreSQL was started anew under a server that goes on. An export cannot note it: it does not write. */
async function noteRun(database: Database): Promise<string> {
  return database.inSystem(async (tx) => {
    const { rows } = await tx.query<{ runId: string }>('SELECT note_database_run() AS "runId"');
    if (!rows[0]) throw new Error('note_database_run() has one row');
    return rows[0].runId;
  });
}

/** Whether `earlier` lies in the past of `now`, in the same history. */
export async function isInPastOf(tx: Tx, earlier: DatabaseSnapshot, now: DatabaseSnapshot): Promise<boolean> {
  const [, nextXid] = xidsOf(earlier.snapshot);
  if (earlier.database !== now.database || nextXid > xidsOf(now.snapshot)[1]) return false;
  const { rows } = await tx.query<{ known: boolean }>('SELECT is_in_history($1, $2::xid8) AS known', [
    earlier.runId,
    String(nextXid),
  ]);
  return rows[0]?.known ?? false;
}

/** The oldest transaction of a snapshot that had not ended, and the first one that had not begun. */
export function xidsOf(snapshot: string): [xmin: bigint, xmax: bigint] {
  const [xmin = '', xmax = ''] = snapshot.split(':');
  return [BigInt(xmin), BigInt(xmax)];
}
