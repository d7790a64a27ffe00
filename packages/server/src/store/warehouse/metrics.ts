import type { Tx } from '../connections/db.ts';

/** The units by which the server computes metrics. `organisation` is all offices together. */
export const METRIC_UNITS = ['organisation', 'location', 'level', 'zone', 'group'] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];

/** The periods into which the server groups days. `range` is the whole window. */
export const METRIC_PERIODS = ['day', 'week', 'month', 'range'] as const;
export type MetricPeriod = (typeof METRIC_PERIODS)[number];

/** The kinds of nodes whose usage the server counts. A `place` is a desk. */
export const USAGE_UNITS = ['place', 'zone'] as const;
export type UsageUnit = (typeof USAGE_UNITS)[number];

/** The parameters of metrics, besides days and nodes. */
export interface MetricsQuery extends PeriodQuery {
  by: MetricUnit;
  /** GUIDs. Each selects the group and all groups below it. */
  groupIds: string[] | undefined;
  /** Whether a group's row includes the users of the groups below it. */
  subgroups: boolean;
}

/** The parameters of the usage of desks and zones, besides days and nodes. */
export interface UsageQuery extends PeriodQuery {
  by: UsageUnit;
}

/** The parameters that say which days make up a row. */
export interface PeriodQuery {
  period: MetricPeriod;
  /** ISO: 1 Monday to 7 Sunday. Undefined means all. */
  weekdays: number[] | undefined;
}

/** An office, level or zone, with the ids of its path. */
export interface CapacityNode {
  nodeId: string;
  kind: 'location' | 'level' | 'zone';
  name: string;
  /** The node and everything above it are active, and the database knows the office's time zone. */
  inUse: boolean;
  locationId: string;
  levelId: string | null;
  zoneId: string | null;
  /**
   * How many people a zone has room for: its capacity, else the number of its active desks. 0 if the zone is
   * not in use, and for an office or a level.
   */
  capacity: number;
}

/** All offices, levels and zones, of any status. */
export async function listCapacityNodes(tx: Tx, tenantId: string): Promise<CapacityNode[]> {
  const { rows } = await tx.query<CapacityNode>(
    `SELECT p.node_id AS "nodeId", p.kind, p.name, p.in_use AS "inUse", p.location_id AS "locationId",
            p.level_id AS "levelId", p.zone_id AS "zoneId",
            CASE WHEN p.kind = 'zone' AND p.in_use THEN coalesce(p.zone_capacity, d.desks, 0) ELSE 0 END AS capacity
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

/** The values of an office by which metrics judge its days. */
export interface OfficeClock {
  /** The office's date, as `YYYY-MM-DD`. */
  today: string;
  timeZone: string;
  presenceReporting: 'detect' | 'always' | 'never';
}

/** All offices with a known time zone at `now`, by their ids. */
export async function listOfficeClocks(
  tx: Tx,
  tenantId: string,
  now: Date,
): Promise<Map<string, OfficeClock>> {
  const { rows } = await tx.query<OfficeClock & { locationId: string }>(
    `SELECT location_id AS "locationId", ($2::timestamptz AT TIME ZONE time_zone)::date AS today,
            time_zone AS "timeZone", presence_reporting AS "presenceReporting"
     FROM offices WHERE tenant_id = $1 AND unknown_time_zone IS NULL`,
    [tenantId, now],
  );
  return new Map(rows.map(({ locationId, ...clock }) => [locationId, clock]));
}
