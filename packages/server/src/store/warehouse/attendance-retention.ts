import type { Tx } from '../connections/db.ts';

/** Rows that one transaction deletes. */
const SLICE_ROWS = 5_000;

/**
 * The database keeps every row of `attendance_changes` that this transaction id or a later one wrote.
 * Undefined if nothing was ever pruned.
 */
export async function attendanceKeptFrom(tx: Tx): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ xid: string | null }>('SELECT attendance_kept_from()::text AS xid');
  const xid = rows[0]?.xid;
  return xid ? BigInt(xid) : undefined;
}

/**
 * Stores a mark for `now`, which later tells which changes are older. Then makes the server refuse cursors
 * that have not seen everything that was written before `keptFrom`. The transaction enters no organisation.
 */
export async function moveAttendanceMarks(tx: Tx, now: Date, keptFrom: Date): Promise<void> {
  await tx.query('SELECT note_attendance_mark($1)', [now]);
  await tx.query('SELECT prune_attendance_marks($1)', [keptFrom]);
}

/** The number of changes that no valid cursor needs. */
export async function countPrunableChanges(tx: Tx, tenantId: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM attendance_changes
     WHERE tenant_id = $1 AND written_xid < (SELECT attendance_kept_from())`,
    [tenantId],
  );
  return rows[0]?.count ?? 0;
}

/** Deletes a slice of the changes that no valid cursor needs. Returns their number. */
export async function pruneSomeChanges(tx: Tx, tenantId: string): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM attendance_changes WHERE tenant_id = $1 AND ctid = ANY (ARRAY(
       SELECT ctid FROM attendance_changes
       WHERE tenant_id = $1 AND written_xid < (SELECT attendance_kept_from()) LIMIT ${SLICE_ROWS}))`,
    [tenantId],
  );
  return rowCount ?? 0;
}
