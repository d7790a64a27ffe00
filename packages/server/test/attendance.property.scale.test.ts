import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttendanceClient, type AttendanceRow, type Sighting } from './support/attendance.ts';
import { addOffice, addUser, type Office } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type StoredDay, storeDays } from './support/workday.ts';

const DAY_MS = 86_400_000;
const ZONES = ['Europe/London', 'America/New_York', 'Australia/Sydney'] as const;
const NODES = ['location', 'level', 'zone', 'place', 'space'] as const;

let server: TestServer;
let tenantId: string;
let client: AttendanceClient;
/** Scenarios name users by their index. The last user has no primary location. */
let offices: Office[];
let people: string[];

beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2027-06-01T12:00:00Z');
  tenantId = await server.organisation();
  client = new AttendanceClient(server, await server.key(tenantId));
  offices = [];
  for (const zone of ZONES) offices.push(await addOffice(server.db.owner, tenantId, zone));
  people = [];
  for (const office of [0, 0, 1, 2, undefined]) {
    const primaryLocationId = office === undefined ? undefined : at(offices, office).locationId;
    const user = primaryLocationId === undefined ? {} : { primaryLocationId };
    people.push((await addUser(server.db.owner, tenantId, user)).userId);
  }
});
afterAll(() => server.close());

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

/** Each run has its own days, so that all runs can share users and offices. */
let nextDayMs = Date.parse('2026-01-01');
function newDay(): string {
  nextDayMs += DAY_MS;
  return new Date(nextDayMs).toISOString().slice(0, 10);
}

const office = fc.nat(ZONES.length - 1);
const person = fc.nat(4);
type PlanDraft = undefined | 'r' | 'a' | { office: number; setBy: 'week' | 'day' | 'presence' };
const plan: fc.Arbitrary<PlanDraft> = fc.oneof(
  fc.constantFrom(undefined, 'r' as const, 'a' as const),
  fc.record({ office, setBy: fc.constantFrom('week', 'day', 'presence') }),
);
const plans = fc.array(plan, { minLength: 5, maxLength: 5 });

/** Minutes after 09:00 UTC: the same date in all three zones. */
const sighting = fc.record({
  person,
  office,
  node: fc.constantFrom(...NODES),
  minute: fc.nat(180),
});
type SightingDraft = typeof sighting extends fc.Arbitrary<infer T> ? T : never;

function storedDays(day: string, drafts: PlanDraft[]): StoredDay[] {
  return drafts.flatMap((draft, index): StoredDay[] => {
    if (draft === undefined) return [];
    const userId = at(people, index);
    if (typeof draft === 'string') return [{ userId, day, plan: draft }];
    return [{ userId, day, plan: 'o', setBy: draft.setBy, locationId: at(offices, draft.office).locationId }];
  });
}

function sightingOf(day: string, { person, office, node, minute }: SightingDraft): Sighting {
  return {
    userId: at(people, person),
    nodeId: at(offices, office)[`${node}Id`],
    kind: node,
    at: new Date(Date.parse(`${day}T09:00:00Z`) + minute * 60_000).toISOString(),
  };
}

const withoutDay = (rows: AttendanceRow[]) => rows.map(({ day: _, ...row }) => row);

test('order, repetition and batches of events never change the export', async () => {
  const scenario = fc.array(sighting, { minLength: 1, maxLength: 12 }).chain((events) =>
    fc.record({
      events: fc.constant(events),
      // Every event comes at least once, then some come again, in any order and in any batches.
      resent: fc
        .array(fc.constantFrom(...events), { maxLength: 8 })
        .chain((again) =>
          fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }),
        ),
      batchSize: fc.integer({ min: 1, max: 5 }),
      plans,
    }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, async ({ events, resent, batchSize, plans }) => {
      const [plain, shuffled] = [newDay(), newDay()];
      for (const day of [plain, shuffled]) {
        await storeDays(server.db.owner, tenantId, storedDays(day, plans));
      }
      await client.submit(events.map((event) => sightingOf(plain, event)));
      for (let from = 0; from < resent.length; from += batchSize) {
        const batch = resent.slice(from, from + batchSize);
        await client.submit(batch.map((event) => sightingOf(shuffled, event)));
      }
      const expected = withoutDay(await client.attendance(plain));
      expect(expected.length).toBeGreaterThan(0);
      expect(withoutDay(await client.attendance(shuffled))).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});

test('the first badge at an office turns its plans without presence on that day from unconfirmed to noShow, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(office, { minLength: 5, maxLength: 5 }), sighting, async (planned, first) => {
      const day = newDay();
      const drafts = planned.map((office) => ({ office, setBy: 'week' as const }));
      await storeDays(server.db.owner, tenantId, storedDays(day, drafts));
      const before = await client.attendance(day);
      expect(before.map((row) => row.attendanceType)).toEqual(Array(5).fill('unconfirmed'));

      await client.submit([sightingOf(day, first)]);
      const after = await client.attendance(day);
      const badged = { userId: at(people, first.person), officeId: at(offices, first.office).locationId };
      for (const { userId, attendanceLocationId, attendanceType, bookingDepth } of after) {
        const isHere = attendanceLocationId === badged.officeId;
        const isPlan = bookingDepth !== undefined;
        const isBadged = userId === badged.userId && isHere;
        const expected = isBadged ? (isPlan ? 'confirmed' : 'walkIn') : isHere ? 'noShow' : 'unconfirmed';
        expect(attendanceType).toBe(expected);
      }
      expect(after.filter((row) => row.bookingDepth !== undefined)).toHaveLength(5);
    }),
    { numRuns: 20 },
  );
});

test('there is one row for each plan and each walk-in; the calls for all offices return each row once, in order', async () => {
  const scenario = fc.record({ plans, events: fc.array(sighting, { maxLength: 12 }) });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ plans, events }) => {
      const day = newDay();
      const stored = storedDays(day, plans);
      await storeDays(server.db.owner, tenantId, stored);
      await client.submit(events.map((event) => sightingOf(day, event)));

      const all = await client.attendance(day);
      const plannedAt = new Map(stored.map(({ userId, locationId }) => [userId, locationId]));
      const walkIns = new Set(
        events
          .map(({ person, office }) => [at(people, person), at(offices, office).locationId] as const)
          .filter(([userId, locationId]) => plannedAt.get(userId) !== locationId)
          .map(String),
      );
      expect(all).toHaveLength(stored.length + walkIns.size);

      const texts = (rows: AttendanceRow[]) => rows.map((row) => JSON.stringify(row));
      const ofNone = all.filter((row) => !(row.attendanceLocationId ?? row.primaryLocationId));
      const parts = [texts(ofNone)];
      for (const { locationId } of offices) parts.push(texts(await client.attendance(day, day, locationId)));
      expect(parts.flat().sort()).toEqual(texts(all).sort());
      for (const part of parts) expect(part).toEqual(texts(all).filter((row) => part.includes(row)));
    }),
    { numRuns: 25 },
  );
});
