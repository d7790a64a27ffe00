import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isWriteConflict } from '../src/store/connections/conflict.ts';
import { advanceAggregates, deleteAllAggregates } from '../src/store/warehouse/aggregate-writes.ts';
import { verifyAggregates } from '../src/warehouse/aggregate-checks.ts';
import { advanceAllAggregates, rebuildAggregates } from '../src/warehouse/aggregates.ts';
import { AttendanceClient } from './support/attendance.ts';
import { seeingAll } from './support/backup.ts';
import { addOffice, addUser } from './support/directory.ts';
import { untilAllWait } from './support/locks.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
let site: Site;
let client: AttendanceClient;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-03-12T12:00:00Z');
});
beforeEach(async () => {
  site = await addSite(server);
  client = new AttendanceClient(server, site.key);
  await detect(site.user.userId, '2026-03-10');
});
afterAll(() => server.close());

const detect = (userId: string, day: string) =>
  client.submit([{ userId, nodeId: site.office.placeId, kind: 'place', at: `${day}T09:00:00Z` }]);

/** The attendance of the window that ends on a day. A new window brings the aggregates up to date. */
async function attendanceUpTo(endDate: string): Promise<number> {
  const [row] = await client.rows<{ attendance: number }>('metrics', {
    ...{ startDate: '2026-03-10', endDate },
    period: 'range',
  });
  return row?.attendance ?? 0;
}

const asOwner = (sql: string, values: unknown[] = []) =>
  server.db.owner.inTenant(site.tenantId, (tx) => tx.query(sql, values));

const verify = () => verifyAggregates(server.db.restricted, site.tenantId);

/** Stores an aggregate that no row tells of: the user planned to come and did not. */
const falsify = () =>
  asOwner(`UPDATE day_aggregates SET flags = '\\x02' WHERE tenant_id = $1 AND day = '2026-03-10'`, [
    site.tenantId,
  ]);

test('Metrics read the stored aggregates of days that have not changed', async () => {
  expect(await attendanceUpTo('2026-03-10')).toBe(1);
  await falsify();
  expect(await attendanceUpTo('2026-03-11')).toBe(0);
  await detect((await addUser(server.db.owner, site.tenantId)).userId, '2026-03-11');
  expect(await attendanceUpTo('2026-03-11')).toBe(1);
});

test('A check finds an aggregate that differs from the rows, and a rebuild mends it', async () => {
  await attendanceUpTo('2026-03-10');
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
  await falsify();
  const wrong = [{ day: '2026-03-10', locationId: site.office.locationId }];
  expect(await verify()).toEqual({ checked: 1, wrong });
  await rebuildAggregates(server.db.restricted, site.tenantId);
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
  await asOwner('DELETE FROM day_aggregates WHERE tenant_id = $1', [site.tenantId]);
  expect(await verify()).toEqual({ checked: 1, wrong });
});

test('A late event makes its day stale, and the next call has it, whether or not it is stored again', async () => {
  expect(await attendanceUpTo('2026-03-10')).toBe(1);
  await detect((await addUser(server.db.owner, site.tenantId)).userId, '2026-03-10');
  // The same window was refreshed a moment ago.
  expect(await attendanceUpTo('2026-03-10')).toBe(2);
  expect(await verify()).toEqual({ checked: 0, wrong: [] });
  expect(await attendanceUpTo('2026-03-11')).toBe(2);
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
});

test.each([['of another database', `UPDATE aggregate_states SET database = 'another' WHERE tenant_id = $1`]])(
  'Aggregates %s are not used, and are made again',
  async (_, forget) => {
    await attendanceUpTo('2026-03-10');
    await falsify();
    await asOwner(forget, [site.tenantId]);
    expect(await attendanceUpTo('2026-03-10')).toBe(1);
    expect(await attendanceUpTo('2026-03-11')).toBe(1);
    expect(await verify()).toEqual({ checked: 1, wrong: [] });
  },
);

test('Aggregates from before the oldest change that is kept are not used, and are made again', async () => {
  await attendanceUpTo('2026-03-10');
  await falsify();
  await seeingAll(server.db.target, (admin) =>
    admin.query(
      `INSERT INTO attendance_marks (database, noted_at, oldest_xid, is_pruned)
       SELECT p.database, now(), pg_snapshot_xmax(pg_current_snapshot()), true FROM current_position() p`,
    ),
  );
  expect(await attendanceUpTo('2026-03-10')).toBe(1);
  expect(await attendanceUpTo('2026-03-11')).toBe(1);
  expect((await verify()).wrong).toEqual([]);
  await seeingAll(server.db.target, (admin) => admin.query('DELETE FROM attendance_marks WHERE is_pruned'));
});

test('A writer that ends in the middle leaves whole aggregates, and the call computes its numbers from the rows', async () => {
  await seeingAll(server.db.target, async (admin) => {
    await admin.query('BEGIN; LOCK TABLE day_aggregates IN SHARE MODE');
    const asked = attendanceUpTo('2026-03-10');
    await untilAllWait(server.db.target);
    const { rowCount } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
    );
    expect(rowCount).toBe(1);
    expect(await asked).toBe(1);
    expect(await verify()).toEqual({ checked: 0, wrong: [] });
    await admin.query('COMMIT');
  });
  expect(await attendanceUpTo('2026-03-11')).toBe(1);
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
});

test('Calls at the same time make the aggregates of overlapping windows', async () => {
  const days = ['2026-03-10', '2026-03-11', '2026-03-12', '2026-03-13'];
  expect(await Promise.all(days.map(attendanceUpTo))).toEqual([1, 1, 1, 1]);
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
});

test('A writer whose snapshot is older than a deletion stores nothing, and begins again', async () => {
  await attendanceUpTo('2026-03-10');
  const { locationId } = await addOffice(server.db.owner, site.tenantId, 'UTC');
  await client.submit([{ userId: site.user.userId, nodeId: locationId, at: '2026-03-10T10:00:00Z' }]);
  const late = server.db.restricted.inTenantSnapshot(site.tenantId, async (tx) => {
    await tx.query('SELECT');
    await server.db.owner.inTenant(site.tenantId, (other) => deleteAllAggregates(other, site.tenantId));
    await advanceAggregates(tx, site.tenantId);
  });
  await expect(late).rejects.toSatisfy(isWriteConflict);
  await attendanceUpTo('2026-03-11');
  expect(await verify()).toEqual({ checked: 2, wrong: [] });
});

test('After a change of very many days, their aggregates are made again', async () => {
  await asOwner(
    `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                  source_id, received_at)
     SELECT $1, d, gen_random_uuid(), d::date, $2, $3, $3, 'many', 'door', now()
     FROM generate_series(timestamptz '2024-06-01T09:00Z', '2025-11-01T09:00Z', '1 day') AS d`,
    [site.tenantId, site.user.userId, site.office.locationId],
  );
  await rebuildAggregates(server.db.restricted, site.tenantId);
  const { checked } = await verify();
  expect(checked).toBeGreaterThan(500);
  await asOwner(
    `UPDATE presence_events SET day = day - 1, written_xid = pg_current_xact_id() WHERE tenant_id = $1`,
    [site.tenantId],
  );
  const range = { startDate: '2025-01-01', endDate: '2025-12-31', period: 'range' };
  expect(await client.rows('metrics', range)).toMatchObject([{ attendance: 304 }]);
  expect((await verify()).wrong).toEqual([]);
  expect((await verify()).checked).toBeGreaterThanOrEqual(304);
});

test('The job brings the aggregates of all organisations up to date, and makes none for days that have none', async () => {
  await attendanceUpTo('2026-03-10');
  await detect((await addUser(server.db.owner, site.tenantId)).userId, '2026-03-10');
  await detect((await addUser(server.db.owner, site.tenantId)).userId, '2026-03-12');
  await advanceAllAggregates({
    database: server.db.restricted,
    clock: () => server.clock.nowMs,
    signal: new AbortController().signal,
  });
  expect(await verify()).toEqual({ checked: 1, wrong: [] });
  await falsify();
  // Both users who came on the tenth have entries, and the false aggregate has one.
  expect(await attendanceUpTo('2026-03-10')).toBe(0);
});

describe('One change makes an aggregate stale:', () => {
  const OF_USER = `WHERE tenant_id = $1 AND user_id = $2 AND day = '2026-03-10'`;
  test.each([
    ['an event is deleted', `DELETE FROM presence_events ${OF_USER}`],
    [
      'an event gets another day',
      `UPDATE presence_events SET day = '2026-03-09', written_xid = pg_current_xact_id() ${OF_USER}`,
    ],
    ['presence made the plan, and then a user sets it', `UPDATE day_plans SET set_by = 'day' ${OF_USER}`],
    [
      'the desk of a booking is given up',
      `WITH gone AS (DELETE FROM bookings ${OF_USER} RETURNING *)
       INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
       SELECT tenant_id, user_id, day, location_id, location_id, 'location', set_by FROM gone`,
    ],
    ['a plan is deleted', `WITH gone AS (DELETE FROM bookings ${OF_USER}) DELETE FROM day_plans ${OF_USER}`],
  ])('%s', async (_, sql) => {
    const { tenantId, user, office } = site;
    await asOwner(
      `UPDATE presence_events SET node_id = $3, day = '2026-03-10' WHERE tenant_id = $1 AND user_id = $2`,
      [tenantId, user.userId, office.locationId],
    );
    await storeDays(server.db.owner, tenantId, [
      {
        ...{
          userId: user.userId,
          day: '2026-03-10',
          plan: 'o',
          locationId: office.locationId,
          setBy: 'presence',
        },
        booking: { nodeId: office.placeId, kind: 'place', zoneId: office.zoneId },
      },
    ]);
    const query = { startDate: '2026-03-09', endDate: '2026-03-10', by: 'zone' };
    const before = await client.rows('metrics', query);
    expect(await verify()).toEqual({ checked: 1, wrong: [] });
    await asOwner(sql, [tenantId, user.userId]);
    const after = await client.rows('metrics', query);
    expect(after).not.toEqual(before);
    await rebuildAggregates(server.db.restricted, tenantId);
    expect(await client.rows('metrics', query)).toEqual(after);
  });
});
