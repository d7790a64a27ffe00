import type { Tx } from '../connections/db.ts';

/** Makes the keys of years that have none, and keeps all of them open for as long as changes are told. */
export async function openYears(tx: Tx, tenantId: string, years: readonly number[]): Promise<void> {
  if (years.length === 0) return;
  await tx.query('SELECT open_pseudonym_years($1)', [years]);
  await tx.query(
    'UPDATE pseudonym_keys SET year = year WHERE tenant_id = $1 AND year = ANY ($2::smallint[])',
    [tenantId, years],
  );
}

/** The calendar years to whose pseudonyms nothing leads any more. */
export async function listClosedYears(tx: Tx, tenantId: string): Promise<ReadonlySet<number>> {
  const { rows } = await tx.query<{ year: number }>(
    'SELECT year FROM pseudonym_keys WHERE tenant_id = $1 AND closed',
    [tenantId],
  );
  return new Set(rows.map(({ year }) => year));
}
