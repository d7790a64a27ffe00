import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttendanceClient } from './support/attendance.ts';
import { addOffice, addUser } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { GROUPS, NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';

type Row = Record<string, unknown>;

const MARCH = { startDate: '2026-03-01', endDate: '2026-03-31' };
const FIRST_WEEK = { startDate: '2026-03-02', endDate: '2026-03-08' };
const TWO_WEEKS = { startDate: '2026-03-02', endDate: '2026-03-15' };

let server: TestServer;
let client: AttendanceClient;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  server = await startTestServer();
  ({ client, key } = await smallOrganisation(server));
});
afterAll(() => server.close());

const ask = (dataset: string, query: Record<string, string>) =>
  client.rows<Row>(dataset === '' ? 'metrics' : `metrics/${dataset}`, query);
const pick = (row: Row | undefined, ...names: string[]) => names.map((name) => row?.[name]);
const day = (value: unknown) => String(value).slice(0, 10);

test('by organisation, a person at two offices counts once, and a person who came elsewhere is no no-show', async () => {
  const thursday = { startDate: '2026-03-12', endDate: '2026-03-12' };
  const counts = ['attendance', 'confirmed', 'noShow', 'unconfirmed', 'walkIn'];
  const offices = await ask('', thursday);
  // Cy had planned to come to HQ, and was detected in the annex.
  expect(offices.map((row) => pick(row, 'locationName', ...counts))).toEqual([
    ['hq', 1, 1, 1, 0, 0],
    ['annex', 1, 0, 0, 1, 1],
  ]);
  const [all, ...more] = await ask('', { ...thursday, by: 'organisation' });
  expect(more).toEqual([]);
  expect(pick(all, 'locationId', 'locationName', 'levelId', 'groupId')).toEqual([null, null, null, null]);
  expect(pick(all, ...counts)).toEqual([2, 1, 0, 1, 1]);
  expect(pick(all, 'officeDays', 'reportedDays', 'averageAttendance', 'capacity')).toEqual([1, 1, 2, 5]);
});

test('by organisation, filters of nodes, groups and weekdays select users and days', async () => {
  const asked = async (query: Record<string, string>) =>
    pick(
      (await ask('', { ...MARCH, by: 'organisation', period: 'range', ...query }))[0],
      'officeDays',
      'attendance',
    );
  expect(await asked({})).toEqual([8, 12]);
  expect(await asked({ locationIds: NODES.hq })).toEqual([8, 11]);
  expect(await asked({ locationIds: NODES.second })).toEqual([8, 1]);
  expect(await asked({ groupIds: GROUPS.tech })).toEqual([8, 10]);
  expect(await asked({ weekdays: '1' })).toEqual([2, 5]);
});

test('people of a period count once', async () => {
  const rows = await ask('people', { ...MARCH, period: 'range' });
  expect(rows.map((row) => pick(row, 'locationName', 'people', 'attendance', 'daysPerPerson'))).toEqual([
    ['hq', 4, 11, 11 / 4],
    ['annex', 1, 1, 1],
  ]);
  const [all] = await ask('people', { ...MARCH, period: 'range', by: 'organisation' });
  expect(pick(all, 'people', 'attendance', 'daysPerPerson')).toEqual([4, 12, 3]);
  const groups = await ask('people', {
    ...MARCH,
    period: 'range',
    by: 'group',
    subgroups: 'true',
    locationIds: NODES.hq,
  });
  // Dee has no group. Ann and Ben are beneath Tech.
  expect(groups.map((row) => pick(row, 'groupName', 'people'))).toEqual([
    [null, 1],
    ['data', 2],
    ['tech', 3],
  ]);
});

test('people of a week are divided by the number of days on which they came', async () => {
  const rows = await ask('days-per-week', { ...FIRST_WEEK, locationIds: NODES.hq });
  // Ann and Ben came on Monday and Wednesday, Dee on Monday and Saturday, Cy on Friday.
  expect(rows.map((row) => pick(row, 'daysPerWeek', 'personWeeks', 'share', 'averagePeople'))).toEqual([
    [1, 1, 0.25, 1],
    [2, 3, 0.75, 3],
    ...[3, 4, 5, 6, 7].map((days) => [days, 0, 0, 0]),
  ]);
  const month = await ask('days-per-week', { ...MARCH, locationIds: NODES.hq, period: 'month' });
  // In the second week Ann came three times, and Ben once.
  expect(month.slice(0, 3).map((row) => pick(row, 'personWeeks', 'share', 'averagePeople'))).toEqual([
    [2, 2 / 6, 1],
    [3, 3 / 6, 1.5],
    [1, 1 / 6, 0.5],
  ]);
});

test('weekdays of weeks are a matrix of the office days', async () => {
  const rows = await ask('weekdays', { ...TWO_WEEKS, locationIds: NODES.hq });
  expect(
    rows.map((row) => [day(row.periodStart), ...pick(row, 'weekday', 'attendance', 'averageAttendance')]),
  ).toEqual([
    ['2026-03-02', 1, 3, 3],
    // Presence reporting did not work on Tuesday.
    ['2026-03-02', 2, 0, null],
    ['2026-03-02', 3, 2, 2],
    ['2026-03-02', 5, 1, 1],
    ['2026-03-02', 6, 1, 1],
    ['2026-03-09', 1, 2, 2],
    ['2026-03-09', 4, 1, 1],
    ['2026-03-09', 5, 1, 1],
  ]);
  const [monday] = await ask('weekdays', { ...TWO_WEEKS, locationIds: NODES.hq, period: 'range' });
  expect(pick(monday, 'weekday', 'officeDays', 'attendance', 'averageAttendance', 'utilisation')).toEqual([
    1, 2, 5, 2.5, 0.5,
  ]);
});

test('people arrive, leave and stay by the clock of their office', async () => {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const there = new AttendanceClient(server, await server.key(tenantId));
  const office = await addOffice(owner, tenantId, 'America/New_York');
  const people: string[] = [];
  for (let n = 0; n < 3; n++) people.push((await addUser(owner, tenantId)).userId);
  const seen = (person: number, at: string) => ({
    userId: people[person] as string,
    nodeId: office.locationId,
    at,
  });
  // In New York clocks are set forward on Sunday 8 March.
  await there.submit([
    seen(0, '2026-03-06T13:59:30Z'),
    seen(0, '2026-03-06T22:00:00Z'),
    seen(1, '2026-03-09T12:30:00Z'),
    seen(1, '2026-03-09T12:30:59Z'),
    seen(2, '2026-03-09T13:00:00Z'),
    seen(2, '2026-03-09T21:15:00Z'),
  ]);
  const range = { startDate: '2026-03-06', endDate: '2026-03-09', period: 'range' };
  const arrivals = await there.rows<Row>('metrics/arrivals', range);
  expect(arrivals.map(({ hour }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
  const busy = arrivals.filter((row) => Number(row.arrivals) + Number(row.departures) > 0);
  expect(
    busy.map((row) => pick(row, 'hour', 'arrivals', 'arrivalShare', 'averageArrivals', 'departures')),
  ).toEqual([
    [8, 2, 2 / 3, 1, 0],
    [9, 1, 1 / 3, 0.5, 0],
    [17, 0, 0, 0, 2],
  ]);
  const [dwell] = await there.rows<Row>('metrics/dwell', range);
  // 481 and 495 minutes. The second person was detected within one minute only.
  expect(pick(dwell, 'attendance', 'measured', 'measuredShare', 'averageMinutes', 'medianMinutes')).toEqual([
    3,
    2,
    2 / 3,
    488,
    488,
  ]);
  expect(dwell?.percentile90Minutes).toBeCloseTo(493.6, 9);
});

test('desks and zones have the share of days on which they were used', async () => {
  const columns = [
    'usedDays',
    'usedShare',
    'bookedDays',
    'bookedShare',
    'unusedBookedDays',
    'attendance',
    'people',
  ];
  const desks = await ask('usage', { ...MARCH, locationIds: NODES.hq });
  expect(desks.map((row) => pick(row, 'placeName', 'zoneName', ...columns))).toEqual([
    // Ben sat there on Wednesday without having booked it. Ann had booked it on the day without presence reporting.
    ['desk1', 'window', 2, 2 / 7, 2, 2 / 8, 0, 2, 2],
    // Ben, who had booked it, was only detected at the door. Cy's booking was made by presence.
    ['desk2', 'window', 2, 2 / 7, 1, 1 / 8, 0, 2, 2],
    ['desk3', 'quiet', 0, 0, 0, 0, 0, 0, 0],
  ]);
  const zones = await ask('usage', { ...MARCH, by: 'zone', locationIds: NODES.first });
  expect(zones.map((row) => pick(row, 'placeId', 'zoneName', ...columns))).toEqual([
    [null, 'window', 3, 3 / 7, 2, 2 / 8, 0, 4, 3],
    [null, 'quiet', 1, 1 / 7, 1, 1 / 8, 1, 1, 1],
  ]);
});

test('a comparison has the numbers of both periods, and their changes', async () => {
  const [row] = await ask('comparison', {
    startDate: '2026-03-09',
    endDate: '2026-03-15',
    period: 'week',
    locationIds: NODES.hq,
  });
  const [current] = await ask('', {
    startDate: '2026-03-09',
    endDate: '2026-03-15',
    period: 'week',
    locationIds: NODES.hq,
  });
  const [previous] = await ask('', { ...FIRST_WEEK, period: 'week', locationIds: NODES.hq });
  for (const name of [
    'officeDays',
    'reportedDays',
    'attendance',
    'confirmed',
    'noShow',
    'noShowRate',
    'utilisation',
  ]) {
    expect(row?.[name], name).toBe(current?.[name]);
    expect(row?.[`previous${name.charAt(0).toUpperCase()}${name.slice(1)}`], name).toBe(previous?.[name]);
  }
  expect(pick(row, 'attendance', 'previousAttendance', 'attendanceChange')).toEqual([4, 7, (4 - 7) / 7]);
  expect(pick(row, 'people', 'previousPeople', 'peopleChange')).toEqual([2, 4, -0.5]);
  expect(pick(row, 'complete', 'previousComplete')).toEqual([false, true]);
  const [first] = await ask('comparison', { ...FIRST_WEEK, period: 'week', locationIds: NODES.hq });
  expect(
    pick(first, 'attendance', 'previousAttendance', 'attendanceChange', 'previousPeakAttendance'),
  ).toEqual([7, 0, null, null]);
});

test.each([
  ['day', '2026-03-09', '2026-03-09', '2026-03-02', '2026-03-02'],
  ['week', '2026-03-10', '2026-03-12', '2026-03-03', '2026-03-05'],
  ['month', '2026-03-01', '2026-03-31', '2026-02-01', '2026-02-28'],
  ['month', '2026-03-02', '2026-03-12', '2026-02-02', '2026-02-12'],
  ['range', '2026-01-01', '2026-03-31', '2025-10-01', '2025-12-31'],
  ['range', '2026-03-02', '2026-03-06', '2026-02-23', '2026-02-27'],
  ['range', '2026-03-02', '2026-03-12', '2026-02-16', '2026-02-26'],
])('a %s from %s to %s is compared with %s to %s', async (period, startDate, endDate, from, to) => {
  const [row] = await ask('comparison', { startDate, endDate, period, by: 'organisation' });
  expect([row?.previousFirstDay, row?.previousLastDay].map(day)).toEqual([from, to]);
});

test('a comparison has the people of the period before, also if the aggregates are new', async () => {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const there = new AttendanceClient(server, await server.key(tenantId));
  const office = await addOffice(owner, tenantId);
  const { userId } = await addUser(owner, tenantId);
  await there.submit([{ userId, nodeId: office.locationId, at: '2026-02-03T09:00:00Z' }]);
  const query = { startDate: '2026-03-01', endDate: '2026-03-31', period: 'month' };
  // The office had no office day in March.
  const [row] = await there.rows<Row>('metrics/comparison', query);
  expect(pick(row, 'officeDays', 'people', 'previousOfficeDays', 'previousPeople', 'peopleChange')).toEqual([
    0, 0, 1, 1, -1,
  ]);
  const { rows: days } = await owner.inTenant(tenantId, (tx) =>
    tx.query<{ day: string }>('SELECT day FROM aggregate_days WHERE tenant_id = $1 ORDER BY day', [tenantId]),
  );
  expect(days.map((each) => each.day)).toContain('2026-02-03');
});

const DATASETS = ['comparison', 'people', 'days-per-week', 'weekdays', 'arrivals', 'dwell', 'usage'];

test.each(DATASETS)(
  'metrics/%s is one table in every format, of the own organisation only',
  async (dataset) => {
    const query = { ...FIRST_WEEK, period: 'week' };
    const rows = await ask(dataset, query);
    expect(rows.length).toBeGreaterThan(0);
    const texts = await Promise.all(
      ['ndjson', 'csv'].map(async (format) => {
        const reply = await server.app.inject({
          url: `/v1/analytics/metrics/${dataset}/basic`,
          query: { ...query, format },
          headers: { authorization: basic(key) },
        });
        expect(reply.statusCode).toBe(200);
        return reply.body;
      }),
    );
    expect(
      (texts[0] ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows);
    const [header, ...lines] = (texts[1] ?? '').trimEnd().split('\r\n');
    expect(header?.split(',')).toEqual(Object.keys(rows[0] ?? {}));
    expect(lines).toHaveLength(rows.length);
    const stranger = new AttendanceClient(server, await server.key(await server.organisation()));
    expect(await stranger.rows(`metrics/${dataset}`, { ...query, locationIds: NODES.hq })).toEqual([]);
  },
);

test.each([
  ['days-per-week', 'period=day'],
  ['weekdays', 'period=day'],
  ['people', 'by=place'],
  ['usage', 'by=group'],
  ['usage', `groupIds=${GROUPS.tech}`],
  ['usage', `userIds=${PEOPLE.ann}`],
])('metrics/%s refuses %s', async (dataset, query) => {
  const reply = await server.app.inject({
    url: `/v1/analytics/metrics/${dataset}/basic?startDate=2026-03-01&endDate=2026-03-31&${query}`,
    headers: { authorization: basic(key) },
  });
  expect(reply.statusCode).toBe(400);
  expect(reply.body).toContain(query.split('=')[0]);
});
