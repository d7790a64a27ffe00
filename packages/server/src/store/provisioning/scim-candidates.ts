import type { Tx } from '../connections/db.ts';
import { caseless, fold } from '../values/fold.ts';
import type { FilterColumns, FilterOperator, FilterTerm } from './scim-filter.ts';

/** Operators whose users have the value as a part of the text. */
const PARTIAL: ReadonlySet<FilterOperator> = new Set(['co', 'sw', 'ew']);
/** With more users than these, reading all users costs about as much. */
const MOST_CANDIDATES = 4_000;
/** Each alternative is a search of the index. */
const MOST_ALTERNATIVES = 5;

/**
 * The ids of all users who may pass the filter, and perhaps of others, as PostgreSQL's text of an array. Undefined if the
 * index of trigrams is missing, or does not help with this filter.
 */
export async function findCandidates(
  tx: Tx,
  tenantId: string,
  filter: FilterTerm[][],
  columns: FilterColumns,
): Promise<string | undefined> {
  if (filter.length === 0 || filter.length > MOST_ALTERNATIVES) return undefined;
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const searches = filter.map((terms) => searchOf(terms, columns, { tenantId, push }));
  if (!searches.every((search) => search !== undefined)) return undefined;
  const names = searches.map((_, index) => `s${index}`);
  const { rows } = await tx.query<{ ids: string | null }>(
    `WITH ${searches.map((search, index) => `${names[index]} AS MATERIALIZED (${search})`).join(', ')}
     SELECT CASE WHEN ${names.map((name) => `${name}.ids IS NOT NULL`).join(' AND ')}
                 THEN (${names.map((name) => `${name}.ids`).join(' || ')})::text END AS ids
     FROM ${names.join(', ')}`,
    values,
  );
  return rows[0]?.ids ?? undefined;
}

/** SQL of the candidates of one alternative, in `ids`. Undefined if another index serves it, or no index does. */
function searchOf(
  terms: FilterTerm[],
  columns: FilterColumns,
  { tenantId, push }: { tenantId: string; push: (value: unknown) => string },
): string | undefined {
  if (terms.some(({ operator, value }) => operator === 'eq' && typeof value === 'string')) return undefined;
  const partsIn = (texts: 'names' | 'addresses') =>
    terms.flatMap(({ attribute, operator, value }) => {
      const column = columns[attribute];
      if (column?.trigrams !== texts || !PARTIAL.has(operator) || typeof value !== 'string') return [];
      return [
        () => (column.compare === 'folded' ? `${push(fold(value))}::text` : caseless(`${push(value)}::text`)),
      ];
    });
  const names = partsIn('names');
  if (names.length > 0) {
    const parts = names.map((sql) => sql()).join(', ');
    return `SELECT users_by_trigrams(ARRAY[${parts}], ${MOST_CANDIDATES}) AS ids`;
  }
  const address = partsIn('addresses')[0]?.();
  if (address === undefined) return undefined;
  // The index has users.email only. Other addresses are few, if a user has any.
  return `SELECT CASE WHEN f.ids IS NOT NULL THEN f.ids || ARRAY(
            SELECT e.user_id FROM user_emails e
            WHERE e.tenant_id = ${push(tenantId)} AND e.value IS NOT NULL AND strpos(e.value_folded, ${address}) > 0) END AS ids
          FROM (SELECT users_by_trigrams(ARRAY[${address}], ${MOST_CANDIDATES}) AS ids OFFSET 0) AS f`;
}
