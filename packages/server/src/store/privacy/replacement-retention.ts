import type { Tx } from '../connections/db.ts';

/** SQL: no cursor may ask for the row. */
const IS_OLD = 'written_xid < (SELECT attendance_kept_from())';

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
 * either. What leads to the pseudonym of a user who is there stays until all names of the year have ended: rows that move later
 * need the same pseudonym, and the user counts once in the year. Cursors that have not seen it are refused from then on. Returns the
 * number of rows.
 */
export async function pruneReplacements(tx: Tx, tenantId: string): Promise<number> {
  await tx.query('SELECT close_pseudonym_years()');
  const { rows } = await tx.query<{ pruned: number }>(
    `WITH replaced_users_pruned AS (
       DELETE FROM replaced_users r WHERE r.tenant_id = $1 AND ${IS_OLD}
         AND (r.year IN (SELECT k.year FROM pseudonym_keys k WHERE k.tenant_id = $1 AND k.closed)
              OR NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = $1 AND u.user_id = r.user_id))
       RETURNING written_xid),
     gone_users_pruned AS (DELETE FROM gone_users WHERE tenant_id = $1 AND ${IS_OLD} RETURNING written_xid),
     pruned AS (SELECT written_xid FROM replaced_users_pruned UNION ALL SELECT written_xid FROM gone_users_pruned),
     marked AS (
       INSERT INTO replacement_marks AS m (tenant_id, pruned_xid)
       SELECT $1, max(written_xid) FROM pruned HAVING count(*) > 0
       ON CONFLICT (tenant_id) DO UPDATE SET pruned_xid = greatest(m.pruned_xid, excluded.pruned_xid))
     SELECT count(*)::integer AS pruned FROM pruned`,
    [tenantId],
  );
  return rows[0]?.pruned ?? 0;
}
