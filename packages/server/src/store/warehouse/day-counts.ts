import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { MetricUnit } from './metrics.ts';

/**
 * Configures the planner for the rest of the transaction, which joins and groups all rows of many days.
 *
 * - No nested loops: if statistics lag behind a bulk write, the planner expects few rows and would choose
 *   them.
 * - No parallel workers: they would mostly copy rows to one another, which takes longer than to read the
 *   rows. They would
 * also use processors that other requests need.
 */
export async function setPlannerForCounts(tx: Tx): Promise<void> {
  await tx.query(
    "SET LOCAL enable_nestloop TO off; SET LOCAL work_mem TO '32MB'; SET LOCAL max_parallel_workers_per_gather TO 0",
  );
}

/** How many users of a unit came to an office on a day, or planned to come. */
export interface DayCounts {
  /** `YYYY-MM-DD` */
  day: string;
  locationId: string;
  /** Null if the counts are not by level, or if the level is unknown. The same holds for the next two. */
  levelId: string | null;
  zoneId: string | null;
  groupId: string | null;
  /** Planned and detected here. */
  confirmed: number;
  /** Detected here, with no plan for this office, or with a plan that presence made. */
  walkIn: number;
  /**
   * Planned here, but not detected. The office's day decides whether this is a no-show, unconfirmed, or still
   * open.
   */
  silent: number;
}

export interface DayCountsQuery {
  tenantId: string;
  window: DayWindow;
  by: MetricUnit;
  /** The offices to count at. */
  officeIds: string[];
  /** Offices, levels and zones. Counts only users who were, or planned to be, at one of them or below it. */
  nodeIds: string[] | undefined;
  /** The primary groups of the users to count. */
  groupIds: string[] | undefined;
  /** At least the largest number of levels and zones that an office has. */
  mostSpots: number;
}

/**
 * Returns the counts of every day and unit that has any, in no order. Call `setPlannerForCounts` before.
 *
 * - A user counts once a day at an office, and once at each level or zone where the user was detected.
 * - If the detection names no zone, the booking adds the level and zone, unless it is on another level.
 * - Inactive users and retired nodes count, as they do in the export of attendance.
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

const COUNTS = `count(*) FILTER (WHERE is_detected AND is_planned)::integer AS confirmed,
       count(*) FILTER (WHERE is_detected AND NOT is_planned)::integer AS "walkIn",
       count(*) FILTER (WHERE NOT is_detected)::integer AS silent`;

/**
 * SQL of one row for each user, day and office. The bookings say who planned to come: each office plan has
 * one. Their index has all columns that this needs, in the order that the events have.
 *
 * @param words the columns of `tree` with the spots where a user was detected; empty if the query does not
 * ask where
 */
function attendances(words: readonly string[]): string {
  const isPlaced = words.length > 0;
  const spots = (sql: (word: string) => string) => words.map((word) => `${sql(word)}, `).join('');
  // A desk may have moved to another office since. It then no longer says where in this office the user was.
  const tree = isPlaced ? 'LEFT JOIN tree t ON t.node_id = x.node_id AND t.location_id = x.location_id' : '';
  return `detected AS (
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
           is_event IS NOT NULL AS is_detected, is_booking IS NOT NULL AND is_made IS NULL AS is_planned
    FROM detected FULL JOIN booked USING (day, user_id, location_id) LEFT JOIN made_by_presence USING (day, user_id)
    WHERE is_event IS NOT NULL OR is_made IS NULL
  )`;
}

/** A bigint has a sign bit and 63 others. */
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
 * SQL that counts by level or zone. The levels and zones of an office are its spots, and have numbers. So all
 * spots where a user was detected on a day are a set of bits, which one pass over the events computes. The
 * query then works out the result of each set and booking once, for all users who have the same ones.
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
    -- A user who was detected in a zone does not also count at its level without a zone, for passing the door
    -- of the level.
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
