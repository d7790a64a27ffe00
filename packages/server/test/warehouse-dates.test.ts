import { afterAll, beforeAll, expect, test } from 'vitest';
import { addOffice } from './support/directory.ts';
import { addSite, goodEvent, presenceRows, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  const instants = [
    '2026-02-28T23:59:59.999999Z',
    '2026-03-01T00:00:00Z',
    '2026-03-01T23:59:59.999999Z',
    '2026-03-02T00:00:00Z',
  ];
  await results(
    server,
    site,
    instants.map((timestamp, index) => goodEvent(site, { eventId: `${index}`, timestamp })),
  );
});
afterAll(() => server.close());

const eventsOf = async (startDate: string, endDate = startDate) => {
  const query = `startDate=${encodeURIComponent(startDate)}&endDate=${encodeURIComponent(endDate)}`;
  return (await presenceRows(server, site, query)).map((row) => row.eventId);
};
const ask = (query: string) =>
  server.app.inject({ url: `/v1/analytics/presence/basic?${query}`, headers: site.headers });

test('both dates are inclusive, and the window ends with the last microsecond of the last date', async () => {
  expect(await eventsOf('2026-02-28')).toEqual(['0']);
  expect(await eventsOf('2026-03-01')).toEqual(['1', '2']);
  expect(await eventsOf('2026-02-28', '2026-03-01')).toEqual(['0', '1', '2']);
  expect(await eventsOf('2026-03-02', '2026-04-01')).toEqual(['3']);
});

test.each([
  '20260301',
  '2026-03-01',
  '2026-03-01T00:00:00.000Z',
  '2026-03-01T23:59:59Z',
  '2026-03-01T23:00:00-11:00',
  '2026-03-01T05:00',
  '2026-03-01 05:00:00',
])('a date may be written as %s; only the date part counts', async (date) => {
  expect(await eventsOf(date)).toEqual(['1', '2']);
  expect(await eventsOf('20260302', '2026-03-02T23:59:59Z')).toEqual(['3']);
});

test('31 dates are accepted, 32 are a 400 that names the parameter', async () => {
  expect(await eventsOf('2026-01-30', '2026-03-01')).toEqual(['0', '1', '2']);
  const reply = await ask('startDate=2026-01-29&endDate=2026-03-01');
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({
    status: 400,
    detail: expect.stringContaining('31'),
    errors: [{ path: 'endDate' }],
  });
});

test.each([
  ['', ['startDate']],
  ['startDate=2026-03-01', ['endDate']],
  ['endDate=2026-03-01', ['startDate']],
  ['startDate=&endDate=', ['startDate', 'endDate']],
  ['startDate=2026-03-02&endDate=2026-03-01', ['endDate']],
  ['startDate=2026-02-30&endDate=2026-03-01', ['startDate']],
  ['startDate=20260228&endDate=20260229', ['endDate']],
  ['startDate=2026-13-01&endDate=2026-00-01', ['startDate', 'endDate']],
  ['startDate=yesterday&endDate=2026-03-01', ['startDate']],
  ['startDate=1772323200&endDate=2026-03-01', ['startDate']],
  ['startDate=2026-3-1&endDate=2026-03-01', ['startDate']],
  ['startDate=2026-03-01%00&endDate=2026-03-01', ['startDate']],
  ['startDate=0000-01-01&endDate=0000-01-02', ['startDate', 'endDate']],
  ['startDate=2026-03-01&startDate=2026-03-02&endDate=2026-03-02', ['startDate']],
])('?%s is a 400 that names %j', async (query, parameters) => {
  const reply = await ask(query);
  expect(reply.statusCode).toBe(400);
  const { errors } = reply.json() as { errors: { path: string; message: string }[] };
  expect(errors.map((error) => error.path)).toEqual(parameters);
});

test.each(['0001-01-01', '1969-12-31', '9999-12-31'])('%s is a date, although an empty one', async (date) => {
  expect(await eventsOf(date)).toEqual([]);
});

test.each([
  ['presence', 'presence', 'presenceEvents'],
  ['occupancy', 'occupancy', 'occupancyEvents'],
  ['visitor-arrival', 'visitors', 'visitorArrivals'],
])('%s of several offices in one call has the day of each office', async (path, dataset, list) => {
  const work = await Workplace.open(server);
  const days = { 'Pacific/Kiritimati': '2026-03-11', UTC: '2026-03-10', 'Pacific/Pago_Pago': '2026-03-09' };
  const events: object[] = [];
  for (const timeZone of Object.keys(days)) {
    const { locationId } = await addOffice(server.db.owner, work.tenantId, timeZone);
    events.push({
      ...{ eventId: timeZone, timestamp: '2026-03-10T10:30:00Z', locationId, locationType: 'location' },
      ...{ userId: work.user.userId, occupancy: 1, visitorName: 'Ada' },
    });
  }
  await work.submit(path, { sourceId: 'test', [list]: events });
  const rows = await work.exported(dataset);
  expect(Object.fromEntries(rows.map(({ eventId, day }) => [eventId, String(day).slice(0, 10)]))).toEqual(
    days,
  );
});

test('days and instants are ISO 8601 for any DateStyle of the database', async () => {
  const german = await startTestServer({}, { database: { target: { options: '-c DateStyle=German' } } });
  try {
    const own = await addSite(german);
    await results(german, own, [goodEvent(own, { timestamp: '2026-03-04T05:06:07.008Z' })]);
    expect(await presenceRows(german, own)).toMatchObject([
      { timestamp: '2026-03-04T05:06:07.008Z', day: '2026-03-04T00:00:00.000Z' },
    ]);
  } finally {
    await german.close();
  }
});
