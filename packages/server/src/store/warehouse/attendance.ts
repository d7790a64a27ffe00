import { copyRows } from '../connections/copy.ts';
import type { Tx } from '../connections/db.ts';

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
 * Every office with a known time zone on `day` (`YYYY-MM-DD`), as known at `now`. An office's day has ended once its local date is a
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
     WHERE o.tenant_id = $1 AND o.unknown_time_zone IS NULL`,
    [tenantId, day, now],
  );
  return rows;
}

/**
 * The people who have a plan on `day` or were detected, ordered by id. `locationId` leaves out what nothing connects with
 * that office: people whose plan and primary location are others, and where else those were detected. Further only
 * some people, or those from an id on.
 */
export async function* readPersonDays(
  tx: Tx,
  tenantId: string,
  day: string,
  locationId: string | undefined,
  { userIds, fromUserId }: { userIds?: string[]; fromUserId?: string } = {},
): AsyncGenerator<PersonDayRow[], void> {
  // A whole day of everything is merged in the order of people: rows come from the beginning on, while they are put into
  // words, and nothing is slow where statistics lag behind a bulk of writes and the planner expects a few rows.
  const otherJoins = userIds ? 'on' : 'off';
  await tx.query(`SET LOCAL enable_nestloop TO ${otherJoins}; SET LOCAL enable_hashjoin TO ${otherJoins}`);
  const ofDay = `tenant_id = $1 AND day = $2::date AND ${SOME_ONLY}`;
  const batches = copyRows(
    tx,
    `SELECT user_id, p.plan, p.location_id, p.set_by, b.node_id, e.location_id
     FROM (SELECT user_id, primary_location_id FROM users WHERE tenant_id = $1 AND ${SOME_ONLY}) u
     LEFT JOIN (SELECT user_id, plan, location_id, set_by FROM day_plans WHERE ${ofDay}) p USING (user_id)
     LEFT JOIN (SELECT user_id, node_id FROM bookings WHERE ${ofDay}) b USING (user_id)
     LEFT JOIN (SELECT DISTINCT user_id, location_id FROM presence_events WHERE ${ofDay}) e USING (user_id)
     WHERE coalesce(p.user_id, e.user_id) IS NOT NULL
       AND ($3::uuid IS NULL OR $3::uuid IN (p.location_id, e.location_id, u.primary_location_id))
     ORDER BY user_id`,
    [tenantId, day, locationId, userIds, fromUserId],
  );
  // A row for each office where a person was detected; those of a person may be in two batches.
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
