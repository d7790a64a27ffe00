import { copyRows } from './copy.ts';
import { readRows } from './cursor.ts';
import type { Tx } from './db.ts';
import { types } from './db.ts';
import { loadPeople, loadPlaces } from './dimensions.ts';
import { isoDay, isoInstant } from './iso.ts';
import type { MetricsQuery } from './metrics.ts';

/** Days from `from` until before `before`, both `YYYY-MM-DD`. */
export interface DayWindow {
  from: string;
  before: string;
}

/** What an export is asked for. Absent filters select everything, unknown ids nothing. */
export interface ExportQuery {
  tenantId: string;
  window: DayWindow;
  /** GUIDs; each stands for itself and all beneath it. */
  locationIds?: string[] | undefined;
  userIds?: string[] | undefined;
  /** The GUID of one office; null where the id that was asked for is none, and so selects nothing. */
  locationId?: string | null | undefined;
  metrics?: MetricsQuery | undefined;
  /** The moment of the call, which decides the days that have ended. */
  now: Date;
}

type Rows = AsyncIterable<Record<string, unknown>[]>;
/** Reads a dataset's rows, named as they go out, in the order that is promised. */
export type DatasetReader = (tx: Tx, query: ExportQuery) => Rows;

/** A dataset that always goes out whole, and so can be recognized as the one that somebody has already. */
export interface WholeDataset {
  read: DatasetReader;
  /** Differs where any row would, or the number of rows; reads them all, but hands none out. */
  fingerprint: (tx: Tx, tenantId: string) => Promise<string>;
}

/** `sql` takes the tenant's id as its only parameter. */
function wholeDataset(sql: string): WholeDataset {
  return {
    read: (tx, { tenantId }) => readRows(tx, types, sql, [tenantId]),
    async fingerprint(tx, tenantId) {
      const { rows } = await tx.query<{ fingerprint: string }>(
        `SELECT concat_ws(' ', count(*), sum(hashtextextended(d::text, 0)), sum(hashtextextended(d::text, 1))) AS fingerprint
         FROM (${sql}) AS d`,
        [tenantId],
      );
      return rows[0]?.fingerprint ?? '';
    },
  };
}

export const wholeUsers = wholeDataset(
  `SELECT email, first_name AS "firstName", last_name AS "lastName", onboarded,
            primary_group_id AS "primaryGroupId", primary_location_id AS "primaryLocationId", status,
            user_id AS "userId", user_name AS "userName"
     FROM users WHERE tenant_id = $1 ORDER BY user_id`,
);

export const wholeGroups = wholeDataset(
  `SELECT group_id AS "groupId", name AS "groupName", group_type AS "groupType", parent_id AS "parentGroupId", status
     FROM groups WHERE tenant_id = $1 ORDER BY group_id`,
);

export const wholeLocations = wholeDataset(
  `SELECT node_id AS "locationId", name AS "locationName", address, status, time_zone AS "timeZone"
     FROM nodes WHERE tenant_id = $1 AND kind = 'location' ORDER BY node_id`,
);

export const wholeDesks = wholeDataset(
  `SELECT place_id AS "deskId", place_name AS "deskName", zone_id AS "zoneId", zone_name AS "zoneName",
            level_id AS "levelId", level_name AS "levelName", location_id AS "locationId",
            location_name AS "locationName", status
     FROM node_paths WHERE tenant_id = $1 AND kind = 'place' ORDER BY node_id`,
);

export const wholeSpaces = wholeDataset(
  `SELECT p.space_id AS "spaceId", p.space_name AS "spaceName", n.space_type AS "spaceType", n.capacity,
            p.level_id AS "levelId", p.level_name AS "levelName", p.location_id AS "locationId",
            p.location_name AS "locationName", p.status
     FROM node_paths p JOIN nodes n ON n.tenant_id = p.tenant_id AND n.node_id = p.node_id
     WHERE p.tenant_id = $1 AND p.kind = 'space' ORDER BY p.node_id`,
);

/** Whether the node `column` is one of the filter's, or beneath one; so are all where there is no filter. */
const placeIn = (column: string, filter: string) =>
  `(${filter}::uuid[] IS NULL OR ${column} IN (
      SELECT node_id FROM node_paths
      WHERE tenant_id = $1 AND (location_id = ANY (${filter}::uuid[]) OR level_id = ANY (${filter}::uuid[])
                                OR zone_id = ANY (${filter}::uuid[]) OR node_id = ANY (${filter}::uuid[]))))`;

/**
 * Of each event only what is its own is read, and the person and place that it names are looked up here: they repeat,
 * and to write them out for each event is most of what reading costs the database.
 */
export const readPresence: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds, userIds } = query;
  const people = await loadPeople(tx, tenantId, userIds);
  const places = await loadPlaces(tx, tenantId);
  const batches = copyRows(
    tx,
    `SELECT event_id, observed_at, day, user_id, source_id, source_user_id, node_id
     FROM presence_events
     WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date
       AND ($4::uuid[] IS NULL OR user_id = ANY ($4::uuid[]))
       AND ${placeIn('node_id', '$5')}
     ORDER BY day, user_id, location_id, observed_at, event_digest`,
    [tenantId, window.from, window.before, userIds, locationIds],
  );
  for await (const batch of batches) {
    yield batch.map(([eventId, timestamp, day, userId, sourceId, sourceUserId, nodeId]) => ({
      eventId,
      timestamp: isoInstant(timestamp as string),
      day: isoDay(day as string),
      person: people.get(userId as string),
      sourceId,
      sourceUserId,
      place: places.get(nodeId as string),
    }));
  }
};

/** As for presence. */
export const readOccupancy: DatasetReader = async function* (tx, { tenantId, window, locationIds }) {
  const places = await loadPlaces(tx, tenantId);
  const batches = copyRows(
    tx,
    `SELECT event_id, observed_at, day, occupied, occupancy, source_id, node_id
     FROM occupancy_events
     WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date AND ${placeIn('node_id', '$4')}
     ORDER BY day, location_id, observed_at, event_digest`,
    [tenantId, window.from, window.before, locationIds],
  );
  for await (const batch of batches) {
    yield batch.map(([eventId, timestamp, day, occupied, occupancy, sourceId, nodeId]) => ({
      eventId,
      timestamp: isoInstant(timestamp as string),
      day: isoDay(day as string),
      occupied: occupied === 't',
      occupancy: occupancy === null ? null : Number(occupancy),
      sourceId,
      place: places.get(nodeId as string),
    }));
  }
};

export const readVisitors: DatasetReader = (tx, { tenantId, window, locationIds }) =>
  readRows(
    tx,
    types,
    `SELECT e.event_id AS "eventId", e.observed_at AS "timestamp", e.day, e.visitor_name AS "visitorName",
            e.visitor_email AS "visitorEmail", e.visitor_company AS "visitorCompany",
            e.host_user_id AS "hostUserId", e.source_id AS "sourceId", p.location_id AS "locationId",
            p.location_name AS "locationName"
     FROM visitor_arrivals e
     JOIN node_paths p ON p.tenant_id = e.tenant_id AND p.node_id = e.node_id
     WHERE e.tenant_id = $1 AND e.day >= $2::date AND e.day < $3::date AND ${placeIn('e.node_id', '$4')}
     ORDER BY e.day, e.host_user_id, e.location_id, e.observed_at, e.event_digest`,
    [tenantId, window.from, window.before, locationIds ?? null],
  );

export const readUserChanges: DatasetReader = (tx, { tenantId, window, userIds }) =>
  readRows(
    tx,
    types,
    `SELECT logged_at AS "eventTime", user_id AS "userId", day, category, action, description,
            changed_by AS "changedBy", changed_by_name AS "changedByName", reason, action_id AS "actionId",
            before, after
     FROM action_log
     WHERE tenant_id = $1 AND logged_at >= $2::date::timestamp AT TIME ZONE 'UTC'
       AND logged_at < $3::date::timestamp AT TIME ZONE 'UTC' AND ($4::uuid[] IS NULL OR user_id = ANY ($4))
     ORDER BY (logged_at AT TIME ZONE 'UTC')::date, user_id, logged_at, entry_id`,
    [tenantId, window.from, window.before, userIds ?? null],
  );
