import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import { mayBeOfDay } from '../values/day-window.ts';

/** All offsets of time zones, and all changes of them, are multiples of this. */
const QUARTER = "interval '15 minutes'";

/**
 * The occupancy of each node with occupancy events in each hour of its office's clock on `day`
 * (`YYYY-MM-DD`), as known at `now`. Ordered by office, node and hour.
 *
 * - The values of an event hold until the next event of that node, but not beyond the office's day or `now`.
 * - Before the first event nothing is known. An hour of which nothing is known has no row.
 * - An hour that occurs twice when clocks are set back has two rows. An hour that is skipped has none.
 *
 * @param locationIds GUIDs; each selects the node and all nodes below it
 */
export function readOccupancyHours(
  tx: Tx,
  tenantId: string,
  day: string,
  locationIds: string[] | undefined,
  now: Date,
): AsyncGenerator<Record<string, unknown>[], void> {
  return readRows(
    tx,
    types,
    `WITH events AS (
       SELECT e.node_id, e.location_id, e.observed_at, e.received_at, e.event_digest, e.occupied,
              -- The number of people is unknown if the event only says that the node is occupied. Numbers
              -- below 1e-6 count as 0 and numbers from 1e12 on as unknown, because PostgreSQL raises an error
              -- if a sum underflows or overflows.
              CASE WHEN e.occupancy < 1e-6 OR e.occupancy IS NULL AND NOT e.occupied THEN 0
                   WHEN e.occupancy < 1e12 THEN e.occupancy END AS people
       FROM occupancy_events e
       WHERE e.tenant_id = $1 AND e.day = $2::date AND ${mayBeOfDay('e.observed_at', '$2::date')}
     ), hours AS (
       SELECT q.location_id, extract(hour FROM q.local) AS hour, min(q.at) AS starts_at, max(q.at) + ${QUARTER} AS ends_at
       FROM (SELECT o.location_id, t.at, t.at AT TIME ZONE o.time_zone AS local
             FROM offices o
             CROSS JOIN generate_series($2::date::timestamp AT TIME ZONE 'UTC' - interval '15 hours',
                                        $2::date::timestamp AT TIME ZONE 'UTC' + interval '39 hours', ${QUARTER}) AS t (at)
             WHERE o.tenant_id = $1 AND o.unknown_time_zone IS NULL AND o.location_id IN (SELECT location_id FROM events)) AS q
       WHERE q.local::date = $2::date
       GROUP BY q.location_id, extract(hour FROM q.local), q.local - (q.at AT TIME ZONE 'UTC')
     ), states AS (
       SELECT e.node_id, e.location_id, e.occupied, e.people, e.observed_at AS from_at,
              least(lead(e.observed_at) OVER (PARTITION BY e.node_id ORDER BY e.observed_at, e.received_at, e.event_digest),
                    d.ends_at, $3::timestamptz) AS to_at
       FROM events e JOIN (SELECT location_id, max(ends_at) AS ends_at FROM hours GROUP BY location_id) d USING (location_id)
     ), spans AS (
       SELECT s.node_id, h.hour, h.starts_at, s.occupied, s.people,
              extract(epoch FROM least(s.to_at, h.ends_at) - greatest(s.from_at, h.starts_at))::float8 AS seconds
       FROM states s JOIN hours h ON h.location_id = s.location_id AND s.from_at < h.ends_at AND s.to_at > h.starts_at
       WHERE s.from_at < s.to_at
     ), known AS (
       SELECT node_id, hour::integer AS hour, starts_at, sum(seconds) / 60 AS minutes,
              coalesce(sum(seconds) FILTER (WHERE occupied), 0) / sum(seconds) AS occupied_share,
              CASE WHEN bool_and(people IS NOT NULL) THEN sum(people * seconds) / sum(seconds) END AS average,
              CASE WHEN bool_and(people IS NOT NULL) THEN max(people) END AS maximum
       FROM spans GROUP BY node_id, hour, starts_at
     )
     SELECT $2::date AS day, k.hour, k.starts_at AS "hourStart", p.kind AS "locationType",
            p.location_id AS "locationId", p.location_name AS "locationName", p.level_id AS "levelId", p.level_name AS "levelName",
            p.zone_id AS "zoneId", p.zone_name AS "zoneName", p.place_id AS "placeId", p.place_name AS "placeName",
            p.space_id AS "spaceId", p.space_name AS "spaceName", k.minutes AS "knownMinutes",
            k.occupied_share AS "occupiedShare", k.average AS "averageOccupancy", k.maximum AS "maximumOccupancy",
            n.capacity, k.average / nullif(n.capacity, 0) AS utilisation
     FROM known k
     JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = k.node_id
     JOIN nodes n ON n.tenant_id = $1 AND n.node_id = k.node_id
     WHERE $4::uuid[] IS NULL OR p.location_id = ANY ($4) OR p.level_id = ANY ($4) OR p.zone_id = ANY ($4) OR p.node_id = ANY ($4)
     ORDER BY p.location_id, k.node_id, k.starts_at`,
    [tenantId, day, now, locationIds ?? null],
  );
}
