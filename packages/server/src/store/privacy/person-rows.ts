import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import { ACCOUNT_CATEGORIES } from './account-categories.ts';
import { AUDIT_CATEGORIES } from './audit-categories.ts';
import type { Category, PersonKeys } from './category.ts';
import { DAY_CATEGORIES } from './day-categories.ts';
import { DIRECTORY_CATEGORIES } from './directory-categories.ts';
import { EVENT_CATEGORIES } from './event-categories.ts';

/** All that the server holds about a person and gives out, in the order of an export. */
export const CATEGORIES: readonly Category[] = [
  ...DIRECTORY_CATEGORIES,
  ...DAY_CATEGORIES,
  ...EVENT_CATEGORIES,
  ...ACCOUNT_CATEGORIES,
  ...AUDIT_CATEGORIES,
];

/** A row of a category. Instants are ISO 8601 in UTC, days `YYYY-MM-DD`. */
export type PersonRow = Record<string, unknown>;

/** Few enough that to pack them in the thread of the server takes some milliseconds. */
const ROWS_PER_READ = 100;
const DAY_COLUMNS = new Set(['day', 'start_day', 'end_day']);

/** The members of the rows of a category, in order. */
export function membersOf({ columns, joined = {} }: Category): string[] {
  return [...Object.values(columns), ...Object.keys(joined)];
}

/**
 * SQL of the parameters, as `person` in `Category.from`.
 *
 * @param rowIds SQL of the ids of the person and of pseudonyms whose rows count
 */
const personWith = (rowIds: string) =>
  `(SELECT $1::uuid AS tenant_id, $2::uuid AS user_id, $3::text[] AS names, $4::text[] AS addresses,
           $5::uuid[] AS own_account_ids, ${rowIds} AS row_ids) AS person`;
const OWN_ID = 'ARRAY[$2::uuid]';
/** The pseudonyms that the database can connect with the person. */
const KNOWN_PSEUDONYMS =
  '(SELECT array_agg(r.pseudonym_id) FROM replaced_users r WHERE r.tenant_id = $1 AND r.user_id = $2)';

/**
 * Yields the rows of a category, in batches. Call it in a transaction with one snapshot.
 *
 * @param subject SQL of what `Category.from` follows, with `values` as its parameters
 */
export function readCategoryRows(
  tx: Tx,
  { columns, joined = {}, from, order }: Category,
  subject: string,
  values: unknown[],
): AsyncGenerator<PersonRow[], void> {
  const selected = [
    ...Object.entries(columns).map(
      ([column, member]) => `t.${column}${DAY_COLUMNS.has(column) ? '::text' : ''} AS "${member}"`,
    ),
    ...Object.entries(joined).map(([member, sql]) => `${sql} AS "${member}"`),
  ];
  const sql = `SELECT ${selected.join(', ')} FROM ${subject} ${from} ORDER BY ${order}`;
  return readRows<PersonRow>(tx, types, sql, values, ROWS_PER_READ);
}

/** Yields the rows of a category that are about the person, also those under a pseudonym that the database can connect with the person. */
export function readPersonRows(
  tx: Tx,
  category: Category,
  { tenantId, userId, names, addresses, ownAccountIds }: PersonKeys,
): AsyncGenerator<PersonRow[], void> {
  const values = [tenantId, userId, names, addresses, ownAccountIds];
  return readCategoryRows(tx, category, personWith(`${OWN_ID} || ${KNOWN_PSEUDONYMS}`), values);
}

/** The number of rows of a category that an erasure of the person concerns, and of those that are under a pseudonym already. */
export async function countPersonRows(
  tx: Tx,
  { from, hasPseudonyms }: Category,
  { tenantId, userId, names, addresses, ownAccountIds }: PersonKeys,
): Promise<{ rows: number; pseudonymRows: number }> {
  const countOf = async (rowIds: string) => {
    const sql = `SELECT count(*)::integer AS rows FROM ${personWith(rowIds)} ${from}`;
    const values = [tenantId, userId, names, addresses, ownAccountIds];
    for await (const [counted] of readRows<{ rows: number }>(tx, types, sql, values))
      return counted?.rows ?? 0;
    return 0;
  };
  return {
    rows: await countOf(OWN_ID),
    pseudonymRows: hasPseudonyms ? await countOf(KNOWN_PSEUDONYMS) : 0,
  };
}
