import { copyRows } from '../connections/copy.ts';
import type { Tx } from '../connections/db.ts';
import { mayBeOfDay } from '../values/day-window.ts';

/** An office, and the facts about one of its local days. */
export interface OfficeDayRow {
  locationId: string;
  name: string;
  presenceReporting: 'detect' | 'always' | 'never';
  sawEvent: boolean;
  ended: boolean;
}

/** A user who has a plan on a day, or was detected. The members of the plan are null if there is no plan. */
export interface PersonDayRow {
  userId: string;
  plan: 'o' | 'r' | 'a' | null;
  planLocationId: string | null;
  planSetBy: 'week' | 'day' | 'leave' | 'presence' | null;
  /** The booked node. */
  bookedNodeId: string | null;
  /** The offices where the user was detected, each once. */
  seenAt: string[];
}

/**
 * Every office with a known time zone on `day` (`YYYY-MM-DD`), as known at `now`. An office's day has ended
 * once its local date is later. The same rule gives events their day.
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
     LEFT JOIN (SELECT DISTINCT location_id FROM presence_events
                WHERE tenant_id = $1 AND day = $2::date AND ${mayBeOfDay('observed_at', '$2::date')}) e
       ON e.location_id = o.location_id
     WHERE o.tenant_id = $1 AND o.unknown_time_zone IS NULL`,
    [tenantId, day, now],
  );
  return rows;
}

/**
 * Reads the users who have a plan on `day` or were detected, ordered by id. Options limit the answer:
 *
 * - `locationId`: only users whose plan, primary location or detection is at that office. If only the
 *   detection is, the
 * answer has no other office where the user was detected.
 * - `userIds`: only these users.
 * - `fromUserId`: only users from this id on.
 */
export async function* readPersonDays(
  tx: Tx,
  tenantId: string,
  day: string,
  locationId: string | undefined,
  { userIds, fromUserId }: { userIds?: string[]; fromUserId?: string } = {},
): AsyncGenerator<PersonDayRow[], void> {
  // For a whole day, merge joins read in the order of users: the first rows arrive at once, while the caller
  // formats them. Other joins are slow if statistics lag behind a bulk write, because the planner expects few
  // rows.
  const otherJoins = userIds ? 'on' : 'off';
  await tx.query(`SET LOCAL enable_nestloop TO ${otherJoins}; SET LOCAL enable_hashjoin TO ${otherJoins}`);
  const ofDay = `tenant_id = $1 AND day = $2::date AND ${SOME_ONLY}`;
  const batches = copyRows(
    tx,
    `SELECT user_id, p.plan, p.location_id, p.set_by, b.node_id, e.location_id
     FROM (SELECT user_id, primary_location_id FROM users WHERE tenant_id = $1 AND ${SOME_ONLY}) u
     LEFT JOIN (SELECT user_id, plan, location_id, set_by FROM day_plans WHERE ${ofDay}) p USING (user_id)
     LEFT JOIN (SELECT user_id, node_id FROM bookings WHERE ${ofDay}) b USING (user_id)
     LEFT JOIN (SELECT DISTINCT user_id, location_id FROM presence_events
                WHERE ${ofDay} AND ${mayBeOfDay('observed_at', '$2::date')}) e USING (user_id)
     WHERE coalesce(p.user_id, e.user_id) IS NOT NULL
       AND ($3::uuid IS NULL OR $3::uuid IN (p.location_id, e.location_id, u.primary_location_id))
     ORDER BY user_id`,
    [tenantId, day, locationId, userIds, fromUserId],
  );
  // The query answers one row for each office where a user was detected. The rows of a user can be in two
  // batches.
  let last: PersonDayRow | undefined;
  for await (const batch of batches) {
    const complete: PersonDayRow[] = [];
    for (const [userId, plan, planLocationId, planSetBy, bookedNodeId, seenAt] of batch) {
      if (last && last.userId === userId) {
        last.seenAt.push(seenAt as string);
        continue;
      }
      if (last) complete.push(last);
      last = {
        userId,
        plan,
        planLocationId,
        planSetBy,
        bookedNodeId,
        seenAt: seenAt ? [seenAt] : [],
      } as PersonDayRow;
    }
    yield complete;
  }
  if (last) yield [last];
}

const SOME_ONLY =
  '($4::uuid[] IS NULL OR user_id = ANY ($4::uuid[])) AND ($5::uuid IS NULL OR user_id >= $5::uuid)';
