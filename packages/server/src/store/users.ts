import type { Tx } from './db.ts';

export interface UserIdentity {
  userId: string;
  userName: string;
  email: string | null;
}

/**
 * The active users that have one of these ids, or one of these texts as e-mail or userName, in exactly this
 * case. `userIds` are GUIDs.
 */
export async function findActiveUsers(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  names: string[],
): Promise<UserIdentity[]> {
  const columns = 'user_id AS "userId", user_name AS "userName", email';
  const { rows } = await tx.query<UserIdentity>(
    `SELECT ${columns} FROM users WHERE tenant_id = $1 AND status = 'active' AND user_id = ANY ($2::uuid[])
     UNION
     SELECT ${columns} FROM users WHERE tenant_id = $1 AND status = 'active' AND email = ANY ($3::text[])
     UNION
     SELECT ${columns} FROM users WHERE tenant_id = $1 AND status = 'active' AND user_name = ANY ($3::text[])`,
    [tenantId, userIds, names],
  );
  return rows;
}
