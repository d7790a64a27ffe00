import type { Database, Tx } from '../connections/db.ts';
import { StoreUnavailableError } from '../connections/unavailable.ts';

/** A snapshot that a row of the database itself holds. It lies before the transaction that stored it. */
export interface StoredSnapshot {
  /** Identifies the database. A copy of the data has another value; a promoted standby has the same one. */
  database: string;
  /** The run of the database, a GUID. */
  runId: string;
  /** As PostgreSQL writes it: `xmin:xmax:xip_list`. */
  snapshot: string;
}

/** A snapshot of one database: which of its transactions had ended, and so were visible. */
export interface DatabaseSnapshot extends StoredSnapshot {
  /** The position in PostgreSQL's WAL before which these transactions ended, as PostgreSQL writes it: `16/B374D848`. */
  lsn: string;
}

/** A snapshot that left the database, as in a cursor. Those of earlier releases have no position. */
export type EarlierSnapshot = StoredSnapshot & { lsn?: string | undefined };

/** The snapshot of `tx`, before it is kept (`keepPosition`). Throws `StoreUnavailableError` where the database is being switched. */
export async function readSnapshot(tx: Tx, database: Database): Promise<DatabaseSnapshot> {
  const { rows } = await tx.query<DatabaseSnapshot & { runId: string | null; startedAt: string }>(
    `SELECT database, run_id AS "runId", started_at AS "startedAt", snapshot, lsn::text AS lsn FROM current_position()`,
  );
  const [row] = rows;
  if (!row) throw new Error('current_position() has one row');
  const { startedAt, ...position } = row;
  if (position.runId !== null) return position;
  // The export's transaction is read-only, so another one records a run that started while the server was running.
  const noted = await database.inSystem(noteDatabaseRun);
  if (noted.startedAt !== startedAt) throw otherPrimary();
  return { ...position, runId: noted.runId };
}

/** Records the current run of PostgreSQL if it is new. Returns its id, and the start of that PostgreSQL. */
export async function noteDatabaseRun(tx: Tx): Promise<{ runId: string; startedAt: string }> {
  const { rows } = await tx.query<{ runId: string; startedAt: string }>(
    'SELECT note_database_run() AS "runId", pg_postmaster_start_time()::text AS "startedAt"',
  );
  if (!rows[0]) throw new Error('note_database_run() has one row');
  return rows[0];
}

/** The answer was read from one PostgreSQL, and another one is the primary. The caller may try again. */
export function otherPrimary(): StoreUnavailableError {
  return new StoreUnavailableError(undefined, 'Another PostgreSQL has become the primary.');
}

/**
 * Whether `earlier` is an earlier snapshot of the same history as `now`, which is that of `tx`. Only the primary knows it of snapshots
 * without a position.
 */
export async function isInPastOf(tx: Tx, earlier: EarlierSnapshot, now: DatabaseSnapshot): Promise<boolean> {
  if (earlier.lsn === undefined) return isInPastWithoutPosition(tx, earlier, now);
  return isOfDatabase(earlier, now) && (await isKept(tx, { ...earlier, lsn: earlier.lsn }));
}

/** Whether a stored snapshot means anything in the database of `now`. */
export function isOfDatabase(stored: Pick<StoredSnapshot, 'database'>, now: DatabaseSnapshot): boolean {
  return stored.database === now.database;
}

/** Whether the snapshot of `tx` has seen that the position of `earlier` was kept. Then it has seen all that `earlier` has seen. */
export async function isKept(tx: Tx, { runId, lsn, snapshot }: DatabaseSnapshot): Promise<boolean> {
  const { rows } = await tx.query<{ known: boolean }>('SELECT is_kept($1, $2::pg_lsn, $3::xid8) AS known', [
    runId,
    lsn,
    String(xidsOf(snapshot)[1]),
  ]);
  return rows[0]?.known ?? false;
}

async function isInPastWithoutPosition(
  tx: Tx,
  earlier: StoredSnapshot,
  now: DatabaseSnapshot,
): Promise<boolean> {
  const [, nextXid] = xidsOf(earlier.snapshot);
  if (nextXid > xidsOf(now.snapshot)[1]) return false;
  const { rows } = await tx.query<{ known: boolean }>(
    'SELECT h.database = $3 AND is_in_history($1, $2::xid8) AS known FROM current_history() h',
    [earlier.runId, String(nextXid), earlier.database],
  );
  return rows[0]?.known ?? false;
}

/** The ids of the oldest transaction that had not ended in a snapshot, and of the first that had not begun. */
export function xidsOf(snapshot: string): [xmin: bigint, xmax: bigint] {
  const [xmin = '', xmax = ''] = snapshot.split(':');
  return [BigInt(xmin), BigInt(xmax)];
}
