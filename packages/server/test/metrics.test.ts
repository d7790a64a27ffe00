import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsDatasets } from '../src/warehouse/metrics-datasets.ts';
import { AttendanceClient } from './support/attendance.ts';
import { addOffice, addUser } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { GROUPS, NODES, smallOrganisation } from './support/small-organisation.ts';
import { storeDays } from './support/workday.ts';

type Row = Record<string, unknown>;
type Numbers = (string | number | null)[];

const MARCH = { startDate: '2026-03-01', endDate: '2026-03-31' };
const FIRST_WEEK = { startDate: '2026-03-02', endDate: '2026-03-08', period: 'week' };

let server: TestServer;
let client: AttendanceClient;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  server = await startTestServer();
  ({ client, key } = await smallOrganisation(server));
});
afterAll(() => server.close());

const metrics = (query: Record<string, string>) => client.rows<Row>('metrics', query);
const day = (value: unknown) => String(value).slice(5, 10);
const counts = (row: Row) => [row.attendance, row.confirmed, row.noShow, row.unconfirmed, row.walkIn];
/** The unit and its five counts. */
const brief = (rows: Row[], name: string): Numbers[] =>
  rows.map((row) => [row[name] ?? '-', ...counts(row)] as Numbers);
const ofHq = (rows: Row[]) => rows.filter((row) => row.locationId === NODES.hq);

describe('of an office', () => {
  test('a week has every column, in order', async () => {
    const [row, ...more] = await metrics({ ...FIRST_WEEK, locationIds: NODES.hq });
    expect(more).toEqual([]);
    expect(Object.entries(row ?? {})).toEqual([
      ['by', 'location'],
      ['period', 'week'],
      ['periodStart', '2026-03-02T00:00:00.000Z'],
      ['firstDay', '2026-03-02T00:00:00.000Z'],
      ['lastDay', '2026-03-08T00:00:00.000Z'],
      ['complete', true],
      ['locationId', NODES.hq],
      ['locationName', 'hq'],
      ['levelId', null],
      ['levelName', null],
      ['zoneId', null],
      ['zoneName', null],
      ['groupId', null],
      ['groupName', null],
      // Monday, Tuesday, Wednesday, Friday and Saturday. Nobody was detected on Tuesday.
      ['officeDays', 5],
      ['reportedDays', 4],
      ['reportingShare', 0.8],
      // 3 on Monday, 2 on Wednesday, 1 on Friday, 1 on Saturday.
      ['attendance', 7],
      ['confirmed', 4],
      ['noShow', 1],
      ['unconfirmed', 1],
      ['walkIn', 3],
      ['confirmedRate', 4 / 5],
      ['noShowRate', 1 / 5],
      ['unconfirmedRate', 1 / 6],
      ['walkInRate', 3 / 7],
      ['averageAttendance', 1.75],
      ['peakAttendance', 3],
      ['percentile90Attendance', expect.closeTo(2.7, 12)],
      ['medianWeeklyPeak', 3],
      ['medianWeeklyLow', 1],
      // The zone at the window has two desks. The quiet zone has a capacity of three, which counts instead of its desk.
      ['capacity', 5],
      ['utilisation', 0.35],
      ['peakUtilisation', 0.6],
    ]);
  });

  test('a month has medians of its weeks, and a percentile between two days', async () => {
    const [row] = await metrics({ ...MARCH, period: 'month', locationIds: NODES.hq });
    // Days: 3, 2, 1, 1 in the first week, and 2, 1, 1 in the second. Today counts up to now.
    expect(row).toMatchObject({
      complete: false,
      officeDays: 8,
      reportedDays: 7,
      attendance: 11,
      confirmed: 7,
      noShow: 2,
      unconfirmed: 1,
      walkIn: 4,
      averageAttendance: 11 / 7,
      peakAttendance: 3,
      percentile90Attendance: expect.closeTo(2.4, 12),
      medianWeeklyPeak: 2.5,
      medianWeeklyLow: 1,
      utilisation: 11 / 7 / 5,
    });
  });

  test('days are those with planned or detected users, and no others', async () => {
    const rows = ofHq(await metrics(MARCH));
    expect(rows.map((row) => [day(row.firstDay), row.complete, ...counts(row)])).toEqual([
      ['03-02', true, 3, 2, 1, 0, 1],
      ['03-03', true, 0, 0, 0, 1, 0],
      ['03-04', true, 2, 2, 0, 0, 0],
      ['03-06', true, 1, 0, 0, 0, 1],
      ['03-07', true, 1, 0, 0, 0, 1],
      ['03-09', true, 2, 1, 0, 0, 1],
      ['03-12', true, 1, 1, 1, 0, 0],
      // Users with a plan for today may still come.
      ['03-13', false, 1, 1, 0, 0, 0],
    ]);
    // A day without reporting does not count as a day without people.
    expect(rows[1]).toMatchObject({ reportingShare: 0, averageAttendance: null, utilisation: null });
  });

  test('without presence reporting there are counts of detected users, and no statistics', async () => {
    const [row] = await metrics({ ...MARCH, period: 'range', locationIds: NODES.annex });
    expect(row).toMatchObject({
      officeDays: 2,
      reportedDays: 0,
      reportingShare: 0,
      attendance: 1,
      unconfirmed: 2,
      unconfirmedRate: 1,
      walkInRate: 1,
      confirmedRate: null,
      noShowRate: null,
      averageAttendance: null,
      peakAttendance: null,
      percentile90Attendance: null,
      medianWeeklyPeak: null,
      medianWeeklyLow: null,
      capacity: 0,
      utilisation: null,
      peakUtilisation: null,
    });
  });

  test('a filter by weekday selects its days', async () => {
    const [row] = await metrics({ ...FIRST_WEEK, locationIds: NODES.hq, weekdays: '1,2,3,4,5' });
    expect(row).toMatchObject({ officeDays: 4, reportedDays: 3, attendance: 6, averageAttendance: 2 });
    expect(await metrics({ ...FIRST_WEEK, weekdays: '7' })).toEqual([]);
  });
});

describe('periods', () => {
  test('that the window cuts have the number of their days inside it, and are not complete', async () => {
    const query = { startDate: '2026-03-04', endDate: '2026-03-09', locationIds: NODES.hq };
    const rows = await metrics({ ...query, period: 'week' });
    expect(
      rows.map((row) => [
        day(row.periodStart),
        day(row.firstDay),
        day(row.lastDay),
        row.complete,
        row.attendance,
      ]),
    ).toEqual([
      ['03-02', '03-04', '03-08', false, 4],
      ['03-09', '03-09', '03-09', false, 2],
    ]);
    const [month] = await metrics({ ...query, period: 'month' });
    expect([day(month?.periodStart), day(month?.firstDay), day(month?.lastDay)]).toEqual([
      '03-01',
      '03-04',
      '03-09',
    ]);
    const [range] = await metrics({ ...query, period: 'range' });
    expect([day(range?.periodStart), day(range?.lastDay), range?.complete]).toEqual(['03-04', '03-09', true]);
  });

  test('of up to 366 dates are accepted, and one more is a 400', async () => {
    const rows = await metrics({ startDate: '2025-03-13', endDate: '2026-03-13', period: 'range' });
    expect(ofHq(rows)[0]).toMatchObject({ attendance: 11 });
    const reply = await refused('startDate=2025-03-12&endDate=2026-03-13');
    expect(reply.detail).toContain('at most 366 dates');
  });

  test('in the future have no rows, not even at the end of the calendar', async () => {
    expect(await metrics({ startDate: '2026-03-14', endDate: '2026-04-30', period: 'week' })).toEqual([]);
    for (const period of ['day', 'week', 'month', 'range'])
      expect(await metrics({ startDate: '9999-12-01', endDate: '9999-12-31', period })).toEqual([]);
  });
});

describe('by level and zone', () => {
  test('users count at the node of detection, else at the booked one, else at none', async () => {
    const levels = await metrics({ ...FIRST_WEEK, by: 'level', locationIds: NODES.hq });
    expect(brief(levels, 'levelName')).toEqual([
      // Dee, at the door, twice.
      ['-', 2, 0, 0, 0, 2],
      // Ann and Ben on Monday, Ben on Wednesday, who was in two zones of it, and Cy on Friday.
      ['first', 4, 3, 1, 1, 1],
      ['second', 1, 1, 0, 0, 0],
    ]);
    const zones = await metrics({ ...FIRST_WEEK, by: 'zone', locationIds: NODES.hq });
    expect(zones.map((row) => [row.levelName ?? '-', row.zoneName ?? '-', ...counts(row)])).toEqual([
      ['-', '-', 2, 0, 0, 0, 2],
      ['first', 'window', 4, 3, 0, 1, 1],
      ['first', 'quiet', 1, 1, 1, 0, 0],
      ['second', '-', 1, 1, 0, 0, 0],
      ['second', 'empty', 0, 0, 0, 0, 0],
    ]);
  });

  test('capacity and statistics are those of the unit, over the days of its office', async () => {
    const zones = await metrics({ ...FIRST_WEEK, by: 'zone', locationIds: NODES.hq });
    const pick = (row: Row) => [
      row.zoneName,
      row.reportedDays,
      row.averageAttendance,
      row.medianWeeklyLow,
      row.capacity,
      row.utilisation,
    ];
    expect(zones.map(pick)).toEqual([
      [null, 4, 0.5, 0, null, null],
      ['window', 4, 1, 0, 2, 0.5],
      ['quiet', 4, 0.25, 0, 3, 0.25 / 3],
      [null, 4, 0.25, 0, null, null],
      ['empty', 4, 0, 0, 0, null],
    ]);
    const levels = await metrics({ ...FIRST_WEEK, by: 'level', locationIds: NODES.hq });
    expect(levels.map((row) => [row.levelName, row.capacity])).toEqual([
      [null, null],
      ['first', 5],
      ['second', 0],
    ]);
  });

  test('locationIds takes levels and zones, and selects only users at them or at their descendants', async () => {
    const ofFirst = await metrics({ ...FIRST_WEEK, by: 'zone', locationIds: NODES.first });
    expect(brief(ofFirst, 'zoneName')).toEqual([
      ['window', 4, 3, 0, 1, 1],
      ['quiet', 1, 1, 1, 0, 0],
    ]);
    // The unit is the office, limited to that level. Ben counts once.
    const [office] = await metrics({ ...FIRST_WEEK, locationIds: NODES.first });
    expect(office).toMatchObject({ locationName: 'hq', attendance: 4, capacity: 5, officeDays: 5 });
    const both = await metrics({
      ...FIRST_WEEK,
      by: 'level',
      locationIds: `${NODES.window},${NODES.second}`,
    });
    expect(brief(both, 'levelName')).toEqual([
      ['first', 4, 3, 0, 1, 1],
      ['second', 1, 1, 0, 0, 0],
    ]);
    expect(await metrics({ ...FIRST_WEEK, locationIds: 'nowhere' })).toEqual([]);
  });
});

describe('by group', () => {
  test('each group has its own users, and users without a group have a row', async () => {
    const rows = await metrics({ ...FIRST_WEEK, by: 'group' });
    expect(rows.map((row) => [row.locationName, row.groupName, ...counts(row)])).toEqual([
      ['hq', null, 2, 0, 0, 0, 2],
      ['hq', 'data', 4, 4, 0, 1, 0],
      ['hq', 'tech', 1, 0, 1, 0, 1],
      ['annex', 'sales', 0, 0, 0, 1, 0],
    ]);
    // 2 on Monday and on Wednesday, nobody on Friday and Saturday.
    expect(rows[1]).toMatchObject({ averageAttendance: 1, peakAttendance: 2, medianWeeklyLow: 0 });
    expect(rows.map((row) => row.capacity)).toEqual([null, null, null, null]);
  });

  test('subgroups adds the users of descendant groups', async () => {
    const rows = await metrics({ ...FIRST_WEEK, by: 'group', subgroups: 'true' });
    expect(brief(rows, 'groupName')).toEqual([
      ['-', 2, 0, 0, 0, 2],
      ['data', 4, 4, 0, 1, 0],
      ['tech', 5, 4, 1, 1, 1],
      ['sales', 0, 0, 0, 1, 0],
    ]);
    // Ann and Ben on Monday and Wednesday, Cy on Friday, nobody on Saturday.
    expect(rows[2]).toMatchObject({ averageAttendance: 1.25, peakAttendance: 2, medianWeeklyLow: 0 });
  });

  test('groupIds restricts any metrics to the users of these groups and of their descendants', async () => {
    const groups = await metrics({ ...FIRST_WEEK, by: 'group', groupIds: GROUPS.tech });
    expect(brief(groups, 'groupName')).toEqual([
      ['data', 4, 4, 0, 1, 0],
      ['tech', 1, 0, 1, 0, 1],
    ]);
    const offices = await metrics({ ...FIRST_WEEK, groupIds: GROUPS.tech });
    expect(brief(offices, 'locationName')).toEqual([
      ['hq', 5, 4, 1, 1, 1],
      ['annex', 0, 0, 0, 0, 0],
    ]);
    expect(offices[0]).toMatchObject({ officeDays: 5, capacity: 5 });
    const levels = await metrics({
      ...FIRST_WEEK,
      by: 'level',
      groupIds: GROUPS.data,
      locationIds: NODES.hq,
    });
    expect(brief(levels, 'levelName')).toEqual([
      ['first', 3, 3, 0, 1, 0],
      ['second', 1, 1, 0, 0, 0],
    ]);
    const none = await metrics({ ...FIRST_WEEK, by: 'group', groupIds: NODES.hq });
    expect(none).toEqual([]);
  });
});

test('a day is the local day of its office, also around clock changes', async () => {
  const other = await server.organisation();
  const office = await addOffice(server.db.owner, other, 'Europe/London');
  const { userId } = await addUser(server.db.owner, other);
  const there = new AttendanceClient(server, await server.key(other));
  // The last half hours of a day of 25 hours, and of one of 23.
  const seen = [
    '2025-10-26T23:30:00Z',
    '2025-10-25T23:30:00Z',
    '2025-03-30T22:30:00Z',
    '2025-03-29T23:30:00Z',
  ];
  await there.submit(seen.map((at) => ({ userId, nodeId: office.locationId, at })));
  const rows = await there.rows<Row>('metrics', { startDate: '2025-03-01', endDate: '2025-11-30' });
  expect(rows.map((row) => [day(row.firstDay), row.attendance])).toEqual([
    ['03-29', 1],
    ['03-30', 1],
    ['10-26', 1],
  ]);
});

test('retired users and nodes keep their counts, but have no capacity', async () => {
  const other = await server.organisation();
  const office = await addOffice(server.db.owner, other);
  const { userId } = await addUser(server.db.owner, other);
  await storeDays(server.db.owner, other, [
    { userId, day: '2026-03-02', plan: 'o', locationId: office.locationId },
  ]);
  const there = new AttendanceClient(server, await server.key(other));
  await there.submit([{ userId, nodeId: office.placeId, kind: 'place', at: '2026-03-02T09:00:00Z' }]);
  await server.db.owner.inTenant(other, async (tx) => {
    await tx.query("UPDATE users SET status = 'inactive' WHERE tenant_id = $1", [other]);
    await tx.query("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND kind = 'level'", [other]);
  });
  const rows = await there.rows<Row>('metrics', { ...FIRST_WEEK, by: 'zone' });
  expect(rows).toEqual([
    expect.objectContaining({ zoneId: office.zoneId, confirmed: 1, capacity: 0, utilisation: null }),
  ]);
});

test('docs/metrics.md has every column', async () => {
  const page = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const columns = metricsDatasets.flatMap((dataset) => Object.keys(dataset.columns));
  // The page has the columns of occupancy in one line, by the first and the last of them.
  const places = /^(location|level|zone|place|space)(Id|Name)$/;
  expect(columns.filter((name) => !places.test(name) && !page.includes(`\`${name}\``))).toEqual([]);
});

test('metrics are one table in every format, for keys with access to the warehouse, of their own organisation', async () => {
  const reply = await server.app.inject({
    url: `/v1/analytics/metrics/basic?startDate=20260302&endDate=20260308&period=week&locationIds=${NODES.hq}&format=csv`,
    headers: { authorization: basic(key) },
  });
  const [header, line, end] = reply.body.split('\r\n');
  expect(header).toMatch(/^by,period,periodStart,.*,utilisation,peakUtilisation$/);
  expect(line).toMatch(/^location,week,2026-03-02T00:00:00.000Z,.*,5,0.35,0.6$/);
  expect(end).toBe('');
  const stranger = new AttendanceClient(server, await server.key(await server.organisation()));
  expect(await stranger.rows('metrics', { ...MARCH, locationIds: NODES.hq })).toEqual([]);
});

test.each(['by=desk', 'period=year', 'weekdays=0', 'weekdays=1-5', 'subgroups=maybe', 'by=zone&by=level'])(
  'an invalid parameter is a 400 that names it: %s',
  async (query) => {
    const problem = await refused(`startDate=2026-03-01&endDate=2026-03-31&${query}`);
    expect(JSON.stringify(problem)).toContain(query.split('=')[0]);
  },
);

async function refused(query: string): Promise<{ detail: string }> {
  const reply = await server.app.inject({
    url: `/v1/analytics/metrics/basic?${query}`,
    headers: { authorization: basic(key) },
  });
  expect(reply.statusCode).toBe(400);
  return reply.json();
}
