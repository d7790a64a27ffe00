import { afterEach, beforeEach, expect, test } from 'vitest';
import { dropMonths } from '../src/store/schema/months.ts';
import {
  addSite,
  goodEvent,
  type Members,
  presenceRows,
  results,
  type Site,
  submit,
} from './support/presence.ts';
import { localDate } from './support/redating.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const at = (site: Site, timestamp: string, members: Members = {}) =>
  goodEvent(site, { eventId: timestamp, timestamp, ...members });

test.each(['Pacific/Kiritimati', 'Etc/GMT+12', 'Europe/London'])(
  'in %s, each day has its events, whichever months of UTC they are in',
  async (timeZone) => {
    server.clock.nowMs = Date.parse('2026-04-02T12:00:00Z');
    const site = await addSite(server, timeZone);
    const instants = [
      '2026-02-28',
      '2026-03-01',
      '2026-03-02',
      '2026-03-30',
      '2026-03-31',
      '2026-04-01',
    ].flatMap((day) =>
      ['00:00:00', '09:59:59', '10:00:00', '11:59:59', '12:00:00', '23:59:59'].map(
        (time) => `${day}T${time}.000Z`,
      ),
    );
    const sent = instants.map((instant) => at(site, instant));
    expect(new Set((await results(server, site, sent)).map(({ resultCode }) => resultCode))).toEqual(
      new Set([0]),
    );
    const days = new Set(instants.map((instant) => localDate(instant, timeZone)));
    for (const day of days) {
      const rows = await presenceRows(server, site, `startDate=${day}&endDate=${day}`);
      expect(rows.map(({ timestamp }) => timestamp)).toEqual(
        instants.filter((instant) => localDate(instant, timeZone) === day),
      );
    }
  },
);

test('an event of a month that was dropped is accepted and not kept, and those with it are kept', async () => {
  const site = await addSite(server);
  await results(server, site, [at(site, '2026-02-27T09:00:00.000Z'), at(site, '2026-03-09T09:00:00.000Z')]);
  expect(await dropMonths(server.db.target, 'presence_events', new Date('2026-03-01T00:00:00Z'))).toBe(1);

  const late = ['2026-02-27T09:00:00.000Z', '2026-02-28T23:59:59.999Z'].map((instant) => at(site, instant));
  const kept = ['2026-03-01T00:00:00.000Z', '2026-03-10T09:00:00.000Z'].map((instant) => at(site, instant));
  const answers = await Promise.all([
    results(server, site, [...late, ...kept]),
    results(server, site, late),
    submit(server, site, [at(site, '2026-02-01T09:00:00.000Z', { userId: 'nobody' })]),
  ]);
  expect(answers[0].map(({ resultCode }) => resultCode)).toEqual([0, 0, 0, 0]);
  expect(answers[1].map(({ resultCode }) => resultCode)).toEqual([0, 0]);
  expect(answers[2].json().results[0].resultCode).not.toBe(0);
  const rows = await presenceRows(server, site, 'startDate=2026-02-20&endDate=2026-03-20');
  expect(rows.map(({ timestamp }) => timestamp)).toEqual([
    '2026-03-01T00:00:00.000Z',
    '2026-03-09T09:00:00.000Z',
    '2026-03-10T09:00:00.000Z',
  ]);
});

test('an event of a month that is being dropped is accepted, while the drop waits for a reader', async () => {
  const site = await addSite(server);
  await results(server, site, [at(site, '2026-02-27T09:00:00.000Z')]);
  let dropping: Promise<number> | undefined;
  await server.db.owner.inTenant(site.tenantId, async (reader) => {
    await reader.query('SELECT FROM presence_events');
    dropping = dropMonths(server.db.target, 'presence_events', new Date('2026-03-01T00:00:00Z'));
    await expect
      .poll(async () => (await presenceRows(server, site, 'startDate=2026-02-01&endDate=2026-02-28')).length)
      .toBe(0);
    const [answer] = await results(server, site, [at(site, '2026-02-27T10:00:00.000Z')]);
    expect(answer?.resultCode).toBe(0);
  });
  expect(await dropping).toBe(1);
});
