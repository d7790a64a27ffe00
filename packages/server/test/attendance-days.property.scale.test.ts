import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AttendanceClient } from './support/attendance.ts';
import { addOffice, addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { setReporting, storeDays } from './support/workday.ts';

const DAY_MS = 86_400_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => {
  server.clock.nowMs = Date.parse('2027-01-01T00:00:00Z');
});
afterAll(() => server.close());

/** The ends of the days around both clock changes, calculated by hand. */
const DAY_ENDS = [
  ['America/New_York', '2026-03-07', '2026-03-08T05:00:00Z'],
  ['America/New_York', '2026-03-08', '2026-03-09T04:00:00Z'],
  ['America/New_York', '2026-10-31', '2026-11-01T04:00:00Z'],
  ['America/New_York', '2026-11-01', '2026-11-02T05:00:00Z'],
  ['Europe/London', '2026-03-28', '2026-03-29T00:00:00Z'],
  ['Europe/London', '2026-03-29', '2026-03-29T23:00:00Z'],
  ['Europe/London', '2026-10-24', '2026-10-24T23:00:00Z'],
  ['Europe/London', '2026-10-25', '2026-10-26T00:00:00Z'],
  ['Australia/Sydney', '2026-04-04', '2026-04-04T13:00:00Z'],
  ['Australia/Sydney', '2026-04-05', '2026-04-05T14:00:00Z'],
  ['Australia/Sydney', '2026-10-03', '2026-10-03T14:00:00Z'],
  ['Australia/Sydney', '2026-10-04', '2026-10-04T13:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04', '2026-04-04T13:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-04-05T13:30:00Z'],
  ['Australia/Lord_Howe', '2026-10-03', '2026-10-03T13:30:00Z'],
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-04T13:00:00Z'],
] as const;

/** A new organisation with one office and two people. */
async function oneOffice(timeZone: string) {
  const tenantId = await server.organisation();
  const { locationId } = await addOffice(server.db.owner, tenantId, timeZone);
  const planned = await addUser(server.db.owner, tenantId);
  const seen = await addUser(server.db.owner, tenantId);
  const client = new AttendanceClient(server, await server.key(tenantId));
  return { tenantId, locationId, planned: planned.userId, seen: seen.userId, client };
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The date in a time zone, by the rules of the JavaScript runtime instead of the database's. */
function localDate(epochMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(epochMs);
}

test.each(DAY_ENDS)('%s: %s ends at %s, for plans and for events', async (timeZone, day, end) => {
  const { tenantId, locationId, planned, seen, client } = await oneOffice(timeZone);
  const endMs = Date.parse(end);
  await storeDays(server.db.owner, tenantId, [{ userId: planned, day, plan: 'o', locationId }]);
  const events = [endMs - 1, endMs].map((ms) => ({
    userId: seen,
    nodeId: locationId,
    at: new Date(ms).toISOString(),
  }));
  await client.submit(events);
  const following = addDays(day, 1);
  for (const [nowMs, type] of [
    [endMs - 1, undefined],
    [endMs, 'noShow'],
  ] as const) {
    server.clock.nowMs = nowMs;
    const rows = await client.attendance(day, following);
    const typesOf = (userId: string) =>
      rows.filter((row) => row.userId === userId).map((row) => [row.day.slice(0, 10), row.attendanceType]);
    expect(typesOf(planned)).toEqual([[day, type]]);
    expect(typesOf(seen)).toEqual([
      [day, 'walkIn'],
      [following, 'walkIn'],
    ]);
  }
});

test('around clock changes, a plan without presence gets its type when its local day has ended, and not before', async () => {
  const places = new Map<string, Awaited<ReturnType<typeof oneOffice>>>();
  for (const zone of new Set(DAY_ENDS.map(([zone]) => zone))) {
    const place = await oneOffice(zone);
    const days = new Set(
      DAY_ENDS.filter(([each]) => each === zone).flatMap(([, day]) => [-1, 0, 1].map((n) => addDays(day, n))),
    );
    const stored = [...days].map((day) => ({
      userId: place.planned,
      day,
      plan: 'o' as const,
      locationId: place.locationId,
    }));
    await storeDays(server.db.owner, place.tenantId, stored);
    places.set(zone, place);
  }
  const scenario = fc.record({
    change: fc.constantFrom(...DAY_ENDS),
    offsetMs: fc.integer({ min: -36 * 3_600_000, max: 36 * 3_600_000 }),
    reporting: fc.constantFrom('detect', 'always', 'never'),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ change: [zone, day, end], offsetMs, reporting }) => {
      const { tenantId, locationId, client } = places.get(zone) ?? (await oneOffice(zone));
      await setReporting(server.db.owner, tenantId, locationId, reporting);
      server.clock.nowMs = Date.parse(end) + offsetMs;
      const today = localDate(server.clock.nowMs, zone);
      const rows = await client.attendance(addDays(day, -1), addDays(day, 1));
      expect(rows).toHaveLength(3);
      for (const row of rows) {
        const ended = row.day.slice(0, 10) < today;
        const typed = reporting === 'always' ? 'noShow' : 'unconfirmed';
        expect(row.attendanceType).toBe(ended ? typed : undefined);
      }
    }),
    { numRuns: 60 },
  );
});

test('around clock changes, the day of an event is the local date of its office', async () => {
  const scenario = fc.record({
    change: fc.constantFrom(...DAY_ENDS),
    offsetMs: fc.integer({ min: -36 * 3_600_000, max: 36 * 3_600_000 }),
  });
  const places = new Map<string, Awaited<ReturnType<typeof oneOffice>>>();
  for (const zone of new Set(DAY_ENDS.map(([zone]) => zone))) places.set(zone, await oneOffice(zone));
  await fc.assert(
    fc.asyncProperty(scenario, async ({ change: [zone, day, end], offsetMs }) => {
      const { tenantId, locationId, client } = places.get(zone) ?? (await oneOffice(zone));
      const { userId } = await addUser(server.db.owner, tenantId);
      const ms = Date.parse(end) + offsetMs;
      await client.submit([{ userId, nodeId: locationId, at: new Date(ms).toISOString() }]);
      const rows = await client.attendance(addDays(day, -4), addDays(day, 4));
      const days = rows.filter((row) => row.userId === userId).map((row) => row.day.slice(0, 10));
      expect(days).toEqual([localDate(ms, zone)]);
    }),
    { numRuns: 60 },
  );
});
