import type { Tx } from '../store/connections/db.ts';
import { lockTree } from '../store/connections/directory-lock.ts';
import type { Status } from '../store/directory/nodes.ts';
import { lockUsers } from '../store/directory/users.ts';

/**
 * The status of those of `userIds` that exist. Until the transaction ends nobody else changes these people or their
 * days, and nothing that may be booked is retired or moved. Whoever looks at people's days before writing them
 * calls this first: `writeDays` locks in this order, too.
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
