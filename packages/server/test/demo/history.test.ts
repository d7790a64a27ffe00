import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MasterKey } from '../../src/auth/secrets.ts';
import { ensureDemo } from '../../src/demo/organisation.ts';
import { listOrganisations } from '../../src/store/organisations.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

/** A Wednesday afternoon in London, morning in New York, and Thursday in Sydney. */
const NOW = Date.parse('2026-06-17T14:30:00Z');
const CONFIG = { users: 90, days: 9, seed: 7 };

/** What identifies rows by chance is left out: organisation, actions, entries, leaves, digests, transactions. */
const COMPARED = {
  day_plans: 'user_id, day, plan, location_id, set_by',
  bookings: 'user_id, day, location_id, node_id, set_by',
  week_plans: 'user_id, weekday, plan',
  desk_assignments: 'place_id, user_id',
  leaves: 'user_id, start_day, end_day, leave_type',
  presence_events: 'observed_at, user_id, node_id, event_id, day',
  occupancy_events: 'observed_at, node_id, event_id, occupied, occupancy, day',
  visitor_arrivals: 'observed_at, visitor_name, host_user_id, day',
  action_log:
    'logged_at, user_id, day, category, action, description, changed_by, reason, before::text, after::text',
};

async function contents({ owner }: TestDatabase): Promise<Record<string, string[]>> {
  const [organisation] = await owner.inSystem(listOrganisations);
  return owner.inTenant(organisation?.tenantId ?? '', async (tx) => {
    const tables: Record<string, string[]> = {};
    for (const [table, columns] of Object.entries(COMPARED)) {
      const { rows } = await tx.query<{ row: string }>(
        `SELECT row(${columns})::text AS row FROM ${table} ORDER BY 1`,
      );
      tables[table] = rows.map(({ row }) => row);
    }
    return tables;
  });
}

function depsOf({ owner }: TestDatabase, onProgress: (done: number) => void = () => {}) {
  return { owner, masterKey: MasterKey.generate(), clock: () => NOW, onProgress };
}

describe('The history of the demo', () => {
  let databases: TestDatabase[];
  beforeAll(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  });
  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  test('is the same for the same seed, and one that was cut short is completed to the same', async () => {
    const [left, right, cut] = databases as [TestDatabase, TestDatabase, TestDatabase];
    await ensureDemo(CONFIG, depsOf(left));
    await ensureDemo(CONFIG, depsOf(right));
    const made = await contents(left);
    for (const rows of Object.values(made)) expect(rows.length).toBeGreaterThan(3);
    expect(await contents(right)).toEqual(made);

    const stopAt = (day: number) => (done: number) => {
      if (done === day) throw new Error('cut short');
    };
    await expect(ensureDemo(CONFIG, depsOf(cut, stopAt(2)))).rejects.toThrow('cut short');
    await expect(ensureDemo(CONFIG, depsOf(cut, stopAt(3)))).rejects.toThrow('cut short');
    const resumed: number[] = [];
    await ensureDemo(
      CONFIG,
      depsOf(cut, (done) => resumed.push(done)),
    );
    expect(resumed.length).toBeLessThan(CONFIG.days);
    expect(await contents(cut)).toEqual(made);
  });
});

describe('The exports of the demo', () => {
  let server: TestServer;
  let read: (path: string) => Promise<Record<string, unknown>[]>;
  beforeAll(async () => {
    server = await startTestServer();
    server.clock.nowMs = NOW;
    const { db, masterKey, clock } = server;
    const deps = { owner: db.owner, masterKey, clock: clock.read, onProgress: () => {} };
    const { keys } = await ensureDemo({ ...CONFIG, users: 200, days: 16 }, deps);
    const key = keys.find(({ authentication }) => authentication === 'basic') ?? expect.fail('no key');
    read = async (path) => {
      const reply = await server.app.inject({
        url: `/v1/analytics/${path}`,
        headers: { authorization: basic(key) },
      });
      expect(reply.statusCode).toBe(200);
      return reply.json() as Record<string, unknown>[];
    };
  });
  afterAll(() => server.close());

  test('have every type of attendance, unconfirmed where nothing is reported, and a horizon ahead', async () => {
    const rows = await read('user-booking-attendance/basic?startDate=2026-06-01&endDate=2026-07-01');
    const typesAt = (name: string) =>
      new Set(
        rows
          .filter(({ attendanceLocationName }) => attendanceLocationName === name)
          .map(({ attendanceType }) => attendanceType),
      );
    // None: days to come, and today's.
    expect(typesAt('London Bridge')).toEqual(new Set(['confirmed', 'noShow', 'walkIn', undefined]));
    expect(typesAt('Hudson Yards')).toEqual(new Set(['confirmed', 'noShow', 'walkIn', undefined]));
    expect(typesAt('Barangaroo')).toEqual(new Set(['unconfirmed', undefined]));
    expect(new Set(rows.map(({ plan }) => plan))).toEqual(new Set(['o', 'r', 'a']));
    expect(new Set(rows.map(({ bookingDepth }) => bookingDepth))).toEqual(new Set([undefined, 1, 2, 3]));
    const ahead = rows.filter(({ day }) => String(day) > '2026-06-19');
    expect(ahead.length).toBeGreaterThan(500);
    expect(ahead.map(({ attendanceType }) => attendanceType)).not.toContain('confirmed');
  });

  test('look like hybrid work: more come on Tuesday to Thursday than on Monday and Friday', async () => {
    const events = await read('presence/basic?startDate=2026-06-01&endDate=2026-06-16');
    const came = new Set(events.map(({ day, userId }) => `${day} ${userId}`));
    const [sunday = 0, monday = 0, tuesday = 0, wednesday = 0, thursday = 0, friday = 0, saturday = 0] = [
      0, 1, 2, 3, 4, 5, 6,
    ].map(
      (weekday) => [...came].filter((each) => new Date(each.slice(0, 24)).getUTCDay() === weekday).length,
    );
    // Of two full weeks, and a Monday and Tuesday more.
    const middle = (tuesday / 3 + wednesday / 2 + thursday / 2) / 3;
    expect(middle).toBeGreaterThan((1.2 * (monday / 3 + friday / 2)) / 2);
    expect((sunday + saturday) / 4).toBeLessThan(middle / 10);
  });

  test('have groups two levels deep, sensors in spaces, visitors with hosts, and who changed what', async () => {
    const groups = await read('groups/basic');
    const tops = groups.filter(({ parentGroupId }) => parentGroupId === null);
    const ids = new Set(tops.map(({ groupId }) => groupId));
    expect(tops).toHaveLength(3);
    expect(groups.length).toBeGreaterThan(10);
    for (const { parentGroupId } of groups) if (parentGroupId !== null) expect(ids).toContain(parentGroupId);
    const users = await read('users/basic');
    const teams = new Set(groups.filter(({ parentGroupId }) => parentGroupId !== null).map((g) => g.groupId));
    for (const { primaryGroupId } of users) expect(teams).toContain(primaryGroupId);

    const occupancy = await read('occupancy/basic?startDate=2026-06-10&endDate=2026-06-16');
    expect(new Set(occupancy.map(({ locationType }) => locationType))).toEqual(new Set(['space']));
    expect(new Set(occupancy.map(({ occupied }) => occupied))).toEqual(new Set([true, false]));
    const visitors = await read('visitors/basic?startDate=2026-06-10&endDate=2026-06-16');
    const people = new Set(users.map(({ userId }) => userId));
    expect(visitors.length).toBeGreaterThan(5);
    for (const { hostUserId } of visitors) expect(people).toContain(hostUserId);

    const log = await read('change-log/user/basic?startDate=2026-06-01&endDate=2026-06-17');
    expect(new Set(log.map(({ changedBy }) => changedBy))).toEqual(
      new Set(['engine', 'user', 'integration']),
    );
    const reasons = new Set(log.map(({ reason }) => reason));
    for (const reason of ['Horizon', 'Leave scheduled (holiday)', 'Leave cancelled (holiday)', null]) {
      expect(reasons).toContain(reason);
    }
  });

  test('name nobody whose event was refused', async () => {
    const [organisation] = await server.db.owner.inSystem(listOrganisations);
    const refused = await server.db.owner.inTenant(organisation?.tenantId ?? '', (tx) =>
      tx.query('SELECT FROM refused_events'),
    );
    expect(refused.rowCount).toBe(0);
  });
});
