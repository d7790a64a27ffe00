import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSite, goodEvent, presenceRows, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

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

test('both dates are inclusive, and the window ends with the last microsecond of the last', async () => {
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
])('a date may be written %s; the date part counts', async (date) => {
  expect(await eventsOf(date)).toEqual(['1', '2']);
  expect(await eventsOf('20260302', '2026-03-02T23:59:59Z')).toEqual(['3']);
});

test('31 dates are taken, 32 are a 400 that names the parameter', async () => {
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

test.each(['0001-01-01', '1969-12-31', '9999-12-31'])('%s is a date, if an empty one', async (date) => {
  expect(await eventsOf(date)).toEqual([]);
});

test("days and instants are ISO 8601 whatever the database's own style of dates is", async () => {
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
