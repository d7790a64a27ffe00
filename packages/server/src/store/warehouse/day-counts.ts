import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { MetricUnit } from './metrics.ts';

/**
 * Sets up the rest of the transaction for what follows: days of everything are joined and grouped. Where statistics lag
 * behind a bulk of writes the planner expects a few rows, and loops over them. Workers would mostly copy people to one
 * another, which takes longer than to go through them, and processors that others wait for.
 */
export async function setPlannerForCounts(tx: Tx): Promise<void> {
  await tx.query(
    "SET LOCAL enable_nestloop TO off; SET LOCAL work_mem TO '32MB'; SET LOCAL max_parallel_workers_per_gather TO 0",
  );
}

/** How many people of a unit came to an office on a day, or were to come. */
export interface DayCounts {
  /** `YYYY-MM-DD` */
  day: string;
  locationId: string;
  /** Null where counts are not by it, and where it is not known; so are the other two. */
  levelId: string | null;
  zoneId: string | null;
  groupId: string | null;
  /** Planned and detected here. */
  confirmed: number;
  /** Detected here, without a plan that names the office, or with one that presence made. */
  walkIn: number;
  /** Planned here, but not detected: no-show, unconfirmed, or not to be judged yet, which the office's day decides. */
  silent: number;
}

export interface DayCountsQuery {
  tenantId: string;
  window: DayWindow;
  by: MetricUnit;
  /** The offices to look at. */
  officeIds: string[];
  /** Offices, levels and zones: who is to count was, or was to be, at one of them or beneath it. */
  nodeIds: string[] | undefined;
  /** The primary groups of those who are to count. */
  groupIds: string[] | undefined;
  /** At least as many as an office has levels and zones. */
  mostSpots: number;
}

/**
 * The counts of every day and unit that has any: each person once a day at an office, and once at each level or zone
 * where they were detected. Where they were detected no closer than their booking, the booking says where.
 * Retired people and places count, as they do in the export of attendance. In no order. After `setPlannerForCounts`.
 */
export async function listDayCounts(tx: Tx, query: DayCountsQuery): Promise<DayCounts[]> {
  const { tenantId, window, by, officeIds, nodeIds, groupIds, mostSpots } = query;
  const hasZones = by === 'zone' || nodeIds !== undefined;
  const isPlaced = hasZones || by === 'level';
  const values: unknown[] = [tenantId, window.from, window.before, officeIds];
  let ofGroups = '';
  if (by === 'group' || groupIds) {
    values.push(groupIds ?? null);
    ofGroups = `JOIN users u ON u.tenant_id = $1 AND u.user_id = f.user_id
           AND ($${values.length}::uuid[] IS NULL OR u.primary_group_id = ANY ($${values.length}))`;
  }
  const groupId = by === 'group' ? 'u.primary_group_id' : 'NULL::uuid';
  if (nodeIds) values.push(nodeIds);
  const sql = isPlaced
    ? placed({
        by,
        hasZones,
        words: wordsFor(mostSpots),
        ofGroups,
        groupId,
        nodeIds: nodeIds && values.length,
      })
    : `WITH ${attendances([])}
       SELECT day, location_id AS "locationId", NULL AS "levelId", NULL AS "zoneId", group_id AS "groupId", ${COUNTS}
       FROM (SELECT f.*, ${groupId} AS group_id FROM attendances f ${ofGroups}) f
       GROUP BY day, location_id, group_id`;
  return (await tx.query<DayCounts>(sql, values)).rows;
}

const WITHIN = `x.tenant_id = $1 AND x.day >= $2::date AND x.day < $3::date`;
const AT_OFFICES = `x.location_id = ANY ($4::uuid[])`;

const COUNTS = `count(*) FILTER (WHERE is_seen AND is_planned)::integer AS confirmed,
       count(*) FILTER (WHERE is_seen AND NOT is_planned)::integer AS "walkIn",
       count(*) FILTER (WHERE NOT is_seen)::integer AS silent`;

/**
 * One row for each person, day and office. Bookings say who planned the office: each office plan has one, and their index
 * has all that is asked of them, in the order in which events have it.
 *
 * @param words the columns of `tree` with the spots where somebody was detected; none: nobody asks where
 */
function attendances(words: readonly string[]): string {
  const isPlaced = words.length > 0;
  const spots = (sql: (word: string) => string) => words.map((word) => `${sql(word)}, `).join('');
  // A desk may have moved to another office since: then it says no more where in this one it was.
  const tree = isPlaced ? 'LEFT JOIN tree t ON t.node_id = x.node_id AND t.location_id = x.location_id' : '';
  return `seen AS (
    SELECT x.day, x.user_id, x.location_id, ${spots((word) => `bit_or(t.${word}) AS ${word}`)}true AS is_event
    FROM presence_events x ${tree}
    WHERE ${WITHIN} AND ${AT_OFFICES}
    GROUP BY x.day, x.user_id, x.location_id
  ), booked AS (
    SELECT x.day, x.user_id, x.location_id, ${isPlaced ? 't.spot AS booked_spot, ' : ''}true AS is_booking
    FROM bookings x ${tree}
    WHERE ${WITHIN} AND ${AT_OFFICES}
  ), made_by_presence AS (
    SELECT x.day, x.user_id, true AS is_made FROM day_plans x WHERE ${WITHIN} AND x.set_by = 'presence'
  ), attendances AS (
    SELECT day, user_id, location_id, ${spots((word) => word)}${isPlaced ? 'booked_spot, ' : ''}
           is_event IS NOT NULL AS is_seen, is_booking IS NOT NULL AND is_made IS NULL AS is_planned
    FROM seen FULL JOIN booked USING (day, user_id, location_id) LEFT JOIN made_by_presence USING (day, user_id)
    WHERE is_event IS NOT NULL OR is_made IS NULL
  )`;
}

/** Of a bigint that has a sign. */
const BITS_PER_WORD = 63;

function wordsFor(mostSpots: number): string[] {
  const words = Math.max(1, Math.ceil(mostSpots / BITS_PER_WORD));
  return Array.from({ length: words }, (_, index) => `spots_${index}`);
}

interface Placed {
  by: MetricUnit;
  hasZones: boolean;
  words: readonly string[];
  ofGroups: string;
  groupId: string;
  /** The number of the parameter. */
  nodeIds: number | undefined;
}

/**
 * Counts by where people were. The levels and zones of an office, its spots, are numbered, so that all that somebody was
 * detected at in a day is a set of bits, for which one pass over the events is enough. What such a set and a booking
 * come to is then worked out once for all who have the same ones.
 */
function placed({ by, hasZones, words, ofGroups, groupId, nodeIds }: Placed): string {
  const unit = {
    location: 'NULL::uuid AS level_id, NULL::uuid AS zone_id',
    level: 'level_id, NULL::uuid AS zone_id',
    zone: 'level_id, zone_id',
    group: 'NULL::uuid AS level_id, NULL::uuid AS zone_id',
  }[by];
  const each = (sql: (word: string, index: number) => string, separator = ', ') =>
    words.map(sql).join(separator);
  return `WITH tree AS MATERIALIZED (
    SELECT node_id, location_id, level_id, zone_id, spot,
           ${each((word, index) => `CASE WHEN spot / ${BITS_PER_WORD} = ${index} THEN 1::bigint << (spot % ${BITS_PER_WORD})::integer ELSE 0 END AS ${word}`)}
    FROM (SELECT node_id, location_id, level_id, zone_id,
                 CASE WHEN level_id IS NOT NULL
                      THEN dense_rank() OVER (PARTITION BY location_id ORDER BY level_id, zone_id) - 1 END AS spot
          FROM (SELECT node_id, location_id, level_id, ${hasZones ? 'zone_id' : 'NULL::uuid AS zone_id'}
                FROM node_paths WHERE tenant_id = $1) AS paths) AS numbered
  ), zones AS (
    SELECT level_id, ${each((word) => `bit_or(${word}) AS zone_${word}`)} FROM tree WHERE zone_id IS NOT NULL GROUP BY level_id
  ), spots AS MATERIALIZED (
    SELECT DISTINCT t.location_id, t.level_id, t.zone_id, t.spot, ${each((word) => `t.${word}`)},
           ${each((word) => `CASE WHEN t.zone_id IS NULL THEN coalesce(z.zone_${word}, 0) ELSE 0 END AS zone_${word}`)}
    FROM tree t LEFT JOIN zones z ON z.level_id = t.level_id WHERE t.spot IS NOT NULL
  ), ${attendances(words)}, alike AS MATERIALIZED (
    SELECT row_number() OVER () AS alike_id, *
    FROM (SELECT day, location_id, ${each((word) => word)}, booked_spot, group_id, ${COUNTS}
          FROM (SELECT f.*, ${groupId} AS group_id FROM attendances f ${ofGroups}) f
          GROUP BY day, location_id, ${each((word) => word)}, booked_spot, group_id) AS g
  ), counted AS (
    SELECT a.alike_id, a.day, a.location_id, a.group_id, a.confirmed, a."walkIn", a.silent,
           coalesce(s.level_id, b.level_id) AS level_id,
           CASE WHEN s.zone_id IS NOT NULL THEN s.zone_id
                WHEN s.level_id IS NULL OR s.level_id = b.level_id THEN b.zone_id END AS zone_id
    FROM alike a
    -- Whoever was detected in a zone is not counted beside it, for having come through the door of its level.
    LEFT JOIN spots s ON s.location_id = a.location_id
      AND (${each((word) => `a.${word} & s.${word} <> 0`, ' OR ')}) AND ${each((word) => `a.${word} & s.zone_${word} = 0`, ' AND ')}
    LEFT JOIN spots b ON b.location_id = a.location_id AND b.spot = a.booked_spot
  )
  SELECT day, location_id AS "locationId", level_id AS "levelId", zone_id AS "zoneId", group_id AS "groupId",
         sum(confirmed)::integer AS confirmed, sum("walkIn")::integer AS "walkIn", sum(silent)::integer AS silent
  FROM (SELECT DISTINCT alike_id, day, location_id, group_id, confirmed, "walkIn", silent, ${unit}
        FROM counted
        ${nodeIds ? `WHERE location_id = ANY ($${nodeIds}::uuid[]) OR level_id = ANY ($${nodeIds}) OR zone_id = ANY ($${nodeIds})` : ''}) AS c
  GROUP BY day, location_id, level_id, zone_id, group_id`;
}
