import { readRows } from './cursor.ts';
import type { DayWindow } from './datasets.ts';
import { type Tx, types } from './db.ts';

/** What metrics are by. */
export const METRIC_UNITS = ['location', 'level', 'zone', 'group'] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];

/** What days are put together to; `range` is all that was asked for. */
export const METRIC_PERIODS = ['day', 'week', 'month', 'range'] as const;
export type MetricPeriod = (typeof METRIC_PERIODS)[number];

/** What metrics are asked for, beside days and places. */
export interface MetricsQuery {
  by: MetricUnit;
  period: MetricPeriod;
  /** GUIDs; each stands for itself and all groups beneath it. */
  groupIds: string[] | undefined;
  /** Whether a group's row has the people of the groups beneath it, too. */
  subgroups: boolean;
  /** ISO: 1 Monday to 7 Sunday. Absent: all of them. */
  weekdays: number[] | undefined;
}

/** An office, level or zone, with what it is in. */
export interface SeatNode {
  nodeId: string;
  kind: 'location' | 'level' | 'zone';
  name: string;
  /** It and everything above it is. */
  inUse: boolean;
  locationId: string;
  levelId: string | null;
  zoneId: string | null;
  /** How many people a zone has room for: its capacity, else its desks in use. 0 where it is retired, and for what is no zone. */
  seats: number;
}

/** All offices, levels and zones, of any status. */
export async function listSeatNodes(tx: Tx, tenantId: string): Promise<SeatNode[]> {
  const { rows } = await tx.query<SeatNode>(
    `SELECT p.node_id AS "nodeId", p.kind, p.name, p.in_use AS "inUse", p.location_id AS "locationId",
            p.level_id AS "levelId", p.zone_id AS "zoneId",
            CASE WHEN p.kind = 'zone' AND p.in_use THEN coalesce(p.zone_capacity, d.desks, 0) ELSE 0 END AS seats
     FROM node_paths p
     LEFT JOIN (SELECT parent_id, count(*)::integer AS desks FROM nodes
                WHERE tenant_id = $1 AND kind = 'place' AND status = 'active' GROUP BY parent_id) d
       ON d.parent_id = p.node_id
     WHERE p.tenant_id = $1 AND p.kind IN ('location', 'level', 'zone')`,
    [tenantId],
  );
  return rows;
}

export interface GroupNode {
  groupId: string;
  name: string;
  parentId: string | null;
}

/** All groups, of any status. */
export async function listGroupNodes(tx: Tx, tenantId: string): Promise<GroupNode[]> {
  const { rows } = await tx.query<GroupNode>(
    `SELECT group_id AS "groupId", name, parent_id AS "parentId" FROM groups WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows;
}

/** An office as metrics judge its days. */
export interface OfficeClock {
  /** Its own date, as `YYYY-MM-DD`. */
  today: string;
  presenceReporting: 'detect' | 'always' | 'never';
}

/** All offices at `now`, by their ids. */
export async function listOfficeClocks(
  tx: Tx,
  tenantId: string,
  now: Date,
): Promise<Map<string, OfficeClock>> {
  const { rows } = await tx.query<OfficeClock & { locationId: string }>(
    `SELECT location_id AS "locationId", ($2::timestamptz AT TIME ZONE time_zone)::date AS today,
            presence_reporting AS "presenceReporting"
     FROM offices WHERE tenant_id = $1`,
    [tenantId, now],
  );
  return new Map(rows.map(({ locationId, ...clock }) => [locationId, clock]));
}

/** A day of an office on which something was expected or seen there. */
export interface ActiveOfficeDay {
  locationId: string;
  /** `YYYY-MM-DD` */
  day: string;
  sawEvent: boolean;
}

/**
 * The days within `window` on which anybody was detected at an office, or was to come by a plan that presence did
 * not make. `locationIds` are offices.
 */
export async function listActiveOfficeDays(
  tx: Tx,
  tenantId: string,
  window: DayWindow,
  locationIds: string[],
): Promise<ActiveOfficeDay[]> {
  const { rows } = await tx.query<ActiveOfficeDay>(
    `SELECT location_id AS "locationId", day, bool_or(seen) AS "sawEvent"
     FROM (SELECT DISTINCT day, location_id, true AS seen FROM presence_events
           WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date AND location_id = ANY ($4::uuid[])
           UNION ALL
           SELECT DISTINCT day, location_id, false FROM day_plans
           WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date AND location_id = ANY ($4::uuid[])
             AND set_by <> 'presence') a
     GROUP BY location_id, day`,
    [tenantId, window.from, window.before, locationIds],
  );
  return rows;
}

/**
 * Sets up the rest of the transaction for what follows: days of everything are joined and sorted. Where statistics lag
 * behind a bulk of writes the planner expects a few rows, and loops over them.
 */
export async function prepareForCounting(tx: Tx): Promise<void> {
  await tx.query("SET LOCAL enable_nestloop TO off; SET LOCAL work_mem TO '32MB'");
}

/** How many people of a unit came to an office on a day, or were to come. */
export interface DayCounts {
  /** As it goes out. */
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
}

/**
 * The counts of every day and unit that has any: each person once a day at an office, and once at each level or zone
 * where they were detected. Where they were detected no closer than their booking, the booking says where.
 * Retired people and places count, as they do in the export of attendance. After `prepareForCounting`.
 */
export async function* readDayCounts(tx: Tx, query: DayCountsQuery): AsyncGenerator<DayCounts[], void> {
  const { tenantId, window, by, officeIds, nodeIds, groupIds } = query;
  const isPlaced = by === 'level' || by === 'zone' || nodeIds !== undefined;
  const hasZones = by === 'zone' || nodeIds !== undefined;
  const unit = {
    location: 'NULL::uuid AS level_id, NULL::uuid AS zone_id, NULL::uuid AS group_id',
    level: 'a.level_id, NULL::uuid AS zone_id, NULL::uuid AS group_id',
    zone: 'a.level_id, a.zone_id, NULL::uuid AS group_id',
    group: 'NULL::uuid AS level_id, NULL::uuid AS zone_id, u.primary_group_id AS group_id',
  }[by];
  const hasGroups = by === 'group' || groupIds !== undefined;
  const ofPeople = hasGroups
    ? `JOIN users u ON u.tenant_id = $1 AND u.user_id = a.user_id
           AND ($6::uuid[] IS NULL OR u.primary_group_id = ANY ($6))`
    : '';
  yield* readRows<DayCounts>(
    tx,
    types,
    `WITH ${isPlaced ? placedAttendances(hasZones) : ATTENDANCES}
     SELECT day, location_id AS "locationId", level_id AS "levelId", zone_id AS "zoneId", group_id AS "groupId",
            count(*) FILTER (WHERE is_seen AND is_planned)::integer AS confirmed,
            count(*) FILTER (WHERE is_seen AND NOT is_planned)::integer AS "walkIn",
            count(*) FILTER (WHERE NOT is_seen)::integer AS silent
     FROM (SELECT ${isPlaced ? 'DISTINCT a.user_id,' : ''} a.day, a.location_id, a.is_seen, a.is_planned, ${unit}
           FROM attendances a
           ${ofPeople}
           WHERE (a.is_seen OR a.is_planned)
             AND ($5::uuid[] IS NULL OR a.location_id = ANY ($5) OR a.level_id = ANY ($5) OR a.zone_id = ANY ($5))) AS counted
     GROUP BY day, location_id, level_id, zone_id, group_id
     ORDER BY day`,
    [
      tenantId,
      window.from,
      window.before,
      officeIds,
      nodeIds ?? null,
      ...(hasGroups ? [groupIds ?? null] : []),
    ],
  );
}

const WITHIN = `x.tenant_id = $1 AND x.day >= $2::date AND x.day < $3::date AND x.location_id = ANY ($4::uuid[])`;

/** One row for each person, day and office. */
const ATTENDANCES = `seen AS (
    SELECT DISTINCT x.day, x.user_id, x.location_id, true AS is_seen FROM presence_events x WHERE ${WITHIN}
  ), attendances AS (
    SELECT day, user_id, location_id, is_seen IS NOT NULL AS is_seen, coalesce(p.set_by <> 'presence', false) AS is_planned,
           NULL::uuid AS level_id, NULL::uuid AS zone_id
    FROM seen FULL JOIN (SELECT x.day, x.user_id, x.location_id, x.set_by FROM day_plans x WHERE ${WITHIN}) p
      USING (day, user_id, location_id)
  )`;

/** The same, and a row more for each further level or zone at which somebody was detected. */
const placedAttendances = (hasZones: boolean) => `tree AS MATERIALIZED (
    SELECT node_id, location_id, level_id, ${hasZones ? 'zone_id' : 'NULL::uuid AS zone_id'}
    FROM node_paths WHERE tenant_id = $1
  ), spots AS (
    -- A desk may have moved to another office since: then it says no more where in this one it was.
    SELECT DISTINCT x.day, x.user_id, x.location_id, t.level_id, t.zone_id
    FROM presence_events x LEFT JOIN tree t ON t.node_id = x.node_id AND t.location_id = x.location_id
    WHERE ${WITHIN}
  ), ranked AS (
    SELECT s.*, bool_or(level_id IS NOT NULL) OVER (PARTITION BY day, user_id, location_id) AS has_level,
           bool_or(zone_id IS NOT NULL) OVER (PARTITION BY day, user_id, location_id, level_id) AS has_zone
    FROM spots s
  ), seen AS (
    -- Whoever was detected in a zone is not counted beside it, for having come through the door of its level.
    SELECT day, user_id, location_id, level_id, zone_id, true AS is_seen FROM ranked
    WHERE CASE WHEN zone_id IS NOT NULL THEN true WHEN level_id IS NOT NULL THEN NOT has_zone ELSE NOT has_level END
  ), planned AS (
    SELECT x.day, x.user_id, x.location_id, x.set_by, t.level_id AS booked_level_id, t.zone_id AS booked_zone_id
    FROM day_plans x
    JOIN bookings b ON b.tenant_id = $1 AND b.user_id = x.user_id AND b.day = x.day
      -- Said again, or every booking there is is read.
      AND b.day >= $2::date AND b.day < $3::date
    LEFT JOIN tree t ON t.node_id = b.node_id AND t.location_id = x.location_id
    WHERE ${WITHIN}
  ), attendances AS (
    SELECT day, user_id, location_id, is_seen IS NOT NULL AS is_seen, coalesce(p.set_by <> 'presence', false) AS is_planned,
           coalesce(s.level_id, p.booked_level_id) AS level_id,
           CASE WHEN s.zone_id IS NOT NULL THEN s.zone_id
                WHEN s.level_id IS NULL OR s.level_id = p.booked_level_id THEN p.booked_zone_id END AS zone_id
    FROM seen s FULL JOIN planned p USING (day, user_id, location_id)
  )`;
