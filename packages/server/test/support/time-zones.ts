import type { TestDatabase } from './database.ts';

/**
 * Gives an office a time zone as if a database with more time zones had stored it. This database checks the time zone
 * only at a start or a restore.
 */
export async function forgetTimeZone(
  { owner }: Pick<TestDatabase, 'owner'>,
  tenantId: string,
  locationId: string,
  timeZone: string,
): Promise<void> {
  await owner.inTenant(tenantId, async (tx) => {
    await tx.query('ALTER TABLE nodes DISABLE TRIGGER USER');
    await tx.query('UPDATE nodes SET time_zone = $3 WHERE tenant_id = $1 AND node_id = $2', [
      tenantId,
      locationId,
      timeZone,
    ]);
    await tx.query('ALTER TABLE nodes ENABLE TRIGGER USER');
  });
}
