import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { findDaysOfRows, moveToPseudonyms } from '../src/store/privacy/pseudonyms.ts';
import { listDays } from '../src/store/values/days.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { ChangesClient, datesOf, followable } from './support/changes.ts';
import type { Row } from './support/consumer.ts';
import { goodEvent, results } from './support/presence.ts';
import { logChanges, storeDays } from './support/workday.ts';

const changes = ChangesClient.forEachTest();
const { get, write, follower, followed, fill } = changes;

const MARCH = listDays('2026-03-01', '2026-03-31');
const move = (userIds: string[], days = MARCH) =>
  changes.server.db.owner.inTenant(changes.site.tenantId, (tx) =>
    moveToPseudonyms(tx, changes.site.tenantId, userIds, days),
  );
const rowsOf = async (path: string, query = datesOf(path)) => (await get(path, query)).json() as Row[];
const idsIn = (rows: Row[]) => [...new Set(rows.map((row) => row.userId))];

test('rows move to one pseudonym for each calendar year, which keeps the group and the office, and no name', async () => {
  await fill();
  const { site } = changes;
  await write(
    `UPDATE users SET primary_location_id = $2, first_name = 'Ada', email = 'ada@example.com', email_folded = 'ada@example.com',
       primary_group_id = (SELECT group_id FROM groups WHERE tenant_id = $1 LIMIT 1) WHERE tenant_id = $1 AND user_id = $3`,
    site.office.locationId,
    site.user.userId,
  );
  await results(changes.server, site, [
    goodEvent(site, { timestamp: '2025-12-31T09:00:00Z', sourceUserId: 'badge 7' }),
  ]);
  const [before] = (await rowsOf('users')).filter(({ userId }) => userId === site.user.userId);
  expect(await move([site.user.userId])).toEqual({
    presence: 3,
    plans: 3,
    bookings: 3,
    changes: 3,
    visitors: 0,
  });
  expect(await move([site.user.userId], ['2025-12-31'])).toMatchObject({ presence: 1, plans: 0 });
  expect(await move([site.user.userId])).toMatchObject({ presence: 0, plans: 0 });
  const [march, december] = [
    await rowsOf('presence'),
    await rowsOf('presence', 'startDate=2025-12-31&endDate=2025-12-31'),
  ].map(idsIn);
  expect(march).not.toContain(site.user.userId);
  expect(december).toHaveLength(1);
  expect(march).not.toContain(december?.[0]);
  const pseudonyms = (await rowsOf('users')).filter(({ userName, userId }) => userName === userId);
  expect(pseudonyms).toHaveLength(2);
  for (const { userId, ...pseudonym } of pseudonyms) {
    expect(pseudonym).toEqual({
      ...{
        email: null,
        firstName: null,
        lastName: null,
        onboarded: false,
        status: 'inactive',
        userName: userId,
      },
      ...{ primaryGroupId: before?.primaryGroupId, primaryLocationId: site.office.locationId },
    });
  }
  const presence = await rowsOf('presence', 'startDate=2025-12-31&endDate=2025-12-31');
  expect(presence[0]).toMatchObject({ sourceUserId: null, userEmail: null });
});

test('a row keeps reasons of the server without the type of leave, and no free text', async () => {
  const { site, server } = changes;
  const { userId } = site.user;
  const log = (members: object) => ({
    loggedAt: '2026-03-09T08:00:00Z',
    userId,
    day: '2026-03-09',
    ...members,
  });
  await logChanges(server.db.owner, site.tenantId, [
    log({ reason: 'Leave scheduled (sick)', changedByName: 'HR' }),
    log({ reason: 'Ada is at the dentist', changedByName: 'Grace' }),
    log({ reason: 'Horizon: near the group', changedByName: null }),
  ]);
  await move([userId]);
  const rows = await rowsOf('change-log/user');
  expect(rows.map(({ reason, changedByName }) => [reason, changedByName])).toEqual(
    expect.arrayContaining([
      ['Leave scheduled', 'HR'],
      [null, 'Grace'],
      ['Horizon: near the group', null],
    ]),
  );
});

test('no event leads back to the user by its digest', async () => {
  const { site, server } = changes;
  const digestsOf = async () =>
    (await write('SELECT event_digest FROM presence_events WHERE tenant_id = $1')).rows as {
      event_digest: string;
    }[];
  await results(server, site, [goodEvent(site)]);
  const before = await digestsOf();
  await move([site.user.userId]);
  expect(await digestsOf()).not.toEqual(before);
});

test.each([
  'metrics',
  'metrics/people',
  'metrics/days-per-week',
  'metrics/weekdays',
  'metrics/arrivals',
  'metrics/dwell',
  'metrics/usage',
])('%s: no count moves, by any unit and period, with aggregates of before and of after', async (path) => {
  await fill();
  const { site } = changes;
  await write(
    'UPDATE users SET primary_location_id = $2, primary_group_id = (SELECT min(group_id::text)::uuid FROM groups WHERE tenant_id = $1) WHERE tenant_id = $1',
    site.office.locationId,
  );
  const { periods = [] } = datasets.find((dataset) => dataset.path === path) ?? {};
  const units = path === 'metrics/usage' ? ['place', 'zone'] : ['location', 'level', 'zone', 'group'];
  const read = async () => {
    const answers: unknown[] = [];
    for (const by of units) {
      for (const period of periods) {
        const query = `startDate=2026-03-01&endDate=2026-03-10&by=${by}&period=${period}`;
        const reply = await get(path, query);
        expect(reply.statusCode, reply.body).toBe(200);
        answers.push([by, period, reply.json()]);
      }
    }
    return answers;
  };
  const before = await read();
  expect(JSON.stringify(before).length).toBeGreaterThan(500);
  await move([site.user.userId]);
  expect(await read()).toEqual(before);
});

test('a count of different people over New Year says that it is an upper bound, if erased people are in it', async () => {
  const { site, server } = changes;
  const days = ['2025-12-31', '2026-01-02'];
  for (const day of days) await results(server, site, [goodEvent(site, { timestamp: `${day}T09:00:00Z` })]);
  const read = async (path: string, query: string) =>
    (await rowsOf(path, `startDate=${days[0]}&endDate=${days[1]}&${query}`)).filter(
      ({ personWeeks }) => personWeeks !== 0,
    );
  const counts = async () => ({
    range: (await read('metrics/people', 'period=range')).map(({ people, exact }) => [people, exact]),
    days: (await read('metrics/people', 'period=day')).map(({ people, exact }) => [people, exact]),
    organisation: (await read('metrics/people', 'period=range&by=organisation')).map(({ people, exact }) => [
      people,
      exact,
    ]),
    weeks: (await read('metrics/days-per-week', 'period=range')).map(
      ({ daysPerWeek, personWeeks, exact }) => [daysPerWeek, personWeeks, exact],
    ),
    desks: (await read('metrics/usage', 'by=place&period=range'))
      .filter(({ people }) => people !== 0)
      .map(({ people, exact }) => [people, exact]),
    compared: (await read('metrics/comparison', 'period=range')).map(
      ({ people, exact, previousPeople, previousExact }) => [people, exact, previousPeople, previousExact],
    ),
  });
  const eachDay = [
    [1, true],
    [1, true],
  ];
  const known = [[1, true]];
  expect(await counts()).toEqual({
    ...{ range: known, organisation: known, desks: known, days: eachDay },
    ...{ weeks: [[2, 1, true]], compared: [[1, true, 0, true]] },
  });
  for (const day of days) await move([site.user.userId], [day]);
  // As long as the database knows the user, the person counts once.
  expect(await counts()).toMatchObject({ range: known, organisation: known, desks: known, days: eachDay });
  await write('DELETE FROM replaced_users WHERE tenant_id = $1');
  const bound = [[2, false]];
  expect(await counts()).toEqual({
    ...{ range: bound, organisation: bound, desks: bound, days: eachDay },
    ...{ weeks: [[1, 2, false]], compared: [[2, false, 0, true]] },
  });
});

test.each(followable.map(({ path }) => path))(
  '%s: a copy that follows changes equals a new export, in pages too',
  async (path) => {
    await fill();
    const { site, server } = changes;
    await write(
      "UPDATE visitor_arrivals SET host_user_id = $2 WHERE tenant_id = $1 AND observed_at < '2026-03-09'",
      site.user.userId,
    );
    await storeDays(server.db.owner, site.tenantId, [
      { userId: site.user.userId, day: '2026-03-02', plan: 'r' },
    ]);
    const copies = [await follower(path), await follower(path)];
    await move([site.user.userId], listDays('2026-03-01', '2026-03-08'));
    await followed(copies[1] as never, 1);
    await move([site.user.userId]);
    for (const [index, copy] of copies.entries()) {
      await followed(copy, index ? 2 : undefined);
      const text = JSON.stringify(copy.rows().filter(() => path !== 'users'));
      expect(text).not.toContain(site.user.userId);
    }
  },
);

test('a copy of one user forgets the rows of this user', async () => {
  await fill();
  const { site } = changes;
  for (const path of ['presence', 'change-log/user']) {
    const copy = await follower(path, { userIds: site.user.userId });
    expect(copy.rows().length).toBeGreaterThan(0);
    await move([site.user.userId], path === 'presence' ? ['2026-03-08', '2026-03-09'] : MARCH);
    await followed(copy);
  }
});

test('the days of the rows of users are found, and are undefined in an empty organisation', async () => {
  const { site, server } = changes;
  const find = () =>
    server.db.owner.inTenant(site.tenantId, (tx) => findDaysOfRows(tx, site.tenantId, [site.user.userId]));
  expect(await find()).toBeUndefined();
  await results(server, site, [goodEvent(site)]);
  await logChanges(server.db.owner, site.tenantId, [
    { loggedAt: '2026-03-01T08:00:00Z', userId: site.user.userId, day: '2026-05-01', entryId: randomUUID() },
  ]);
  expect(await find()).toEqual({ from: '2026-03-10', before: '2026-05-02' });
});
