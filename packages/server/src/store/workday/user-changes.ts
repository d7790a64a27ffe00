import type { Tx } from '../connections/db.ts';
import type { PageWindow } from '../values/page.ts';
import type { ActionLogRow, Actor } from './action-log.ts';

/** An entry of the action log, as it was recorded. Entries of other systems may have other actions and objects. */
export interface UserChangeRow {
  entryId: string;
  eventTime: Date;
  actionId: string;
  /** `YYYY-MM-DD`. */
  day: string;
  category: ActionLogRow['category'];
  action: string;
  description: string;
  changedBy: Actor['changedBy'];
  changedByName: string | null;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/**
 * The entries of one user, the newest first: one page, and one more entry if there is one. With `day`, only those of that
 * day. It reads the entries of this user only.
 */
export async function listUserChanges(
  tx: Tx,
  tenantId: string,
  { userId, day }: { userId: string; day: string | undefined },
  { limit, after }: PageWindow,
): Promise<UserChangeRow[]> {
  const { rows } = await tx.query<UserChangeRow>(
    `SELECT l.entry_id AS "entryId", l.logged_at AS "eventTime", l.action_id AS "actionId", l.day, l.category, l.action,
            l.description, l.changed_by AS "changedBy", l.changed_by_name AS "changedByName", l.reason, l.before, l.after
     FROM action_log l
     WHERE l.tenant_id = $1 AND l.user_id = $2 AND ($3::date IS NULL OR l.day = $3)
       AND ($4::uuid IS NULL OR (l.logged_at, l.entry_id) < (
         SELECT a.logged_at, a.entry_id FROM action_log a
         WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.entry_id = $4))
     ORDER BY l.logged_at DESC, l.entry_id DESC LIMIT $5`,
    [tenantId, userId, day ?? null, after, limit + 1],
  );
  return rows;
}
