import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode } from './support/directory.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS } from './support/submissions.ts';

/** The server's clock shows noon of 10 March 2026, a Tuesday, in UTC. */
const [YESTERDAY, TODAY, TOMORROW] = ['2026-03-09', '2026-03-10', '2026-03-11'] as const;

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
});
afterAll(() => server.close());

/** Another test tells versions apart. */
const version = expect.any(String);
const NO_PLAN = { plan: null, setBy: null, locationId: null, locationName: null, version };
const nameOf = async (nodeId: string) =>
  (
    await work.sql<{ name: string }>('SELECT name FROM nodes WHERE tenant_id = $1 AND node_id = $2', nodeId)
  )[0]?.name;

describe('a range of days', () => {
  test('has an entry for each date, with the booking if there is one', async () => {
    const { locationId, levelId, zoneId, placeId } = work.office;
    const [locationName, levelName, zoneName, placeName] = await Promise.all(
      [locationId, levelId, zoneId, placeId].map(nameOf),
    );
    const there = { plan: 'o', setBy: 'day', locationId, locationName, version };
    const booked = { setBy: 'person', levelId, levelName, zoneId, zoneName };
    const expected = [
      { day: TODAY, ...there, booking: { depth: 3, nodeId: placeId, ...booked, placeId, placeName } },
      { day: TOMORROW, ...there, booking: { depth: 2, nodeId: zoneId, ...booked } },
      { day: '2026-03-12', ...there, booking: { depth: 1, nodeId: locationId, setBy: 'person' } },
      { ...NO_PLAN, day: '2026-03-13', plan: 'r', setBy: 'day' },
      { ...NO_PLAN, day: '2026-03-14', plan: 'a', setBy: 'day' },
    ];
    const wishes = [work.at(placeId), work.at(zoneId), work.at(), { plan: 'r' }, { plan: 'a' }];
    for (const [n, wish] of wishes.entries()) {
      expect(await work.setDay(expected[n]?.day ?? '', wish)).toEqual(expected[n]);
    }
    expect(await work.days(YESTERDAY, '2026-03-15')).toEqual([
      { day: YESTERDAY, ...NO_PLAN },
      ...expected,
      { day: '2026-03-15', ...NO_PLAN },
    ]);
  });

  test('takes dates in each form, at most 31, and shows those of an inactive user', async () => {
    const left = await work.addUser({ status: 'inactive' });
    expect(await work.days('20260301', '2026-03-31T23:00:00.000Z', left)).toHaveLength(31);
    for (const [startDate, endDate, path] of [
      ['2026-03-01', '2026-04-01', 'endDate'],
      ['2026-03-02', '2026-03-01', 'endDate'],
      ['2026-02-30', '2026-03-01', 'startDate'],
    ]) {
      const query = `startDate=${startDate}&endDate=${endDate}`;
      const reply = await work.call('GET', `users/${work.user.userId}/days?${query}`);
      expectProblem(reply, 400);
      expect(reply.json().errors).toMatchObject([{ path }]);
    }
    expectProblem(await work.call('GET', `users/${work.user.userId}/days`), 400);
  });

  test('is personal data, which no cache may keep', async () => {
    const path = `users/${work.user.userId}/days?startDate=${TODAY}&endDate=${TODAY}`;
    expect((await work.call('GET', path)).headers['cache-control']).toBe('private, no-cache');
  });
});

describe('setting a day', () => {
  test('moves to another office and back, and logs the reason', async () => {
    const paris = await addNode(server.db.owner, work.tenantId, { kind: 'location', name: 'Paris' });
    await work.setDay(TODAY, work.at(work.office.placeId));
    const moved = await work.setDay(TODAY, { plan: 'o', locationId: paris.toUpperCase(), reason: 'Visit' });
    expect(moved).toMatchObject({ locationName: 'Paris', booking: { depth: 1, nodeId: paris } });
    await work.setDay(TODAY, { plan: 'r', locationId: null, booking: null, reason: null });
    const log = await work.log();
    const key = log[0]?.changedByName;
    expect(key).toMatch(/\S/);
    const by = { day: TODAY, changedBy: 'admin', changedByName: key };
    expect(log).toEqual([
      { ...by, category: 'plan', action: 'created', reason: null },
      { ...by, category: 'booking', action: 'created', reason: null },
      { ...by, category: 'plan', action: 'changed', reason: 'Visit' },
      { ...by, category: 'booking', action: 'changed', reason: 'Visit' },
      { ...by, category: 'plan', action: 'changed', reason: null },
      { ...by, category: 'booking', action: 'cancelled', reason: null },
    ]);
  });

  test('keeps the booking at the office if the request names no node, and accepts the day as it was read', async () => {
    const day = await work.setDay(TODAY, work.at(work.office.placeId));
    expect(await work.setDay(TODAY, work.at())).toEqual(day);
    expect(await work.setDay(TODAY, day)).toEqual(day);
    expect(await work.log()).toHaveLength(2);
  });

  test("before the user's today is refused, in the user's time zone", async () => {
    expectProblem(await work.call('PUT', work.dayPath(YESTERDAY), { plan: 'r' }), 409);
    expectProblem(await work.call('DELETE', work.dayPath(YESTERDAY)), 409);
    // 10 March at 12:00 UTC is 11 March on Kiritimati, and 9 March only on ships.
    const kiritimati = await ManagedWorkplace.at(server, 'Pacific/Kiritimati');
    const detail = expectProblem(await kiritimati.call('PUT', kiritimati.dayPath(TODAY), { plan: 'r' }), 409);
    expect(detail).toContain('today is 2026-03-11');
    expect(await kiritimati.setDay(TOMORROW, { plan: 'r' })).toMatchObject({ plan: 'r' });
  });

  test('with an invalid request is refused, and the error names the member', async () => {
    const { locationId, levelId, spaceId, zoneId } = work.office;
    const other = await addNode(server.db.owner, work.tenantId, { kind: 'location' });
    const nobody = randomUUID();
    const cases: [object, string][] = [
      [{ plan: 'x' }, '/plan'],
      [{ plan: 'o' }, '/locationId'],
      [{ plan: 'o', locationId: 'London' }, '/locationId'],
      [{ plan: 'o', locationId: nobody }, '/locationId'],
      [{ plan: 'o', locationId: zoneId }, '/locationId'],
      [{ plan: 'r', locationId }, '/locationId'],
      [{ plan: 'a', booking: { nodeId: zoneId } }, '/booking'],
      [work.at('desk 1'), '/booking/nodeId'],
      ...[nobody, levelId, spaceId, other].map((id): [object, string] => [work.at(id), '/booking/nodeId']),
      ...BAD_TEXTS.map((reason): [object, string] => [{ plan: 'r', reason }, '/reason']),
      [{ plan: 7 }, '/plan'],
      [{}, '/plan'],
      [{ plan: 'o', locationId, booking: {} }, '/booking/nodeId'],
    ];
    for (const [wish, path] of cases) {
      const reply = await work.call('PUT', work.dayPath(TODAY), wish);
      expectProblem(reply, 400);
      expect(reply.json().errors[0], JSON.stringify(wish)).toMatchObject({ path });
    }
    for (const day of ['2026-02-30', 'today', '2101-01-01']) {
      const reply = await work.call('PUT', work.dayPath(day), { plan: 'r' });
      expectProblem(reply, 400);
      expect(reply.json().errors[0].path).toMatch(/^\/?day$/);
    }
    expect(await work.log()).toEqual([]);
  });

  test('at a taken, assigned or closed desk, or in a full zone, is a 409', async () => {
    const { zoneId, placeId, levelId } = work.office;
    const desk = await addNode(server.db.owner, work.tenantId, { kind: 'place', parentId: zoneId });
    const ben = await work.addUser();
    const refused = async (nodeId: string, text: string) =>
      expect(expectProblem(await work.call('PUT', work.dayPath(TODAY), work.at(nodeId)), 409)).toContain(
        text,
      );
    await work.setDay(TODAY, work.at(placeId), ben);
    await refused(placeId, 'booked by another user');
    await work.sql(
      'INSERT INTO desk_assignments (tenant_id, place_id, user_id) VALUES ($1, $2, $3)',
      desk,
      ben.userId,
    );
    await refused(desk, 'assigned to another user');
    await work.sql('UPDATE nodes SET capacity = 1 WHERE tenant_id = $1 AND node_id = $2', zoneId);
    await refused(zoneId, 'full');
    await work.sql("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", levelId);
    await refused(desk, 'not an active desk or zone');
    expect(await work.days(TODAY)).toEqual([{ day: TODAY, ...NO_PLAN }]);
  });
});
