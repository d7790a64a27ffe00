import type { PipelineResults, PreparedStatement } from '../connections/pipeline.ts';

/**
 * Lets the following statements of the transaction see and write the rows of an organisation. It does so only if the
 * version of the organisation's directory is `expectedVersion`, or if that is undefined; else they see no rows and
 * store none. `readDirectoryVersion` reads the result.
 */
export function enterTenantIfVersion(
  tenantId: string,
  expectedVersion: string | undefined,
): PreparedStatement {
  return {
    name: 'enter tenant if version',
    text: 'SELECT enter_tenant_at($1::uuid, $2::text)',
    values: [tenantId, expectedVersion ?? null],
  };
}

/** The present version of the directory. Throws if the result is missing. */
export function readDirectoryVersion(result: PipelineResults[number]): string {
  if (result === undefined) throw new Error('The database did not return the version of the directory.');
  return result;
}
