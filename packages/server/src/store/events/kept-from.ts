import pg from 'pg';
import type { Tx } from '../connections/db.ts';
import type { TableByMonth } from '../schema/months.ts';

/** The table that has no partition for a row, if that is why a statement failed. */
export function tableWithoutPartition(error: unknown): string | undefined {
  // Other violations of checks name their constraint.
  const isMissing =
    error instanceof pg.DatabaseError && error.code === '23514' && error.constraint === undefined;
  return isMissing ? error.table : undefined;
}

/**
 * The instant from which on a table keeps rows, in microseconds since 1970. -Infinity as long as no months were dropped. The
 * rows of all organisations before it are over.
 */
export async function readKeptFromUs(tx: Tx, table: TableByMonth): Promise<number> {
  const { rows } = await tx.query<{ us: number }>(
    'SELECT (extract(epoch FROM months_kept_from($1)) * 1000000)::float8 AS us',
    [table],
  );
  return rows[0]?.us ?? Number.NEGATIVE_INFINITY;
}
