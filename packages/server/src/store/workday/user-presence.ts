import type { Tx } from '../connections/db.ts';
import { type DayWindow, mayBeOfDay } from '../values/day-window.ts';

/** The detections of a user at one office on one of its local days. */
export interface UserPresenceRow {
  /** `YYYY-MM-DD`. */
  day: string;
  locationId: string;
  events: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** The sources of the first and the last event. */
  firstSourceId: string;
  lastSourceId: string;
}

/** Where a user was detected on the days of a window, by day and office. It probes an index once a day. */
export async function listUserPresence(
  tx: Tx,
  tenantId: string,
  userId: string,
  { from, before }: DayWindow,
): Promise<UserPresenceRow[]> {
  const { rows } = await tx.query<UserPresenceRow>(
    `SELECT d.day, e.location_id AS "locationId", e.events, e.first_at AS "firstSeenAt", e.last_at AS "lastSeenAt",
            e.sources[1] AS "firstSourceId", e.sources[cardinality(e.sources)] AS "lastSourceId"
     FROM (SELECT $3::date + n AS day FROM generate_series(0, $4::date - $3::date - 1) AS n) AS d
     CROSS JOIN LATERAL (
       SELECT location_id, count(*)::integer AS events, min(observed_at) AS first_at, max(observed_at) AS last_at,
              array_agg(source_id ORDER BY observed_at, event_digest) AS sources
       FROM presence_events p
       WHERE p.tenant_id = $1 AND p.day = d.day AND p.user_id = $2 AND ${mayBeOfDay('p.observed_at', 'd.day')}
       GROUP BY location_id) AS e
     ORDER BY d.day, e.location_id`,
    [tenantId, userId, from, before],
  );
  return rows;
}

/** An office on one of its local days. */
export interface OfficeOnDayRow {
  locationId: string;
  day: string;
  locationName: string;
  timeZone: string;
  presenceReporting: 'detect' | 'always' | 'never';
  /** Whether the office had any presence event. Only known of ended days at offices that must detect. */
  sawEvent: boolean;
  ended: boolean;
}

/**
 * These offices on these days, as known at `now`, in no order. Offices with an unknown time zone are left out. The search
 * for an event ends at the first one of the index of days: its order keeps the planner from reading the table.
 */
export async function listOfficesOnDays(
  tx: Tx,
  tenantId: string,
  days: readonly { locationId: string; day: string }[],
  now: Date,
): Promise<OfficeOnDayRow[]> {
  if (days.length === 0) return [];
  const { rows } = await tx.query<OfficeOnDayRow>(
    `SELECT o.location_id AS "locationId", w.day, o.name AS "locationName", o.time_zone AS "timeZone",
            o.presence_reporting AS "presenceReporting", w.ended,
            coalesce(CASE WHEN w.ended AND o.presence_reporting = 'detect'
                          THEN (SELECT true FROM presence_events e
                                WHERE e.tenant_id = $1 AND e.day = w.day AND e.location_id = o.location_id
                                  AND ${mayBeOfDay('e.observed_at', 'w.day')}
                                ORDER BY e.day, e.user_id LIMIT 1) END, false) AS "sawEvent"
     FROM offices o
     CROSS JOIN LATERAL (SELECT u.day, ($4::timestamptz AT TIME ZONE o.time_zone)::date > u.day AS ended
                         FROM unnest($2::uuid[], $3::date[]) AS u (location_id, day)
                         WHERE u.location_id = o.location_id) AS w
     WHERE o.tenant_id = $1 AND o.location_id = ANY ($2::uuid[]) AND o.unknown_time_zone IS NULL`,
    [tenantId, days.map(({ locationId }) => locationId), days.map(({ day }) => day), now],
  );
  return rows;
}
