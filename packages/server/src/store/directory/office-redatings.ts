import { readRows } from '../connections/cursor.ts';
import { type Database, type Tx, types } from '../connections/db.ts';

/**
 * Tables of events that have a day, in the order in which the job re-dates them. Each is read in the order of
 * its key.
 */
const TABLES = ['presence_events', 'occupancy_events', 'visitor_arrivals'] as const;
type EventTable = (typeof TABLES)[number];

/** Events that one transaction reads at most. They include events of other offices. */
const SLICE_EVENTS = 5_000;

/** The last change of an office's time zone, and how many of its events have the day of the new time zone. */
export interface OfficeRedating {
  locationId: string;
  fromTimeZone: string;
  toTimeZone: string;
  /** Null while a transaction can still write days of the old time zone. */
  startedAt: Date | null;
  finishedAt: Date | null;
  eventsDone: number;
  eventsTotal: number;
}

const COLUMNS = `location_id AS "locationId", from_time_zone AS "fromTimeZone", to_time_zone AS "toTimeZone",
  started_at AS "startedAt", finished_at AS "finishedAt", events_done AS "eventsDone", events_total AS "eventsTotal"`;

/** The re-dating of an office; undefined if its time zone never changed. */
export async function findOfficeRedating(
  tx: Tx,
  tenantId: string,
  locationId: string,
): Promise<OfficeRedating | undefined> {
  const { rows } = await tx.query<OfficeRedating>(
    `SELECT ${COLUMNS} FROM office_redatings WHERE tenant_id = $1 AND location_id = $2`,
    [tenantId, locationId],
  );
  return rows[0];
}

/** A re-dating that is not finished. */
export interface PendingRedating extends OfficeRedating {
  /** Identifies the change of the time zone. The next change has another value. */
  request: string;
}

/** The re-datings that are not finished, ordered by office. */
export async function listPendingRedatings(tx: Tx, tenantId: string): Promise<PendingRedating[]> {
  const { rows } = await tx.query<PendingRedating>(
    `SELECT ${COLUMNS}, written_xid::text AS request FROM office_redatings
     WHERE tenant_id = $1 AND finished_at IS NULL ORDER BY location_id`,
    [tenantId],
  );
  return rows;
}

/** Counts the events of the office in one snapshot, without a statement timeout. */
export async function countOfficeEvents(
  database: Database,
  tenantId: string,
  locationId: string,
): Promise<number> {
  const counts = TABLES.map(
    (table) => `(SELECT count(*) FROM ${table} WHERE tenant_id = $1 AND location_id = $2)`,
  );
  let events = 0;
  const read = (tx: Tx) =>
    readRows<{ events: number }>(tx, types, `SELECT ${counts.join(' + ')} AS events`, [tenantId, locationId]);
  for await (const rows of database.stream('exports', tenantId, read)) events = rows[0]?.events ?? events;
  return events;
}

/** Starts a re-dating, unless the time zone has changed again since `PendingRedating` was read. */
export async function startRedating(
  tx: Tx,
  tenantId: string,
  { locationId, request }: PendingRedating,
  { now, eventsTotal }: { now: Date; eventsTotal: number },
): Promise<void> {
  await tx.query(
    `UPDATE office_redatings SET started_at = $3, events_total = $4
     WHERE tenant_id = $1 AND location_id = $2 AND written_xid = $5::xid8 AND started_at IS NULL`,
    [tenantId, locationId, now, eventsTotal, request],
  );
}

/**
 * Re-dates the next slice of events of an office and stores the progress. Further slices are for further
 * transactions. Undefined in these cases:
 *
 * - The re-dating is finished.
 * - The re-dating has not started.
 * - Another transaction has locked it, to re-date events or to change the time zone again.
 */
export async function redateNextEvents(
  tx: Tx,
  tenantId: string,
  locationId: string,
  now: Date,
): Promise<OfficeRedating | undefined> {
  const { rows } = await tx.query<{ table: EventTable }>(
    `SELECT next_table AS table FROM office_redatings
     WHERE tenant_id = $1 AND location_id = $2 AND started_at IS NOT NULL AND finished_at IS NULL
     FOR NO KEY UPDATE SKIP LOCKED`,
    [tenantId, locationId],
  );
  const table = rows[0]?.table;
  if (table === undefined) return undefined;
  // With old statistics the planner could read and sort all remaining events for every slice, or read all events to
  // find those of the slice.
  await tx.query(
    `SET LOCAL enable_sort TO off; SET LOCAL enable_bitmapscan TO off; SET LOCAL enable_hashjoin TO off;
     SET LOCAL enable_mergejoin TO off`,
  );
  const { rows: redated } = await tx.query<OfficeRedating>(redatingOf(table), [
    tenantId,
    locationId,
    SLICE_EVENTS,
    TABLES[TABLES.indexOf(table) + 1] ?? null,
    now,
  ]);
  return redated[0];
}

/** $3: the number of events to read. $4: the table after this one, null after the last. $5: the time. */
const redatingOf = (table: EventTable) => `
  WITH office AS MATERIALIZED (
    SELECT to_time_zone, last_observed_at, last_event_digest FROM office_redatings
    WHERE tenant_id = $1 AND location_id = $2
  ), slice AS MATERIALIZED (
    SELECT e.observed_at, e.event_digest, e.location_id = $2 AS is_here, e.day AS old_day,
           CASE WHEN e.location_id = $2 THEN (e.observed_at AT TIME ZONE (SELECT to_time_zone FROM office))::date END AS new_day
    FROM ${table} e
    WHERE e.tenant_id = $1 AND (e.observed_at, e.event_digest) >
          ((SELECT last_observed_at FROM office), (SELECT last_event_digest FROM office))
    ORDER BY e.observed_at, e.event_digest LIMIT $3::integer
  ), redated AS (
    UPDATE ${table} e SET day = s.new_day, written_xid = pg_current_xact_id()
    FROM slice s
    WHERE e.tenant_id = $1 AND e.observed_at = s.observed_at AND e.event_digest = s.event_digest
      AND s.new_day <> s.old_day
  ), seen AS (
    SELECT count(*) FILTER (WHERE is_here) AS events, count(*) < $3::integer AS is_last FROM slice
  ), last AS (
    SELECT observed_at, event_digest FROM slice ORDER BY observed_at DESC, event_digest DESC LIMIT 1
  )
  UPDATE office_redatings r
  SET events_done = r.events_done + seen.events,
      -- The count can be old: events stored after it are re-dated, too.
      events_total = CASE WHEN seen.is_last AND $4::text IS NULL THEN r.events_done + seen.events
                          ELSE greatest(r.events_total, r.events_done + seen.events) END,
      next_table = CASE WHEN seen.is_last THEN coalesce($4::text, r.next_table) ELSE r.next_table END,
      last_observed_at = CASE WHEN seen.is_last THEN '-infinity' ELSE (SELECT observed_at FROM last) END,
      last_event_digest = CASE WHEN seen.is_last THEN '00000000-0000-0000-0000-000000000000'
                               ELSE (SELECT event_digest FROM last) END,
      finished_at = CASE WHEN seen.is_last AND $4::text IS NULL THEN $5::timestamptz END
  FROM seen
  WHERE r.tenant_id = $1 AND r.location_id = $2
  RETURNING ${COLUMNS}`;
