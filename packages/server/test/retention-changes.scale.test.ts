import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { Retention } from '../src/store/privacy/retention-settings.ts';
import { ChangesClient } from './support/changes.ts';
import { costOf } from './support/cost.ts';
import { results } from './support/presence.ts';
import { moveTo, redate } from './support/redating.ts';
import { DAYS, enforceRetention, fillDays, setRetention } from './support/retention.ts';
import { Workplace } from './support/submissions.ts';

const client = ChangesClient.forEachTest();

const FOUR_MONTHS: Partial<Retention> = {
  attendance: 'P4M',
  occupancy: 'P4M',
  visitors: 'P4M',
  visitorNames: null,
  actionLog: 'P4M',
};
const REMOVED = {
  deleted: true,
  removedFrom: '2026-03-01T00:00:00.000Z',
  removedTo: '2026-03-09T00:00:00.000Z',
};
const ENDING = ['presence', 'user-booking-attendance', 'occupancy', 'visitors', 'change-log/user'] as const;

test.each(ENDING)(
  'a copy of %s that follows the changes forgets the removed days, and keeps the others',
  async (path) => {
    await fillDays(client);
    await setRetention(client, { visitors: null, visitorNames: null, sickLeave: null });
    const consumer = await client.follower(path);
    const before = consumer.rows().length;
    await setRetention(client, FOUR_MONTHS);
    await enforceRetention(client);
    const came = await client.followed(consumer);
    expect(came).toEqual([REMOVED]);
    expect(consumer.rows()).toHaveLength(before / 2);
    expect(await client.followed(consumer)).toEqual([]);
  },
);

test('the removed days come on the first page, before the rows that were written since', async () => {
  await fillDays(client);
  await setRetention(client, FOUR_MONTHS);
  const consumer = await client.follower('presence');
  await enforceRetention(client);
  await results(client.server, client.site, [
    { ...event('2026-07-01T09:00:00Z'), eventId: 'new 1' },
    { ...event('2026-07-02T09:00:00Z'), eventId: 'new 2' },
  ]);
  const { rows, pages } = await consumer.pages({ changedSince: consumer.cursor, limit: '1' });
  expect(pages).toBe(2);
  expect(rows.map(({ removedTo, eventId }) => eventId ?? removedTo)).toEqual([
    REMOVED.removedTo,
    'new 1',
    'new 2',
  ]);
});

test('a month is one range, however often the job removes days of it', async () => {
  await fillDays(client);
  await setRetention(client, FOUR_MONTHS);
  const before = await client.cursorOf();
  await enforceRetention(client);
  const between = await client.cursorOf();
  client.server.clock.nowMs = Date.parse('2026-08-10T12:00:00Z');
  await enforceRetention(client);
  const toEnd = { deleted: true, removedTo: '2026-03-31T00:00:00.000Z' };
  expect(await client.since('occupancy', before)).toEqual([{ ...toEnd, removedFrom: REMOVED.removedFrom }]);
  expect(await client.since('occupancy', between)).toEqual([
    { ...toEnd, removedFrom: '2026-03-10T00:00:00.000Z' },
  ]);
});

test('a copy keeps what was stored again in removed days, when fewer days are removed later', async () => {
  await fillDays(client);
  await setRetention(client, { occupancy: 'P4M' });
  const consumer = await client.follower('occupancy');
  client.server.clock.nowMs = Date.parse('2026-08-10T12:00:00Z');
  await enforceRetention(client);
  await setRetention(client, { occupancy: null });
  for (const day of DAYS)
    await client.write(
      `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, occupied, event_id, source_id, received_at)
       VALUES ($1, $2::timestamptz, gen_random_uuid(), $2::timestamptz::date, $3, $3, true, 'again', 's', $2::timestamptz)`,
      `${day}T09:00:00Z`,
      client.site.office.locationId,
    );
  await setRetention(client, { occupancy: 'P5M' });
  await enforceRetention(client);
  await client.followed(consumer);
  expect(consumer.rows().map(({ day }) => String(day).slice(0, 10))).toEqual(['2026-03-10', '2026-03-31']);
});

/** Gives the office another time zone, and its events other days. */
async function moveOffice(timeZone: string): Promise<void> {
  await moveTo(new Workplace(client.server, { ...client.site, token: '' }), timeZone);
  await redate(client.server);
}

test.each([
  // Its day in the copy is kept, and the day that it moves to is over.
  ['Pacific/Kiritimati', '2026-03-09T12:00:00Z', '2026-03-10', 'UTC', '2026-07-10'],
  // Both days are over, and the one in the copy is of another month.
  ['UTC', '2026-03-31T13:00:00Z', '2026-03-31', 'Pacific/Kiritimati', '2026-08-20'],
])(
  'a copy forgets an event that moved from %s to a removed day, although no event is left on its day in the copy',
  async (fromZone, instant, day, toZone, today) => {
    const { server, site } = client;
    if (fromZone !== 'UTC') await moveOffice(fromZone);
    for (const [table, column, value] of [
      ['presence_events', 'user_id', site.user.userId],
      ['occupancy_events', 'occupied', 'true'],
      ['visitor_arrivals', 'visitor_name', 'Vera Visitor'],
    ])
      await client.write(
        `INSERT INTO ${table} (tenant_id, observed_at, event_digest, day, location_id, node_id, ${column}, event_id, source_id, received_at)
         VALUES ($1, $2::timestamptz, gen_random_uuid(), $3, $4, $4, $5, 'e', 's', $2::timestamptz)`,
        instant,
        day,
        site.office.locationId,
        value,
      );
    await setRetention(client, { attendance: 'P4M', occupancy: 'P4M', visitors: 'P4M', visitorNames: null });
    const consumers = [];
    for (const path of ['presence', 'occupancy', 'visitors'])
      consumers.push(await client.follower(path, { startDate: day, endDate: day }));
    expect(consumers.map((consumer) => consumer.rows().length)).toEqual([1, 1, 1]);

    await moveOffice(toZone);
    server.clock.nowMs = Date.parse(`${today}T12:00:00Z`);
    await enforceRetention(client);
    server.clock.nowMs += 86_400_000;
    await enforceRetention(client);
    for (const consumer of consumers) {
      await consumer.follow();
      expect(consumer.rows()).toEqual([]);
    }
  },
);

test('with dates, only removed days among them come', async () => {
  await fillDays(client);
  await setRetention(client, FOUR_MONTHS);
  const before = await client.cursorOf();
  await enforceRetention(client);
  const among = '&startDate=2026-03-09&endDate=2026-03-20';
  expect(await client.since('visitors', before, among)).toEqual([
    { ...REMOVED, removedFrom: '2026-03-09T00:00:00.000Z' },
  ]);
  expect(await client.since('visitors', before, '&startDate=2026-03-10&endDate=2026-03-20')).toEqual([]);
});

test('every format tells the removed days', async () => {
  await fillDays(client);
  await setRetention(client, FOUR_MONTHS);
  const before = await client.cursorOf();
  await enforceRetention(client);
  const get = (format: string) => client.get('visitors', `changedSince=${before}&format=${format}`);
  expect(JSON.parse((await get('ndjson')).body)).toEqual(REMOVED);
  const [header, line] = (await get('csv')).body.split('\r\n').map((text) => text.split(','));
  expect(header?.slice(-3)).toEqual(['deleted', 'removedFrom', 'removedTo']);
  expect(line?.filter(Boolean)).toEqual(['true', REMOVED.removedFrom, REMOVED.removedTo]);
  const { rawPayload } = await get('parquet');
  const file = rawPayload.buffer.slice(
    rawPayload.byteOffset,
    rawPayload.byteOffset + rawPayload.length,
  ) as ArrayBuffer;
  const [row] = await parquetReadObjects({ file });
  expect(row).toMatchObject({
    deleted: true,
    removedFrom: new Date(REMOVED.removedFrom),
    removedTo: new Date(REMOVED.removedTo),
    visitorName: null,
  });
});

test('metrics say what the rows that are left say', async () => {
  await fillDays(client);
  const metrics = async () => {
    const query = 'startDate=2026-03-08&endDate=2026-03-10&by=location&period=day';
    const reply = await client.get('metrics', query);
    expect(reply.statusCode, reply.body).toBe(200);
    return (reply.json() as { periodStart: string; confirmed: number; plannedOffice: number }[]).map(
      (row) => [row.periodStart.slice(0, 10), row.confirmed],
    );
  };
  const all = await metrics();
  expect(all.filter(([, confirmed]) => confirmed === 1)).toHaveLength(3);
  await setRetention(client, FOUR_MONTHS);
  await enforceRetention(client);
  const aggregated = await client.write('SELECT day::text FROM day_aggregates WHERE tenant_id = $1');
  expect(aggregated.rows).toEqual([{ day: '2026-03-10' }]);
  client.server.stopwatch.nowMs += 60_000;
  expect((await metrics()).filter(([, confirmed]) => confirmed === 1)).toEqual([['2026-03-10', 1]]);
});

const event = (timestamp: string) => ({
  eventId: 'late',
  timestamp,
  locationId: client.site.office.locationId,
  locationType: 'location',
  userId: client.site.user.userId,
});

test('a backfill reads the retention every few seconds, not for each batch', async () => {
  client.server.clock.nowMs = Date.parse('2026-07-10T12:00:00Z');
  await setRetention(client, { attendance: 'P4M' });
  const batch = (timestamp: string) => () =>
    results(client.server, client.site, [{ ...event(timestamp), eventId: timestamp }]);
  await batch('2026-03-11T09:00:00Z')();
  const old = await costOf(batch('2026-03-11T09:01:00Z'));
  const recent = await costOf(batch('2026-07-10T09:00:00Z'));
  expect(old.roundTrips).toBe(recent.roundTrips);
});

test('an event from before the kept days is refused, with the first day that is kept', async () => {
  client.server.clock.nowMs = Date.parse('2026-07-10T12:00:00Z');
  const late = event('2026-03-08T23:00:00Z');
  expect(await results(client.server, client.site, [late])).toMatchObject([{ resultCode: 0 }]);
  await setRetention(client, { attendance: 'P4M' });
  client.server.stopwatch.nowMs += 5_000;
  expect(await results(client.server, client.site, [late, event('2026-03-10T09:00:00Z')])).toMatchObject([
    {
      resultCode: 3,
      message: 'timestamp is before 2026-03-10: the organisation keeps such events for 4 months',
    },
    { resultCode: 0 },
  ]);
  const { rows } = await client.write('SELECT cause FROM refused_events WHERE tenant_id = $1');
  expect(rows).toEqual([{ cause: 'pastRetention' }]);
});
