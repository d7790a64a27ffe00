import type { Tx } from './db.ts';

export interface DatabaseState {
  /** Bytes of the database on disk. */
  bytes: number;
  /** Standbys that this role can see; 0 if it may not see them. */
  standbys: number;
  /** How far the slowest standby is behind, in seconds. Null if there is none, or this role may not see it. */
  lagS: number | null;
}

/** The size of the database, and how far its standbys are behind. A role sees standbys only with `pg_read_all_stats`. */
export async function readDatabaseState(tx: Tx): Promise<DatabaseState> {
  const { rows } = await tx.query<DatabaseState>(
    `SELECT pg_database_size(current_database())::float8 AS bytes, count(r.state)::int AS standbys,
            max(CASE WHEN r.state IS NULL THEN NULL ELSE extract(epoch FROM coalesce(r.replay_lag, interval '0')) END)::float8 AS "lagS"
     FROM (SELECT) AS one LEFT JOIN pg_stat_replication r ON true`,
  );
  if (!rows[0]) throw new Error('The statement has one row.');
  return rows[0];
}
