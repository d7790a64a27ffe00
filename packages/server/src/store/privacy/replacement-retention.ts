import type { Tx } from '../connections/db.ts';

const TABLES = ['replaced_users', 'gone_users'] as const;

/**
 * The first transaction since which the database keeps the keys of all rows that moved to a pseudonym, and of all users who are
 * gone. Undefined if it keeps all.
 */
export async function replacementsKeptFrom(tx: Tx): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ xid: string }>(
    'SELECT pruned_xid::text AS xid FROM replacement_marks WHERE tenant_id = current_tenant_id()',
  );
  const xid = rows[0]?.xid;
  return xid ? BigInt(xid) + 1n : undefined;
}

/**
 * Deletes what leads from pseudonyms to people, and the ids of users who are gone, if no cursor of attendance may ask for them
 * either. Cursors that have not seen it are refused from then on. Returns the number of rows.
 */
export async function pruneReplacements(tx: Tx, tenantId: string): Promise<number> {
  const { rows } = await tx.query<{ pruned: number }>(
    `WITH ${TABLES.map(
      (table) => `${table}_pruned AS (
         DELETE FROM ${table} WHERE tenant_id = $1 AND written_xid < (SELECT attendance_kept_from()) RETURNING written_xid)`,
    ).join(', ')},
     pruned AS (SELECT written_xid FROM ${TABLES.map((table) => `${table}_pruned`).join(' UNION ALL SELECT written_xid FROM ')}),
     marked AS (
       INSERT INTO replacement_marks AS m (tenant_id, pruned_xid)
       SELECT $1, max(written_xid) FROM pruned HAVING count(*) > 0
       ON CONFLICT (tenant_id) DO UPDATE SET pruned_xid = greatest(m.pruned_xid, excluded.pruned_xid))
     SELECT count(*)::integer AS pruned FROM pruned`,
    [tenantId],
  );
  return rows[0]?.pruned ?? 0;
}
