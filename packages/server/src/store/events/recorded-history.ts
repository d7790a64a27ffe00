import { instantArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { NodeInOffice } from '../directory/nodes.ts';
import type { UserIdentity } from '../directory/users.ts';
import type { ActionLogRow, Actor } from '../workday/action-log.ts';
import type { UserDay } from '../workday/day-plans.ts';
import type { EventKey } from './event-order.ts';

/** The people with these ids, or with one of `names` as their exact e-mail or userName; the inactive come first. */
export async function listRecordedUsers(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  names: string[],
): Promise<UserIdentity[]> {
  if (userIds.length === 0 && names.length === 0) return [];
  const { rows } = await tx.query<UserIdentity>(
    `SELECT user_id AS "userId", user_name AS "userName", email FROM users
     WHERE tenant_id = $1 AND user_id IN (
       SELECT unnest($2::uuid[])
       UNION SELECT user_id FROM users WHERE tenant_id = $1 AND email = ANY ($3::text[])
       UNION SELECT user_id FROM users WHERE tenant_id = $1 AND user_name = ANY ($3::text[]))
     ORDER BY status DESC`,
    [tenantId, userIds, names],
  );
  return rows;
}

/** The nodes with these ids, retired ones included. What came there in the past books nothing any more. */
export async function listRecordedNodes(
  tx: Tx,
  tenantId: string,
  nodeIds: string[],
): Promise<NodeInOffice[]> {
  if (nodeIds.length === 0) return [];
  const { rows } = await tx.query<NodeInOffice>(
    `SELECT node_id AS "nodeId", kind, location_id AS "locationId", 'record' AS "deskPresence",
            unknown_time_zone AS "unknownTimeZone"
     FROM node_paths WHERE tenant_id = $1 AND node_id = ANY ($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

export type EventTable = 'presence_events' | 'occupancy_events' | 'visitor_arrivals';

/** Those of these events that are stored, by their digests. */
export async function listStoredDigests(
  tx: Tx,
  tenantId: string,
  table: EventTable,
  events: EventKey[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ digest: string }>(
    `SELECT e.event_digest AS digest FROM unnest($2::timestamptz[], $3::uuid[]) AS w (observed_at, event_digest)
     JOIN ${table} e ON e.tenant_id = $1 AND e.observed_at = w.observed_at AND e.event_digest = w.event_digest`,
    [
      tenantId,
      instantArray(events.map(({ observedAtUs }) => observedAtUs)),
      uuidArray(events.map(({ eventDigest }) => eventDigest)),
    ],
  );
  return new Set(rows.map(({ digest }) => digest));
}

/** An entry of the action log, as another database has it. */
export interface RecordedEntry extends UserDay {
  /** ISO 8601. */
  loggedAt: string;
  /** In what order entries of one moment come; the same whenever the entry is read. */
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
 * Adds entries that are not there yet: an entry is known by its moment, action, person, day and category. The ids of
 * those that were added.
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

/** The local days (`YYYY-MM-DD`) on which an office has presence events. */
export async function listPresenceDays(tx: Tx, tenantId: string, locationId: string): Promise<string[]> {
  const { rows } = await tx.query<{ day: string }>(
    'SELECT DISTINCT day FROM presence_events WHERE tenant_id = $1 AND location_id = $2',
    [tenantId, locationId],
  );
  return rows.map(({ day }) => day);
}
