import type { Tx } from '../connections/db.ts';
import { nameOfUser } from '../directory/user-name.ts';
import { mayBeOfDay } from '../values/day-window.ts';
import { setPlannerForAggregates } from './aggregates.ts';

/** Who arrived last at an office on its local day. */
export interface LatestArrivals {
  locationName: string;
  timeZone: string;
  /** The office's date, as `YYYY-MM-DD`. */
  day: string;
  /** The latest first. `arrivedAt` is the first detection of the day, as an instant. */
  people: { userId: string; name: string; arrivedAt: string }[];
}

/**
 * The users whose first detection of the day at an office was the latest, at most so many. Undefined if there is no such
 * office in use, or if the database does not know its time zone.
 */
export async function listLatestArrivals(
  tx: Tx,
  tenantId: string,
  { locationId, now, limit }: { locationId: string; now: Date; limit: number },
): Promise<LatestArrivals | undefined> {
  await setPlannerForAggregates(tx);
  const { rows } = await tx.query<LatestArrivals>(
    `WITH office AS MATERIALIZED (
       SELECT name, time_zone, ($3::timestamptz AT TIME ZONE time_zone)::date AS day
       FROM offices WHERE tenant_id = $1 AND location_id = $2 AND status = 'active' AND unknown_time_zone IS NULL
     ), arrived AS (
       SELECT e.user_id, min(e.observed_at) AS arrived_at
       FROM presence_events e
       WHERE e.tenant_id = $1 AND e.location_id = $2 AND e.day = (SELECT day FROM office)
         AND ${mayBeOfDay('e.observed_at', '(SELECT day FROM office)')}
       GROUP BY e.user_id
     ), latest AS MATERIALIZED (
       SELECT a.user_id, a.arrived_at, ${nameOfUser('u')} AS name
       FROM arrived a JOIN users u ON u.tenant_id = $1 AND u.user_id = a.user_id AND u.pseudonym_year IS NULL
       ORDER BY a.arrived_at DESC, a.user_id LIMIT $4
     )
     SELECT o.name AS "locationName", o.time_zone AS "timeZone", o.day,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('userId', l.user_id, 'name', l.name, 'arrivedAt', l.arrived_at)
                             ORDER BY l.arrived_at DESC, l.user_id), '[]') FROM latest l) AS people
     FROM office o`,
    [tenantId, locationId, now, limit],
  );
  return rows[0];
}
