import type { Tx } from '../connections/db.ts';
import { lockAccessCredentials } from './access-credentials.ts';
import { nextCreationTime } from './creation-time.ts';
import { lockUsers } from './users.ts';

/**
 * Marks an inactive user as deleted by the identity provider. SCIM then does not find the user, and the user
 * is in no provisioned group. The externalId stays, so that a new user with the same userName can be told
 * apart from this one. Needs the directory lock.
 */
export async function deleteUser(tx: Tx, tenantId: string, userId: string, at: Date): Promise<void> {
  await tx.query(
    'UPDATE users SET deprovisioned = true, deprovisioned_at = $3 WHERE tenant_id = $1 AND user_id = $2',
    [tenantId, userId, at],
  );
  await leaveGroups(tx, tenantId, [userId], 'provisioned', at);
}

/**
 * Brings deleted users back as returning users, created at `at`. They keep their ids, history and status.
 * They lose their groups, attributes and further e-mail addresses. Their cards become inactive. Needs the
 * directory lock.
 */
export async function restoreUsers(tx: Tx, tenantId: string, userIds: string[], at: Date): Promise<void> {
  if (userIds.length === 0) return;
  await lockUsers(tx, tenantId, userIds);
  await tx.query(
    `UPDATE users SET deprovisioned = false, deprovisioned_at = NULL, attributes = '{}', primary_group_id = NULL,
       created_at = ${nextCreationTime('users', '$3')}
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])`,
    [tenantId, userIds, at],
  );
  await tx.query('DELETE FROM user_emails WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])', [
    tenantId,
    userIds,
  ]);
  await leaveGroups(tx, tenantId, userIds, 'all', at);
  await lockAccessCredentials(tx, tenantId);
  await tx.query(
    'UPDATE access_credentials SET active = false, updated_at = $3 WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) AND active',
    [tenantId, userIds, at],
  );
}

/**
 * Removes the users from groups. The groups are modified at `at`, because their versions and exports include
 * their members.
 */
async function leaveGroups(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  which: 'provisioned' | 'all',
  at: Date,
): Promise<void> {
  await tx.query(
    `WITH removed AS (
       DELETE FROM group_members m
       WHERE m.tenant_id = $1 AND m.user_id = ANY ($2::uuid[])
         AND ($3 OR (SELECT g.provisioned FROM groups g WHERE g.tenant_id = $1 AND g.group_id = m.group_id))
       RETURNING m.group_id
     )
     UPDATE groups SET modified_at = $4
     WHERE tenant_id = $1 AND group_id = ANY (ARRAY(SELECT group_id FROM removed))`,
    [tenantId, userIds, which === 'all', at],
  );
}
