import { copyRows } from '../connections/copy.ts';
import type { Tx } from '../connections/db.ts';
import { mayBeOfDays } from '../values/day-window.ts';
import { isoDay, isoInstant } from '../values/iso.ts';
import { inOrder, type Order, parsePosition, readInOrder, writtenSince } from './dataset-rows.ts';
import { loadNodePaths, loadUserDimension } from './dimensions.ts';
import { deletedKey, withFormerKeys } from './former-keys.ts';
import type { DatasetReader, ExportQuery } from './query.ts';

/** A dataset that is always exported whole. Its fingerprint tells whether a client has the current one already. */
export interface WholeDataset {
  read: DatasetReader;
  order: Order;
  /** Changes if any row or the number of rows changes. The database reads all rows, but sends none. */
  fingerprint: (tx: Tx, query: Pick<ExportQuery, 'tenantId' | 'officeIds'>) => Promise<string>;
  ofOffices?: true;
}

/**
 * `sql` has the organisation's id as its only parameter. `ids` are columns with ids of rows of `table`; the
 * first is the id of the row itself. A row has changed if one of these rows of `table` has. If `locationId` is among
 * them, each row belongs to that office. `gone` is the table with the ids of
 * deleted rows, and SQL of these rows: the columns of `sql`, then `deleted`.
 */
function wholeDataset(
  sql: string,
  {
    table,
    key,
    ids,
    gone,
  }: { table: string; key: string; ids: [string, ...string[]]; gone?: { table: string; rows: string } },
): WholeDataset {
  const order: Order = [[`d."${ids[0]}"`, 'uuid', ids[0]]];
  const ofOffices = ids.includes('locationId');
  const from = `(${sql}) AS d WHERE ${ofOffices ? '($2::uuid[] IS NULL OR d."locationId" = ANY ($2))' : 'true'}`;
  const withGone = `(SELECT r.*, NULL::boolean AS deleted FROM (${sql}) AS r UNION ALL ${gone?.rows}) AS d WHERE true`;
  const valuesOf = ({ tenantId, officeIds }: Pick<ExportQuery, 'tenantId' | 'officeIds'>) =>
    ofOffices ? [tenantId, officeIds && [...officeIds]] : [tenantId];
  return {
    order,
    ...(ofOffices && { ofOffices }),
    async *read(tx, query) {
      const batches = readInOrder(tx, query, {
        columns: 'd.*',
        from: query.changes && gone ? withGone : from,
        order,
        changed(xmin) {
          const written = [table, ...(gone ? [gone.table] : [])]
            .map((of) => `SELECT c.${key} FROM ${of} c WHERE c.tenant_id = $1 AND ${writtenSince('c', xmin)}`)
            .join(' UNION ALL ');
          return `(${ids.map((id) => `d."${id}" IN (${written})`).join(' OR ')})`;
        },
        values: valuesOf(query),
      });
      for await (const rows of batches)
        yield gone ? rows.map((row) => (row.deleted ? deletedKey(row, [ids[0]]) : row)) : rows;
    },
    async fingerprint(tx, query) {
      const { rows } = await tx.query<{ fingerprint: string }>(
        `SELECT concat_ws(' ', count(*), sum(hashtextextended(d::text, 0)), sum(hashtextextended(d::text, 1))) AS fingerprint
         FROM ${from}`,
        valuesOf(query),
      );
      return rows[0]?.fingerprint ?? '';
    },
  };
}

export const wholeUsers = wholeDataset(
  `SELECT email, first_name AS "firstName", last_name AS "lastName", onboarded,
            primary_group_id AS "primaryGroupId", primary_location_id AS "primaryLocationId", status,
            user_id AS "userId", coalesce(user_name, user_id::text) AS "userName", nullif(attributes ->> 'employeeNumber', '') AS "employeeNumber"
     FROM users WHERE tenant_id = $1`,
  {
    table: 'users',
    key: 'user_id',
    ids: ['userId'],
    gone: {
      table: 'gone_users',
      rows: `SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, user_id, NULL, NULL, true FROM gone_users WHERE tenant_id = $1`,
    },
  },
);

export const wholeGroups = wholeDataset(
  `SELECT group_id AS "groupId", name AS "groupName", group_type AS "groupType", parent_id AS "parentGroupId", status
     FROM groups WHERE tenant_id = $1`,
  { table: 'groups', key: 'group_id', ids: ['groupId'] },
);

export const wholeLocations = wholeDataset(
  `SELECT node_id AS "locationId", name AS "locationName", address, status,
          coalesce(unknown_time_zone, time_zone) AS "timeZone"
     FROM nodes WHERE tenant_id = $1 AND kind = 'location'`,
  { table: 'nodes', key: 'node_id', ids: ['locationId'] },
);

export const wholeDesks = wholeDataset(
  `SELECT place_id AS "deskId", place_name AS "deskName", zone_id AS "zoneId", zone_name AS "zoneName",
            level_id AS "levelId", level_name AS "levelName", location_id AS "locationId",
            location_name AS "locationName", status
     FROM node_paths WHERE tenant_id = $1 AND kind = 'place'`,
  { table: 'nodes', key: 'node_id', ids: ['deskId', 'zoneId', 'levelId', 'locationId'] },
);

export const wholeSpaces = wholeDataset(
  `SELECT p.space_id AS "spaceId", p.space_name AS "spaceName", n.space_type AS "spaceType", n.capacity,
            p.level_id AS "levelId", p.level_name AS "levelName", p.location_id AS "locationId",
            p.location_name AS "locationName", p.status
     FROM node_paths p JOIN nodes n ON n.tenant_id = p.tenant_id AND n.node_id = p.node_id
     WHERE p.tenant_id = $1 AND p.kind = 'space'`,
  { table: 'nodes', key: 'node_id', ids: ['spaceId', 'levelId', 'locationId'] },
);

/** SQL condition: the node `column` is one of the filter's nodes, or below one. True without a filter. */
const nodeIn = (column: string, filter: string) =>
  `(${filter}::uuid[] IS NULL OR ${column} IN (
      SELECT node_id FROM node_paths
      WHERE tenant_id = $1 AND (location_id = ANY (${filter}::uuid[]) OR level_id = ANY (${filter}::uuid[])
                                OR zone_id = ANY (${filter}::uuid[]) OR node_id = ANY (${filter}::uuid[]))))`;

/** SQL condition: an event `e` is of the days from `$2` up to, but not including, `$3`. */
const IN_WINDOW = `e.day >= $2::date AND e.day < $3::date AND ${mayBeOfDays('e.observed_at', '$2::date', '$3::date')}`;

/**
 * SQL condition: an event `e` has changed, or another event with the same `key`. Such events go out together,
 * because clients replace all events with the same key.
 */
const keyWrittenSince = (table: string, key: string[]) => (xmin: number) =>
  `(${key.map((column) => `e.${column}`).join(', ')}) IN (
     SELECT ${key.map((column) => `c.${column}`).join(', ')} FROM ${table} c WHERE c.tenant_id = $1 AND ${writtenSince('c', xmin)})`;

/** The last part of an event's key. A position has no free text, so this is a digest. */
const SOURCE_AND_EVENT_ID = ['md5(jsonb_build_array(e.source_id, e.event_id)::text)::uuid', 'uuid'] as const;

/** By key, so that events with the same key are on one page. */
export const EVENT_CHANGES_ORDER: Order = [
  ['e.observed_at', 'timestamptz', 'timestamp'],
  SOURCE_AND_EVENT_ID,
];

export const PRESENCE_CHANGES_ORDER: Order = [
  ['e.observed_at', 'timestamptz', 'timestamp'],
  ['e.user_id', 'uuid', 'userId'],
  SOURCE_AND_EVENT_ID,
];

export const PRESENCE_ORDER: Order = [
  ['e.day', 'date', 'day'],
  ['e.user_id', 'uuid', 'userId'],
  ['e.location_id', 'uuid', 'locationId'],
  ['e.observed_at', 'timestamptz', 'timestamp'],
  ['e.event_digest', 'uuid'],
];

/**
 * Reads only the columns of the events themselves, and looks up their users and nodes here. These repeat, and
 * the database would spend most of the time writing them out for each event.
 */
export const readPresence: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds, userIds, changes } = query;
  const users = await loadUserDimension(tx, tenantId, userIds);
  const nodePaths = await loadNodePaths(tx, tenantId);
  const { sql, values } = inOrder(query, {
    columns: `e.event_id, e.observed_at, e.day, e.user_id, e.source_id, e.source_user_id, e.node_id${changes ? ', e.deleted' : ''}`,
    from: withFormerKeys(query, {
      table: 'presence_events',
      columns: 'event_id, observed_at, day, source_id, source_user_id, node_id, location_id, event_digest',
      of: (userId) => `${IN_WINDOW} AND ($4::uuid[] IS NULL OR ${userId} = ANY ($4::uuid[]))
        AND ${nodeIn('e.node_id', '$5')}`,
      changed: keyWrittenSince('presence_events', ['observed_at', 'user_id', 'source_id', 'event_id'])(6),
      xmin: 6,
    }),
    order: PRESENCE_ORDER,
    orderOfChanges: PRESENCE_CHANGES_ORDER,
    values: [tenantId, window.from, window.before, userIds, locationIds],
  });
  for await (const batch of copyRows(tx, sql, values)) {
    yield batch.map(([eventId, timestamp, day, userId, sourceId, sourceUserId, nodeId, ...rest]) => {
      const [deleted, position] = changes ? rest : [undefined, ...rest];
      const at = isoInstant(timestamp as string);
      if (deleted === 't')
        return {
          eventId,
          timestamp: at,
          sourceId,
          person: { userId },
          deleted: true,
          ...positioned(position),
        };
      return {
        eventId,
        timestamp: at,
        day: isoDay(day as string),
        person: users.get(userId as string),
        sourceId,
        sourceUserId,
        place: nodePaths.get(nodeId as string),
        ...positioned(position),
      };
    });
  }
};

const positioned = (position: string | null | undefined) =>
  position ? { position: parsePosition(position) } : undefined;

export const OCCUPANCY_ORDER: Order = [
  ['e.day', 'date', 'day'],
  ['e.location_id', 'uuid', 'locationId'],
  ['e.observed_at', 'timestamptz', 'timestamp'],
  ['e.event_digest', 'uuid'],
];

/** Looks up the nodes as `readPresence` does. */
export const readOccupancy: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds } = query;
  const nodePaths = await loadNodePaths(tx, tenantId);
  const { sql, values } = inOrder(query, {
    columns: 'e.event_id, e.observed_at, e.day, e.occupied, e.occupancy, e.source_id, e.node_id',
    from: `occupancy_events e
     WHERE e.tenant_id = $1 AND ${IN_WINDOW} AND ${nodeIn('e.node_id', '$4')}`,
    order: OCCUPANCY_ORDER,
    orderOfChanges: EVENT_CHANGES_ORDER,
    changed: keyWrittenSince('occupancy_events', ['observed_at', 'source_id', 'event_id']),
    values: [tenantId, window.from, window.before, locationIds],
  });
  for await (const batch of copyRows(tx, sql, values)) {
    yield batch.map(([eventId, timestamp, day, occupied, occupancy, sourceId, nodeId, position]) => ({
      eventId,
      timestamp: isoInstant(timestamp as string),
      day: isoDay(day as string),
      occupied: occupied === 't',
      occupancy: occupancy === null ? null : Number(occupancy),
      sourceId,
      place: nodePaths.get(nodeId as string),
      ...positioned(position),
    }));
  }
};

export const VISITORS_ORDER: Order = [
  ['e.day', 'date', 'day'],
  // Visitors without a host come last. A null would make the comparison with a position null.
  ["coalesce(e.host_user_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')", 'uuid', 'hostUserId'],
  ['e.location_id', 'uuid', 'locationId'],
  ['e.observed_at', 'timestamptz', 'timestamp'],
  ['e.event_digest', 'uuid'],
];

export const readVisitors: DatasetReader = (tx, query) =>
  readInOrder(tx, query, {
    columns: `e.event_id AS "eventId", e.observed_at AS "timestamp", e.day, e.visitor_name AS "visitorName",
            e.visitor_email AS "visitorEmail", e.visitor_company AS "visitorCompany",
            e.host_user_id AS "hostUserId", e.source_id AS "sourceId", p.location_id AS "locationId",
            p.location_name AS "locationName"`,
    from: `visitor_arrivals e
     JOIN node_paths p ON p.tenant_id = e.tenant_id AND p.node_id = e.node_id
     WHERE e.tenant_id = $1 AND ${IN_WINDOW} AND ${nodeIn('e.node_id', '$4')}`,
    order: VISITORS_ORDER,
    orderOfChanges: EVENT_CHANGES_ORDER,
    changed: keyWrittenSince('visitor_arrivals', ['observed_at', 'source_id', 'event_id']),
    values: [query.tenantId, query.window.from, query.window.before, query.locationIds ?? null],
  });

export const USER_CHANGES_ORDER: Order = [
  ["(e.logged_at AT TIME ZONE 'UTC')::date", 'date', 'eventTime'],
  ['e.user_id', 'uuid', 'userId'],
  ['e.logged_at', 'timestamptz', 'eventTime'],
  ['e.entry_id', 'uuid'],
];

/** With a filter by user, it tells the keys of rows that were of these users. Else a row that has a pseudonym now replaces them. */
export const readUserChanges: DatasetReader = async function* (tx, query) {
  const { tenantId, window, userIds } = query;
  const batches = readInOrder(tx, query, {
    columns: `e.logged_at AS "eventTime", e.user_id AS "userId", e.day, e.category, e.action, e.description,
            e.changed_by AS "changedBy", e.changed_by_name AS "changedByName", e.reason, e.action_id AS "actionId",
            e.before, e.after, e.deleted`,
    from: withFormerKeys(query, {
      table: 'action_log',
      columns:
        'logged_at, day, category, action, description, changed_by, changed_by_name, reason, action_id, before, after, entry_id',
      of: (userId) => `e.logged_at >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND e.logged_at < $3::date::timestamp AT TIME ZONE 'UTC' AND ($4::uuid[] IS NULL OR ${userId} = ANY ($4))`,
      // One transaction wrote all entries with the same actionId.
      changed: writtenSince('e', 5),
      xmin: 5,
      isWanted: userIds !== undefined,
    }),
    order: USER_CHANGES_ORDER,
    values: [tenantId, window.from, window.before, userIds ?? null],
  });
  for await (const rows of batches) {
    yield rows.map((row) => (row.deleted ? deletedKey(row, ['actionId', 'category']) : row));
  }
};
