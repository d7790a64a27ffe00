import { copyRows } from './copy.ts';
import type { Tx } from './db.ts';

/** An office, and what is known of one of its local days. */
export interface OfficeDayRow {
  locationId: string;
  name: string;
  presenceReporting: 'detect' | 'always' | 'never';
  sawEvent: boolean;
  ended: boolean;
}

/** A person who has a plan on a day, or was detected. The plan's members are null where there is none. */
export interface PersonDayRow {
  userId: string;
  plan: 'o' | 'r' | 'a' | null;
  planLocationId: string | null;
  planSetBy: 'week' | 'day' | 'leave' | 'presence' | null;
  /** What the plan has booked. */
  bookedNodeId: string | null;
  /** The offices where the person was detected, each once. */
  seenAt: string[];
}

/**
 * Every office on `day` (`YYYY-MM-DD`), as known at `now`. An office's day has ended once its local date is a
 * later one: the rule that gives events their day.
 */
export async function listOfficeDays(
  tx: Tx,
  tenantId: string,
  day: string,
  now: Date,
): Promise<OfficeDayRow[]> {
  const { rows } = await tx.query<OfficeDayRow>(
    `SELECT o.location_id AS "locationId", o.name, o.presence_reporting AS "presenceReporting",
            e.location_id IS NOT NULL AS "sawEvent", ($3::timestamptz AT TIME ZONE o.time_zone)::date > $2::date AS ended
     FROM offices o
     LEFT JOIN (SELECT DISTINCT location_id FROM presence_events WHERE tenant_id = $1 AND day = $2::date) e
       ON e.location_id = o.location_id
     WHERE o.tenant_id = $1`,
    [tenantId, day, now],
  );
  return rows;
}

/**
 * The people who have a plan on `day` or were detected, ordered by id. `locationId` leaves out those whom nothing
 * connects with that office: neither plan nor presence nor being their primary location. Further only some people,
 * or those from an id on.
 */
export async function* readPersonDays(
  tx: Tx,
  tenantId: string,
  day: string,
  locationId: string | undefined,
  { userIds, fromUserId }: { userIds?: string[]; fromUserId?: string } = {},
): AsyncGenerator<PersonDayRow[], void> {
  // A whole day of everything is joined. Where statistics lag behind a bulk of writes the planner expects a few
  // rows, loops over them, and compares everyone's plan with everyone's booking.
  await tx.query(`SET LOCAL enable_nestloop TO ${userIds ? 'on' : 'off'}`);
  const someOnly =
    '($4::uuid[] IS NULL OR user_id = ANY ($4::uuid[])) AND ($5::uuid IS NULL OR user_id >= $5::uuid)';
  const batches = copyRows(
    tx,
    `SELECT user_id, p.plan, p.location_id, p.set_by, b.node_id, e.seen_at
     FROM (SELECT user_id, plan, location_id, set_by FROM day_plans
           WHERE tenant_id = $1 AND day = $2::date AND ${someOnly}) p
     FULL JOIN (SELECT user_id, string_agg(location_id::text, ' ') AS seen_at
                FROM (SELECT DISTINCT user_id, location_id FROM presence_events
                      WHERE tenant_id = $1 AND day = $2::date AND ${someOnly}) d
                GROUP BY user_id) e USING (user_id)
     LEFT JOIN (SELECT user_id, node_id FROM bookings
                WHERE tenant_id = $1 AND day = $2::date AND ${someOnly}) b USING (user_id)
     WHERE $3::uuid IS NULL OR p.location_id = $3::uuid OR e.seen_at LIKE '%' || $3 || '%'
       OR user_id IN (SELECT user_id FROM users WHERE tenant_id = $1 AND primary_location_id = $3::uuid)
     ORDER BY user_id`,
    [tenantId, day, locationId, userIds, fromUserId],
  );
  for await (const batch of batches) {
    yield batch.map(([userId, plan, planLocationId, planSetBy, bookedNodeId, seenAt]) => ({
      userId,
      plan,
      planLocationId,
      planSetBy,
      bookedNodeId,
      seenAt: seenAt?.split(' ') ?? [],
    })) as PersonDayRow[];
  }
}
