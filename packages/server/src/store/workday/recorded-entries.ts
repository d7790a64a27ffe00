import type { Tx } from '../connections/db.ts';
import type { ActionLogRow, Actor } from './action-log.ts';
import type { UserDay } from './day-plans.ts';

/** An entry of the action log of another database. */
export interface RecordedEntry extends UserDay {
  /** ISO 8601. */
  loggedAt: string;
  /** The order of entries with the same time. It is the same whenever the entry is read. */
  entryId: string;
  actionId: string;
  category: ActionLogRow['category'];
  action: string;
  description: string;
  changedBy: Actor['changedBy'];
  changedByName: string | null;
  reason: string | null;
  before: object | null;
  after: object | null;
}

/**
 * Inserts entries that do not exist yet. Entries with the same time, action, user, day and category are the
 * same entry. Returns the ids of the inserted entries.
 */
export async function insertRecordedEntries(
  tx: Tx,
  tenantId: string,
  entries: RecordedEntry[],
): Promise<Set<string>> {
  const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
  const column = <K extends keyof RecordedEntry>(name: K) => entries.map((entry) => entry[name]);
  const { rows } = await tx.query<{ entryId: string }>(
    `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description,
                             changed_by, changed_by_name, reason, before, after)
     SELECT $1, w.* FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::date[], $7::text[], $8::text[],
                                $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[])
       AS w (logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by, changed_by_name,
             reason, before, after)
     WHERE NOT EXISTS (SELECT FROM action_log l
                       WHERE l.tenant_id = $1 AND l.user_id = w.user_id AND l.logged_at = w.logged_at
                         AND l.action_id = w.action_id AND l.day = w.day AND l.category = w.category)
     ON CONFLICT DO NOTHING
     RETURNING entry_id AS "entryId"`,
    [
      tenantId,
      column('loggedAt'),
      column('entryId'),
      column('actionId'),
      column('userId'),
      column('day'),
      column('category'),
      column('action'),
      column('description'),
      column('changedBy'),
      column('changedByName'),
      column('reason'),
      column('before').map(json),
      column('after').map(json),
    ],
  );
  return new Set(rows.map(({ entryId }) => entryId));
}
