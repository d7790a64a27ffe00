import type { Tx } from '../connections/db.ts';
import { IS_CLOSED_FOR_PEOPLE } from '../warehouse/numbers.ts';

/**
 * Makes the keys of years that have none, and keeps all of them open for as long as changes are told. Opens years again that were
 * closed: rows get a digest of the key.
 */
export async function openYears(tx: Tx, tenantId: string, years: readonly number[]): Promise<void> {
  if (years.length === 0) return;
  await tx.query('SELECT open_pseudonym_years($1)', [years]);
  await tx.query(
    'UPDATE pseudonym_keys SET year = year WHERE tenant_id = $1 AND year = ANY ($2::smallint[])',
    [tenantId, years],
  );
}

/** As `openYears`, for rows without a digest: years that were closed stay closed, so that no event of them is stored again. */
export async function openYearsForLog(tx: Tx, tenantId: string, years: readonly number[]): Promise<void> {
  const { visitors: closed } = await listClosedYears(tx, tenantId);
  await openYears(
    tx,
    tenantId,
    years.filter((year) => !closed.has(year)),
  );
}

/** The calendar years whose events cannot be known again. */
export interface ClosedYears {
  /** Of arrivals of visitors. */
  visitors: ReadonlySet<number>;
  /** Of presence: nothing leads from the pseudonyms of these years to people. */
  people: ReadonlySet<number>;
}

export async function listClosedYears(tx: Tx, tenantId: string): Promise<ClosedYears> {
  const { rows } = await tx.query<{ year: number; ofPeople: boolean }>(
    `SELECT k.year, ${IS_CLOSED_FOR_PEOPLE} AS "ofPeople" FROM pseudonym_keys k WHERE k.tenant_id = $1 AND k.closed`,
    [tenantId],
  );
  const yearsOf = (found: typeof rows) => new Set(found.map(({ year }) => year));
  return { visitors: yearsOf(rows), people: yearsOf(rows.filter(({ ofPeople }) => ofPeople)) };
}
