import type { Tx } from './db.ts';

export interface DatabaseState {
  /** Bytes of the database on disk. */
  bytes: number;
  /** Standbys that the owner can see; 0 if it lacks `pg_read_all_stats`. */
  standbys: number;
  /** How far the slowest standby is behind, in seconds. Null if the owner sees none. */
  lagS: number | null;
}

/** The size of the database, and how far its standbys are behind. */
export async function readDatabaseState(tx: Tx): Promise<DatabaseState> {
  const { rows } = await tx.query<DatabaseState>(
    `SELECT pg_database_size(current_database())::float8 AS bytes, s.standbys, s.lag_s AS "lagS"
     FROM rollcall.standby_state() s`,
  );
  if (!rows[0]) throw new Error('The statement has one row.');
  return rows[0];
}
