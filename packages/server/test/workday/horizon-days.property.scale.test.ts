import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WeekdayPlan, WeekPlan } from '../../src/workday/week-plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addOffice } from '../support/directory.ts';
import { everyDay, Horizon, OFFICE, REMOTE } from './horizon-support.ts';
import { readCounterFaults, readStored } from './support.ts';

const HOUR_MS = 3_600_000;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** The date of an instant in a time zone, by another implementation than PostgreSQL's. */
function dateIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(atMs);
}

function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 24 * HOUR_MS).toISOString().slice(0, 10);
}

async function openOffices(timeZones: string[], horizonDays: number) {
  const tenantId = await createTestOrganisation(db.owner, { timeZone: 'Asia/Tokyo' });
  const horizon = new Horizon(db, tenantId);
  const people: { timeZone: string; userId: string; locationId: string }[] = [];
  for (const timeZone of timeZones) {
    const { locationId } = await addOffice(db.owner, tenantId, timeZone);
    await horizon.setOffice(locationId, { horizon_days: horizonDays });
    const userId = await horizon.hire(everyDay(OFFICE), { primaryLocationId: locationId });
    people.push({ timeZone, userId, locationId });
  }
  return { horizon, people };
}

describe('days are the local days of offices', () => {
  test('at one instant, offices on either side of the date line create different days', async () => {
    const zones = ['Pacific/Kiritimati', 'Australia/Sydney', 'America/Los_Angeles', 'Pacific/Pago_Pago'];
    const { horizon, people } = await openOffices(zones, 1);
    const nowhere = await horizon.hire(everyDay(REMOTE));
    await horizon.run('2026-03-02T10:30:00Z');
    const days = await Promise.all(
      people.map(async ({ userId }) => Object.keys(await horizon.plans(userId))),
    );
    expect(days).toEqual([
      ['2026-03-03', '2026-03-04'],
      ['2026-03-02', '2026-03-03'],
      ['2026-03-02', '2026-03-03'],
      ['2026-03-01', '2026-03-02'],
    ]);
    // The day in Tokyo.
    expect(Object.keys(await horizon.plans(nowhere))[0]).toBe('2026-03-02');
    expect(await Promise.all(people.map(({ locationId }) => horizon.reached(locationId)))).toEqual(
      days.map((each) => each.at(-1)),
    );
  });

  test.each([
    ['Australia/Lord_Howe', '2026-04-04T12:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T12:00:00Z'],
    ['Australia/Sydney', '2026-04-04T12:00:00Z'],
    ['America/New_York', '2026-03-08T03:00:00Z'],
    ['America/New_York', '2026-11-01T02:00:00Z'],
    ['Europe/London', '2026-10-24T20:00:00Z'],
  ])('in %s a new day is created within its first hour, around a clock change', async (zone, from) => {
    const { horizon, people } = await openOffices([zone], 0);
    const [{ userId } = { userId: '' }] = people;
    const seen: string[] = [];
    for (let hour = 0; hour <= 36; hour++) {
      const atMs = Date.parse(from) + hour * HOUR_MS;
      await horizon.run(new Date(atMs).toISOString());
      seen.push(dateIn(zone, atMs));
      expect(Object.keys(await horizon.plans(userId))).toEqual([...new Set(seen)]);
    }
  });
});

test('after any runs, the plans ahead are the same', async () => {
  const weekday = fc.constantFrom<WeekdayPlan | null>(OFFICE, REMOTE, { kind: 'a' }, null);
  const week = fc.array(weekday, { minLength: 7, maxLength: 7 }) as unknown as fc.Arbitrary<WeekPlan>;
  await fc.assert(
    fc.asyncProperty(
      fc.array(week, { minLength: 1, maxLength: 2 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 240 }), { minLength: 0, maxLength: 6 }),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom('Europe/London', 'America/Los_Angeles', 'Australia/Lord_Howe', 'Pacific/Kiritimati'),
      async (weeks, hours, horizonDays, timeZone) => {
        // The clocks in London and on Lord Howe change meanwhile.
        const startMs = Date.parse('2026-03-27T00:00:00Z');
        const lastMs = startMs + 241 * HOUR_MS;
        const runs = [hours.toSorted((a, b) => a - b).map((hour) => startMs + hour * HOUR_MS), []];
        const found: unknown[] = [];
        for (const earlier of runs) {
          const { horizon, people } = await openOffices([timeZone], horizonDays);
          const primaryLocationId = people[0]?.locationId ?? '';
          const staff: string[] = [];
          while (staff.length < weeks.length) {
            staff.push(await horizon.hire(null, { primaryLocationId }));
          }
          for (const [n, each] of weeks.entries()) {
            if (each.some((plan) => plan !== null)) await horizon.setWeek(staff[n] ?? '', each);
          }
          for (const atMs of [...earlier, lastMs]) await horizon.run(new Date(atMs).toISOString());
          const today = dateIn(timeZone, lastMs);
          const { plans } = await readStored(db.owner, horizon.tenantId);
          found.push(
            staff.map((userId) =>
              plans
                .filter((row) => row.userId === userId && row.day >= today)
                .map(({ day, plan, setBy }) => `${day} ${plan} ${setBy}`),
            ),
          );
          expect(plans.every(({ day }) => day <= addDays(today, horizonDays))).toBe(true);
          expect(await readCounterFaults(db.owner, horizon.tenantId)).toEqual([]);
        }
        expect(found[0]).toEqual(found[1]);
      },
    ),
    { numRuns: 6 },
  );
});
