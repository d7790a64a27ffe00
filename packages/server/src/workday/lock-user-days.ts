import type { Tx } from '../store/connections/db.ts';
import { lockTree } from '../store/connections/directory-lock.ts';
import type { Status } from '../store/directory/nodes.ts';
import { lockUsers } from '../store/directory/users.ts';

/**
 * Locks users and their days, and returns the status of each user who exists. Until the transaction ends, no other
 * transaction changes these users or their days, and none retires or moves a bookable node. A caller that reads days
 * before it writes them calls this first: `writeDays` takes the locks in the same order.
 */
export async function lockUserDays(
  tx: Tx,
  tenantId: string,
  userIds: string[],
): Promise<Map<string, Status>> {
  if (userIds.length === 0) return new Map();
  await lockTree(tx, tenantId, 'shared');
  return lockUsers(tx, tenantId, userIds);
}
