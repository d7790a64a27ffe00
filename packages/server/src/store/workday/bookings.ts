import { dayArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { lookUp } from '../connections/planner.ts';
import { daySpan, type PlanSource, type UserDay, userDayColumns } from './day-plans.ts';

export type BookableKind = 'location' | 'zone' | 'place';
/** What made the booking: a person, the server's seat choice, or presence. */
export type BookingSource = 'person' | 'engine' | 'presence';

export interface BookingRow extends UserDay {
  locationId: string;
  nodeId: string;
  nodeKind: BookableKind;
  /** The zone whose capacity the booking uses. Null for a booking of the office itself. */
  zoneId: string | null;
  setBy: BookingSource;
}

export interface NodeDay {
  nodeId: string;
  /** `YYYY-MM-DD`. */
  day: string;
}

const COLUMNS = `b.user_id AS "userId", b.day, b.location_id AS "locationId", b.node_id AS "nodeId",
  b.node_kind AS "nodeKind", b.zone_id AS "zoneId", b.set_by AS "setBy"`;

/** The bookings of these users on these days, in no order. */
export async function listBookings(tx: Tx, tenantId: string, days: UserDay[]): Promise<BookingRow[]> {
  if (days.length === 0) return [];
  const { rows } = await tx.query<BookingRow>(
    `SELECT ${COLUMNS} FROM unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     JOIN bookings b ON b.tenant_id = $1 AND b.user_id = w.user_id AND b.day = w.day AND b.day BETWEEN $4 AND $5`,
    [tenantId, ...userDayColumns(days), ...daySpan(days)],
  );
  return rows;
}

/** The bookings of these desks on these days, in no order. */
export async function listDeskBookings(tx: Tx, tenantId: string, desks: NodeDay[]): Promise<BookingRow[]> {
  if (desks.length === 0) return [];
  const { rows } = await tx.query<BookingRow>(
    `SELECT ${COLUMNS} FROM unnest($2::uuid[], $3::date[]) AS w (node_id, day)
     JOIN bookings b ON b.tenant_id = $1 AND b.node_id = w.node_id AND b.day = w.day AND b.node_kind = 'place'`,
    [tenantId, ...nodeDayColumns(desks)],
  );
  return rows;
}

/** The users of one primary group who have booked a zone, or a desk of it. */
export interface SeatedGroup {
  zoneId: string;
  /** Null: users without a primary group. */
  primaryGroupId: string | null;
  users: number;
}

/** The users with a seat at these offices on a day, by zone and primary group, in no order. */
export async function countSeated(
  tx: Tx,
  tenantId: string,
  { locationIds, day }: { locationIds: string[]; day: string },
): Promise<SeatedGroup[]> {
  if (locationIds.length === 0) return [];
  const { rows } = await tx.query<SeatedGroup>(
    `SELECT b.zone_id AS "zoneId", u.primary_group_id AS "primaryGroupId", count(*) AS users
     FROM bookings b
     ${lookUp('SELECT primary_group_id FROM users u WHERE u.tenant_id = $1 AND u.user_id = b.user_id')} AS u
     WHERE b.tenant_id = $1 AND b.day = $2 AND b.location_id = ANY ($3::uuid[]) AND b.zone_id IS NOT NULL
     GROUP BY b.zone_id, u.primary_group_id`,
    [tenantId, day, uuidArray(locationIds)],
  );
  return rows;
}

/**
 * The bookings of these nodes on days that have not ended at `at` at the booking's office. Each has the
 * source of its plan. Ordered by user and day.
 */
export async function listBookingsFrom(
  tx: Tx,
  tenantId: string,
  nodeIds: string[],
  at: Date,
): Promise<(BookingRow & { planSetBy: PlanSource })[]> {
  if (nodeIds.length === 0) return [];
  // No office is more than a day behind UTC. With that bound PostgreSQL finds the days by their index.
  const { rows } = await tx.query<BookingRow & { planSetBy: PlanSource }>(
    `SELECT ${COLUMNS}, p.set_by AS "planSetBy"
     FROM bookings b
     JOIN nodes o ON o.tenant_id = b.tenant_id AND o.node_id = b.location_id
     JOIN day_plans p ON p.tenant_id = b.tenant_id AND p.user_id = b.user_id AND p.day = b.day
     WHERE b.tenant_id = $1 AND b.node_id = ANY ($2::uuid[]) AND b.day >= $3::timestamptz::date - 1
       AND b.day >= ($3::timestamptz AT TIME ZONE o.time_zone)::date
     ORDER BY b.user_id, b.day`,
    [tenantId, nodeIds, at],
  );
  return rows;
}

/**
 * Inserts bookings. The database refuses:
 *
 * - a second booking of a user's day or of a desk's day (23505),
 * - one booking more than a zone's capacity (RC001),
 * - at the commit, a booking without an office plan for that office.
 */
export async function insertBookings(tx: Tx, tenantId: string, bookings: BookingRow[]): Promise<void> {
  if (bookings.length === 0) return;
  await tx.query(
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, w.* FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[]) AS w`,
    [
      tenantId,
      ...userDayColumns(bookings),
      uuidArray(bookings.map((row) => row.locationId)),
      uuidArray(bookings.map((row) => row.nodeId)),
      textArray(bookings.map((row) => row.nodeKind)),
      uuidArray(bookings.map((row) => row.zoneId)),
      textArray(bookings.map((row) => row.setBy)),
    ],
  );
}

/** Updates the source of existing bookings. */
export async function updateBookingSources(
  tx: Tx,
  tenantId: string,
  bookings: (UserDay & { setBy: BookingSource })[],
): Promise<void> {
  if (bookings.length === 0) return;
  await tx.query(
    `UPDATE bookings b SET set_by = w.set_by FROM unnest($2::uuid[], $3::date[], $4::text[]) AS w (user_id, day, set_by)
     WHERE b.tenant_id = $1 AND b.user_id = w.user_id AND b.day = w.day`,
    [tenantId, ...userDayColumns(bookings), textArray(bookings.map((row) => row.setBy))],
  );
}

/** Deletes the bookings of these days. A day without a booking has no effect. */
export async function deleteBookings(tx: Tx, tenantId: string, days: UserDay[]): Promise<void> {
  if (days.length === 0) return;
  await tx.query(
    `DELETE FROM bookings b USING unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     WHERE b.tenant_id = $1 AND b.user_id = w.user_id AND b.day = w.day`,
    [tenantId, ...userDayColumns(days)],
  );
}

/**
 * Locks these zones on these days, in the order of zone and day, and returns their numbers of bookings. Until
 * the transaction ends, no other transaction adds or removes a booking in them on these days. Each zone and
 * day occurs once.
 */
export async function lockZoneDays(
  tx: Tx,
  tenantId: string,
  zones: NodeDay[],
): Promise<(NodeDay & { booked: number })[]> {
  if (zones.length === 0) return [];
  // ON CONFLICT DO UPDATE locks a row even if the condition prevents the update.
  await tx.query(
    `INSERT INTO zone_days AS z (tenant_id, zone_id, day, booked)
     SELECT $1, w.zone_id, w.day, 0 FROM unnest($2::uuid[], $3::date[]) AS w (zone_id, day)
     ORDER BY w.zone_id, w.day
     ON CONFLICT (tenant_id, zone_id, day) DO UPDATE SET booked = z.booked WHERE false`,
    [tenantId, ...nodeDayColumns(zones)],
  );
  const { rows } = await tx.query<NodeDay & { booked: number }>(
    `SELECT z.zone_id AS "nodeId", z.day, z.booked FROM unnest($2::uuid[], $3::date[]) AS w (zone_id, day)
     JOIN zone_days z ON z.tenant_id = $1 AND z.zone_id = w.zone_id AND z.day = w.day`,
    [tenantId, ...nodeDayColumns(zones)],
  );
  return rows;
}

function nodeDayColumns(nodeDays: NodeDay[]): [Buffer, Buffer] {
  return [uuidArray(nodeDays.map((row) => row.nodeId)), dayArray(nodeDays.map((row) => row.day))];
}
