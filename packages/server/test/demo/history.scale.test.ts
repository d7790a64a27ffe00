import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureDemo } from '../../src/demo/organisation.ts';
import { listOrganisations } from '../../src/store/directory/organisations.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

/** A Wednesday afternoon in London, morning in New York, and Thursday in Sydney. */
const NOW = Date.parse('2026-06-17T14:30:00Z');
const CONFIG = { users: 200, days: 16, seed: 7 };

describe('The exports of the demo', () => {
  let server: TestServer;
  let read: (path: string) => Promise<Record<string, unknown>[]>;
  beforeAll(async () => {
    server = await startTestServer();
    server.clock.nowMs = NOW;
    const { db, masterKey, clock } = server;
    const deps = { owner: db.owner, masterKey, clock: clock.read, onProgress: () => {} };
    const { keys } = await ensureDemo(CONFIG, deps);
    const key = keys.find(({ role }) => role === 'data-warehouse') ?? expect.fail('no key');
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

  test('have every type of attendance, unconfirmed at an office without reporting, and a horizon ahead', async () => {
    const rows = await read('user-booking-attendance/basic?startDate=2026-06-01&endDate=2026-07-01');
    const typesAt = (name: string) =>
      new Set(
        rows
          .filter(({ attendanceLocationName }) => attendanceLocationName === name)
          .map(({ attendanceType }) => attendanceType),
      );
    // Days without a type: days in the future, and today.
    expect(typesAt('London Bridge')).toEqual(new Set(['confirmed', 'noShow', 'walkIn', undefined]));
    expect(typesAt('Hudson Yards')).toEqual(new Set(['confirmed', 'noShow', 'walkIn', undefined]));
    expect(typesAt('Barangaroo')).toEqual(new Set(['unconfirmed', undefined]));
    expect(new Set(rows.map(({ plan }) => plan))).toEqual(new Set(['o', 'r', 'a']));
    expect(new Set(rows.map(({ bookingDepth }) => bookingDepth))).toEqual(new Set([undefined, 1, 2, 3]));
    const ahead = rows.filter(({ day }) => String(day) > '2026-06-19');
    expect(ahead.length).toBeGreaterThan(500);
    expect(ahead.map(({ attendanceType }) => attendanceType)).not.toContain('confirmed');
  });

  test('look like hybrid work: more people come from Tuesday to Thursday than on Monday and Friday', async () => {
    const events = await read('presence/basic?startDate=2026-06-01&endDate=2026-06-16');
    const came = new Set(events.map(({ day, userId }) => `${day} ${userId}`));
    const [sunday = 0, monday = 0, tuesday = 0, wednesday = 0, thursday = 0, friday = 0, saturday = 0] = [
      0, 1, 2, 3, 4, 5, 6,
    ].map(
      (weekday) => [...came].filter((each) => new Date(each.slice(0, 24)).getUTCDay() === weekday).length,
    );
    // Two full weeks, and one Monday and Tuesday more.
    const middle = (tuesday / 3 + wednesday / 2 + thursday / 2) / 3;
    expect(middle).toBeGreaterThan((1.2 * (monday / 3 + friday / 2)) / 2);
    expect((sunday + saturday) / 4).toBeLessThan(middle / 10);
  });

  test('have groups on two levels, sensors in spaces, visitors with hosts, and authors of changes', async () => {
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
    for (const reason of [
      'Horizon: a desk booked before',
      'Leave scheduled (holiday)',
      'Leave cancelled (holiday)',
      null,
    ]) {
      expect(reasons).toContain(reason);
    }
  });

  test('have no user with a refused event', async () => {
    const [organisation] = await server.db.owner.inSystem(listOrganisations);
    const refused = await server.db.owner.inTenant(organisation?.tenantId ?? '', (tx) =>
      tx.query('SELECT FROM refused_events'),
    );
    expect(refused.rowCount).toBe(0);
  });
});
