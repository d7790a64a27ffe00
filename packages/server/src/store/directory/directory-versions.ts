import type { PreparedStatement } from '../connections/pipeline.ts';

/**
 * Lets the statements that follow in the transaction see and write the rows of an organisation if its directory is of
 * the version `remembered`, or whatever it is of where that is undefined, and else no rows at all. Answers the
 * version that it is of.
 */
export function enterTenantIfVersion(tenantId: string, remembered: string | undefined): PreparedStatement {
  return {
    name: 'enter tenant at',
    text: 'SELECT enter_tenant_at($1::uuid, $2::text)',
    values: [tenantId, remembered ?? null],
  };
}
