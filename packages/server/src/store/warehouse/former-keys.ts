import { writtenSince } from './dataset-rows.ts';
import type { ExportQuery } from './query.ts';

interface FormerKeys {
  table: string;
  /** Separated by a comma and a blank. */
  columns: string;
  /** SQL of the conditions, by SQL of the user. */
  of: (userId: string) => string;
  /** SQL: a row has changed. */
  changed: string;
  /** The number of the first parameter of the snapshot. */
  xmin: number;
  /** Whether clients need the keys: if the user is a part of them, or a filter. */
  isWanted?: boolean;
}

/**
 * SQL from the table up to the conditions, of facts `e` of users. With changes, it has those that have changed, by the
 * parameters $`xmin` and the next one. It then has the rows that got a pseudonym since once more, `deleted`, as those of the
 * user, so that clients hear the keys by which they know these rows.
 */
export function withFormerKeys(
  { changes }: Pick<ExportQuery, 'changes'>,
  { table, columns, of, changed, xmin, isWanted = true }: FormerKeys,
): string {
  const select = (userId: string, deleted: boolean) =>
    `SELECT ${columns
      .split(', ')
      .map((column) => `e.${column}`)
      .join(', ')}, ${userId} AS user_id, ${deleted ? 'true' : 'NULL::boolean'} AS deleted`;
  const rows = `${select('e.user_id', false)} FROM ${table} e WHERE e.tenant_id = $1 AND ${of('e.user_id')}`;
  if (!changes) return `(${rows}) AS e WHERE true`;
  if (!isWanted) return `(${rows} AND ${changed}) AS e WHERE true`;
  return `(${rows} AND ${changed}
    UNION ALL
    ${select('r.user_id', true)} FROM replaced_users r JOIN ${table} e ON e.tenant_id = $1 AND e.user_id = r.pseudonym_id
    WHERE r.tenant_id = $1 AND ${of('r.user_id')} AND ${writtenSince('e', xmin)}) AS e WHERE true`;
}

/** The key of a deleted row, and its position. */
export function deletedKey(row: Record<string, unknown>, key: readonly string[]): Record<string, unknown> {
  const kept = [...key, 'deleted', ...('position' in row ? ['position'] : [])];
  return Object.fromEntries(kept.map((name) => [name, row[name]]));
}
