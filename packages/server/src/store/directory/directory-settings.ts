import type { Tx } from '../connections/db.ts';
import type { GroupAttributes } from './derived-groups.ts';

/** The settings of the organisation. Empty if it has none. */
export async function getDirectorySettings(tx: Tx, tenantId: string): Promise<GroupAttributes> {
  const { rows } = await tx.query<GroupAttributes>(
    `SELECT coalesce(group_attributes, '{}') AS "groupAttributes", primary_group_attribute AS "primaryGroupAttribute"
     FROM organisation_settings WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0] ?? { groupAttributes: [], primaryGroupAttribute: null };
}

/** Stores the settings of the organisation. Equal settings are not written again. */
export async function upsertDirectorySettings(
  tx: Tx,
  tenantId: string,
  { groupAttributes, primaryGroupAttribute }: GroupAttributes,
): Promise<void> {
  await tx.query(
    `INSERT INTO organisation_settings AS s (tenant_id, group_attributes, primary_group_attribute)
     VALUES ($1, nullif($2::text[], '{}'), $3)
     ON CONFLICT (tenant_id) DO UPDATE
       SET group_attributes = excluded.group_attributes, primary_group_attribute = excluded.primary_group_attribute
       WHERE (s.group_attributes, s.primary_group_attribute)
         IS DISTINCT FROM (excluded.group_attributes, excluded.primary_group_attribute)`,
    [tenantId, groupAttributes, primaryGroupAttribute],
  );
}
