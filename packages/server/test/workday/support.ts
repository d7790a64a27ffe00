import type { Database, Tx } from '../../src/store/connections/db.ts';
import type { ActionLogRow } from '../../src/store/workday/action-log.ts';
import type { BookingRow } from '../../src/store/workday/bookings.ts';
import type { DayPlanRow } from '../../src/store/workday/day-plans.ts';
import {
  changeDays,
  type DayAuthor,
  type DayChange,
  type DayOutcome,
  writeDays,
} from '../../src/workday/plan.ts';
import { addNode, addOffice, addUser, type Office } from '../support/directory.ts';

export const MONDAY = '2026-03-02';
export const TUESDAY = '2026-03-03';

let atMs = Date.parse('2026-03-01T10:00:00.000Z');

/** Ada as author, one millisecond after her last change, so that the log has an order. */
export function byUser(): DayAuthor {
  return { actor: { changedBy: 'user', name: 'Ada Lovelace', reason: null }, at: new Date(atMs++) };
}

/** A change of one day to a desk or an office. */
export function office(userId: string, day: string, locationId: string, nodeId?: string): DayChange {
  const booking = nodeId === undefined ? {} : { booking: { nodeId } };
  return { userId, day, plan: { kind: 'o', locationId, ...booking }, setBy: 'day' };
}

export function plan(userId: string, day: string, kind: 'r' | 'a' | null): DayChange {
  return { userId, day, plan: kind && { kind }, setBy: 'day' };
}

/** The result of each change in short, with the code of a refusal. */
export async function change(
  database: Database,
  tenantId: string,
  changes: DayChange[],
  author = byUser(),
): Promise<string[]> {
  return (await changeDays(database, tenantId, changes, author)).map(short);
}

export function short(outcome: DayOutcome): string {
  return typeof outcome === 'string' ? outcome : outcome.refused;
}

/** Adds active users. */
export async function addUsers(owner: Database, tenantId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await addUser(owner, tenantId)).userId);
  return ids;
}

/** Adds an office with the name London, a zone of `capacity`, and desks in the zone. */
export async function addLondon(
  owner: Database,
  tenantId: string,
  { desks = 1, capacity }: { desks?: number; capacity?: number } = {},
): Promise<Office & { deskIds: string[] }> {
  const london = await addOffice(owner, tenantId);
  const deskIds = [london.placeId];
  while (deskIds.length < desks) {
    deskIds.push(await addNode(owner, tenantId, { kind: 'place', parentId: london.zoneId }));
  }
  await owner.inTenant(tenantId, async (tx) => {
    await tx.query("UPDATE nodes SET name = 'London' WHERE tenant_id = $1 AND node_id = $2", [
      tenantId,
      london.locationId,
    ]);
    if (capacity !== undefined) await setCapacity(tx, tenantId, london.zoneId, capacity);
  });
  return { ...london, deskIds };
}

export async function setCapacity(tx: Tx, tenantId: string, zoneId: string, capacity: number): Promise<void> {
  await tx.query('UPDATE nodes SET capacity = $3 WHERE tenant_id = $1 AND node_id = $2', [
    tenantId,
    zoneId,
    capacity,
  ]);
}

/** Assigns `deskId` to `userId`. */
export async function assignDesk(
  owner: Database,
  tenantId: string,
  deskId: string,
  userId: string,
): Promise<void> {
  await owner.inTenant(tenantId, (tx) =>
    tx.query('INSERT INTO desk_assignments (tenant_id, place_id, user_id) VALUES ($1, $2, $3)', [
      tenantId,
      deskId,
      userId,
    ]),
  );
}

export interface Stored {
  plans: (DayPlanRow & { writtenXid: string })[];
  bookings: (BookingRow & { writtenXid: string })[];
}

/** All plans and bookings of an organisation, by user and day. */
export async function readStored(database: Database, tenantId: string): Promise<Stored> {
  return database.inTenant(tenantId, async (tx) => {
    const { rows: plans } = await tx.query(
      `SELECT user_id AS "userId", day, plan, location_id AS "locationId", set_by AS "setBy", written_xid::text AS "writtenXid"
       FROM day_plans WHERE tenant_id = $1 ORDER BY user_id, day`,
      [tenantId],
    );
    const { rows: bookings } = await tx.query(
      `SELECT user_id AS "userId", day, location_id AS "locationId", node_id AS "nodeId", node_kind AS "nodeKind",
              zone_id AS "zoneId", set_by AS "setBy", written_xid::text AS "writtenXid"
       FROM bookings WHERE tenant_id = $1 ORDER BY user_id, day`,
      [tenantId],
    );
    return { plans, bookings };
  });
}

/** One user's day in short. */
export async function readDay(database: Database, tenantId: string, userId: string, day: string) {
  const { plans, bookings } = await readStored(database, tenantId);
  const plan = plans.find((row) => row.userId === userId && row.day === day);
  const booking = bookings.find((row) => row.userId === userId && row.day === day);
  return {
    plan: plan?.plan,
    planSetBy: plan?.setBy,
    bookedNodeId: booking?.nodeId,
    bookingSetBy: booking?.setBy,
  };
}

export type LogEntry = ActionLogRow & {
  loggedAt: Date;
  changedBy: string;
  changedByName: string | null;
  reason: string | null;
};

/** The action log of an organisation, in the order of writing. */
export async function readLog(database: Database, tenantId: string): Promise<LogEntry[]> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query<LogEntry>(
      `SELECT logged_at AS "loggedAt", entry_id AS "entryId", action_id AS "actionId", user_id AS "userId", day, category,
              action, description, before, after, changed_by AS "changedBy", changed_by_name AS "changedByName", reason
       FROM action_log WHERE tenant_id = $1 ORDER BY logged_at, entry_id`,
      [tenantId],
    ),
  );
  return rows;
}

/** Asserts that the counters of zones match the bookings, and are within the capacities. */
export async function readCounterFaults(database: Database, tenantId: string): Promise<unknown[]> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT z.zone_id, z.day, z.booked, count(b.user_id) AS found, n.capacity
       FROM zone_days z
       JOIN nodes n ON n.tenant_id = z.tenant_id AND n.node_id = z.zone_id
       FULL JOIN (SELECT * FROM bookings WHERE tenant_id = $1 AND zone_id IS NOT NULL) AS b
         ON b.zone_id = z.zone_id AND b.day = z.day
       WHERE coalesce(z.tenant_id, b.tenant_id) = $1
       GROUP BY z.zone_id, z.day, z.booked, n.capacity
       HAVING z.booked IS DISTINCT FROM count(b.user_id) OR z.booked > n.capacity`,
      [tenantId],
    ),
  );
  return rows;
}

/** Consecutive days from Monday, 2 March 2026 on. */
export function daysFromMonday(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    new Date(Date.UTC(2026, 2, 2 + n)).toISOString().slice(0, 10),
  );
}

/** Writes `changes`. Returns the duration with the commit, the number of statements, and the number of changed days. */
export async function measure(
  database: Database,
  tenantId: string,
  changes: DayChange[],
): Promise<{ ms: number; statements: number; changed: number }> {
  const startedMs = performance.now();
  let statements = 0;
  const outcomes = await database.inTenant(tenantId, (tx) => {
    const counting = new Proxy(tx, {
      get: (target, name) => {
        if (name !== 'query') return Reflect.get(target, name, target);
        return (...args: Parameters<Tx['query']>) => {
          // A connection discards its plans every few seconds, whatever the work.
          if (!JSON.stringify(args[0]).includes('DISCARD PLANS')) statements++;
          return target.query(...args);
        };
      },
    });
    return writeDays(counting, tenantId, changes, byUser());
  });
  const ms = Math.round(performance.now() - startedMs);
  return { ms, statements, changed: outcomes.filter((outcome) => outcome === 'changed').length };
}
