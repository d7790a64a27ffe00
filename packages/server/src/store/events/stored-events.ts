import { instantArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { EventKey } from './event-order.ts';

export type EventTable = 'presence_events' | 'occupancy_events' | 'visitor_arrivals';

/** The digests of those of these events that are stored. */
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

/** The local days (`YYYY-MM-DD`) on which an office has presence events. */
export async function listPresenceDays(tx: Tx, tenantId: string, locationId: string): Promise<string[]> {
  const { rows } = await tx.query<{ day: string }>(
    'SELECT DISTINCT day FROM presence_events WHERE tenant_id = $1 AND location_id = $2',
    [tenantId, locationId],
  );
  return rows.map(({ day }) => day);
}
