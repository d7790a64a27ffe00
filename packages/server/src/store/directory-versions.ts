import type { Tx } from './db.ts';
import type { Statement } from './pipeline.ts';

/**
 * How often whom or what an organisation's events may mean was changed. What is looked up after this in the same
 * transaction is of that version or of a later one.
 */
export async function directoryVersion(tx: Tx, tenantId: string): Promise<string> {
  const { rows } = await tx.query<{ version: string }>(
    'SELECT coalesce(sum(changes), 0)::text AS version FROM directory_versions WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.version ?? '0';
}

/**
 * Lets the statements that follow in the transaction see and write the rows of an organisation if its directory is of
 * the version `remembered`, or whatever it is of where that is undefined, and else no rows at all. Answers the
 * version that it is of.
 */
export function enterTenantAt(tenantId: string, remembered: string | undefined): Statement {
  return {
    name: 'enter tenant at',
    text: 'SELECT enter_tenant_at($1::uuid, $2::text)',
    values: [tenantId, remembered ?? null],
  };
}
