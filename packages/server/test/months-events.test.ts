import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Period } from '../src/store/values/period.ts';
import { monthsOf } from './support/months.ts';
import { addSite, goodEvent, type Members, presenceRows, results, type Site } from './support/presence.ts';
import { localDate } from './support/redating.ts';
import { enforceRetention, setRetention } from './support/retention.ts';
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

const TABLES = ['action_log', 'occupancy_events', 'presence_events', 'visitor_arrivals'];
const monthsOfAll = async () => {
  const all = await Promise.all(TABLES.map((table) => monthsOf(server.db, table)));
  return all.map((months) => months.map(([name]) => name?.match(/(before|\d{4}_\d\d)$/)?.[0]).join(' '));
};
const keep = (site: Site, kept: Period | null) =>
  setRetention({ server, site }, { attendance: kept, occupancy: kept, visitors: kept, actionLog: kept });

test('the job "retention" drops the months that no organisation keeps, and an event of them is stored all the same', async () => {
  const [site, other] = [await addSite(server), await addSite(server)];
  for (const each of [site, other]) await results(server, each, [at(each, '2026-03-09T09:00:00.000Z')]);
  // A day of an office begins up to 14 hours before it begins in UTC: the rows of 1 July may be in June.
  server.clock.nowMs = Date.parse('2026-10-01T12:00:00Z');
  const all = await monthsOfAll();
  expect(all[0]).toMatch(/^before 2026_03 2026_04 2026_05 2026_06 /);
  await keep(site, 'P3M');
  await keep(other, null);
  await enforceRetention({ server });
  expect(await monthsOfAll()).toEqual(all);

  await keep(other, 'P92D');
  await enforceRetention({ server });
  const withoutSpring = all.map((months) => months.replace(' 2026_03 2026_04 2026_05', ''));
  expect(await monthsOfAll()).toEqual(withoutSpring);
  expect(await presenceRows(server, other, 'startDate=2026-03-01&endDate=2026-03-31')).toEqual([]);

  await keep(other, null);
  const [answer] = await results(server, other, [at(other, '2026-03-09T10:00:00.000Z')]);
  expect(answer?.resultCode).toBe(0);
  const rows = await presenceRows(server, other, 'startDate=2026-03-01&endDate=2026-03-31');
  expect(rows.map(({ timestamp }) => timestamp)).toEqual(['2026-03-09T10:00:00.000Z']);
  server.clock.nowMs += 86_400_000;
  await enforceRetention({ server });
  expect(await monthsOfAll()).toEqual(withoutSpring);
});
