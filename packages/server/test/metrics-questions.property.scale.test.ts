import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPARED, previousOf } from '../src/warehouse/comparison.ts';
import { AttendanceClient } from './support/attendance.ts';
import {
  arrivalsOf,
  attendanceOf,
  daysPerWeekOf,
  dwellOf,
  type Exports,
  later,
  peopleOf,
  type SeenRow,
  unitPeriods,
  usageOf,
  weekdaysOf,
} from './support/counted-people.ts';
import { addNode, addOffice, addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { keyOf, periodOf } from './support/summed-metrics.ts';
import { setReporting, storeDays } from './support/workday.ts';

type Row = Record<string, unknown>;

/** In these days clocks are set forward in London, and before in New York. */
const FIRST_DAY = '2026-03-04';
const DAYS = 34;
/** Few days, so that a person is often at several places on one. They have all changes of clocks. */
const BUSY_DAYS = [0, 4, 5, 6, 14, 25, 26, 32];
const ZONES = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe'] as const;
const REPORTING = ['detect', 'always', 'never'] as const;
const KINDS = ['location', 'level', 'zone', 'place', 'space'] as const;
const UNITS = ['organisation', 'location', 'level', 'zone', 'group'] as const;
const MINUTE_MS = 60_000;
const NAMES = ['locationId', 'levelId', 'zoneId', 'groupId'];
const COUNTS = ['people', 'attendance', 'confirmed', 'noShow', 'unconfirmed', 'walkIn'] as const;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-06-01T12:00:00Z');
});
afterAll(() => server.close());

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

const scenario = fc.record({
  plans: fc.uniqueArray(
    fc.record({
      person: fc.nat(3),
      day: fc.constantFrom(...BUSY_DAYS),
      office: fc.nat(2),
      kind: fc.constantFrom('location', 'zone', 'place'),
      node: fc.nat(1),
      setBy: fc.constantFrom('week', 'week', 'presence'),
    }),
    { minLength: 5, maxLength: 25, selector: ({ person, day }) => `${person} ${day}` },
  ),
  seen: fc.array(
    fc.record({
      person: fc.nat(3),
      day: fc.constantFrom(...BUSY_DAYS),
      minute: fc.nat(24 * 60 - 1),
      office: fc.nat(2),
      node: fc.nat(6),
    }),
    { minLength: 20, maxLength: 80 },
  ),
  from: fc.nat(4),
  days: fc.integer({ min: 1, max: DAYS - 4 }),
  period: fc.constantFrom('week', 'month', 'range'),
  anyPeriod: fc.constantFrom('day', 'week', 'month', 'range'),
  by: fc.constantFrom(...UNITS),
});

test('the answers of all metrics equal what a client counts from the exports', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ plans, seen, from, days, period, anyPeriod, by }) => {
      const { client, exportsOf } = await store(plans, seen);
      const query = { startDate: later(FIRST_DAY, from), endDate: later(FIRST_DAY, from + days - 1) };
      const ask = async (dataset: string, of: { by: string; period: string }) => {
        const rows = await client.rows<Row>(`metrics/${dataset}`.replace(/\/$/, ''), { ...query, ...of });
        const byKey = new Map<string, Row[]>();
        for (const row of rows) {
          const { locationId, levelId, zoneId, groupId } = row;
          const key = keyOf(String(row.periodStart).slice(0, 10), locationId, levelId, zoneId, groupId);
          byKey.set(key, [...(byKey.get(key) ?? []), row]);
        }
        return byKey;
      };
      const exports = await exportsOf(query, anyPeriod);
      for (const unit of UNITS) {
        const rows = await ask('', { by: unit, period: anyPeriod });
        for (const [key, counted] of unitPeriods(exports, unit))
          expect(rows.get(key), `${unit} ${key}`).toMatchObject([attendanceOf(counted)]);
      }
      const [people, arrivals, dwell] = await Promise.all(
        ['people', 'arrivals', 'dwell'].map((dataset) => ask(dataset, { by, period: anyPeriod })),
      );
      for (const [key, counted] of unitPeriods(exports, by)) {
        expect(people?.get(key)).toMatchObject([peopleOf(counted)]);
        expect(arrivals?.get(key)).toMatchObject(arrivalsOf(counted, exports.timeZoneOf));
        expect(dwell?.get(key)).toMatchObject([close(dwellOf(counted))]);
      }
      const byWeeks = await exportsOf(query, period);
      const [daysPerWeek, weekdays] = await Promise.all(
        ['days-per-week', 'weekdays'].map((dataset) => ask(dataset, { by, period })),
      );
      for (const [key, counted] of unitPeriods(byWeeks, by)) {
        expect(daysPerWeek?.get(key)).toMatchObject(daysPerWeekOf(counted));
        expect(weekdays?.get(key)).toMatchObject(weekdaysOf(counted));
      }
      for (const row of await client.rows<Row>('metrics/comparison', { ...query, by, period })) {
        const ofUnit = (each: Row) => NAMES.every((name) => each[name] === row[name]);
        for (const [first, last, prefixed] of [
          ['firstDay', 'lastDay', (name: string) => name],
          ['previousFirstDay', 'previousLastDay', previousOf],
        ] as const) {
          const days = { startDate: String(row[first]), endDate: String(row[last]), by, period: 'range' };
          const [metrics, people] = await Promise.all(
            ['metrics', 'metrics/people'].map((dataset) => client.rows<Row>(dataset, days)),
          );
          const numbers = metrics?.find(ofUnit);
          const there = { ...people?.find(ofUnit), ...numbers };
          // Without anybody there, metrics may have no row. Then nobody is counted, and the office may have office days.
          for (const name of numbers ? COMPARED : COUNTS)
            expect(row[prefixed(name)], `${name} of ${days.startDate}`).toBe(
              there[name] ?? (numbers ? null : 0),
            );
        }
      }
      for (const place of ['place', 'zone'] as const) {
        const rows = await client.rows<Row>('metrics/usage', { ...query, by: place, period: anyPeriod });
        const used = rows.filter(({ usedDays, bookedDays }) => Number(usedDays) + Number(bookedDays) > 0);
        const keyOfRow = (row: Row) => keyOf(String(row.periodStart).slice(0, 10), row.placeId ?? row.zoneId);
        const expected = usageOf(exports, place);
        expect(used.map(keyOfRow).sort()).toEqual([...expected.keys()].sort());
        for (const row of used) expect(row).toMatchObject(expected.get(keyOfRow(row)) ?? {});
      }
    }),
    { numRuns: Number(process.env.QUESTION_RUNS ?? 8) },
  );
}, 300_000);

const close = (numbers: Record<string, number | null>) =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, value === null ? null : expect.closeTo(value, 9)]),
  );

interface TestOffice {
  locationId: string;
  timeZone: string;
  reporting: (typeof REPORTING)[number];
  zones: string[];
  desks: string[];
  nodes: { nodeId: string; kind: (typeof KINDS)[number] }[];
}

type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** A new organisation with these plans and events. */
async function store(plans: Scenario['plans'], seen: Scenario['seen']) {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const client = new AttendanceClient(server, await server.key(tenantId));
  const offices: TestOffice[] = [];
  for (const [index, timeZone] of ZONES.entries()) {
    const office = await addOffice(owner, tenantId, timeZone);
    await setReporting(owner, tenantId, office.locationId, pick(REPORTING, index));
    const otherZone = await addNode(owner, tenantId, { kind: 'zone', parentId: office.levelId });
    const otherDesk = await addNode(owner, tenantId, { kind: 'place', parentId: otherZone });
    const zones = [office.zoneId, otherZone];
    const desks = [office.placeId, otherDesk];
    const nodes = [
      ...KINDS.map((kind) => ({ nodeId: office[`${kind}Id`], kind })),
      { nodeId: otherZone, kind: 'zone' as const },
      { nodeId: otherDesk, kind: 'place' as const },
    ];
    offices.push({
      locationId: office.locationId,
      timeZone,
      reporting: pick(REPORTING, index),
      zones,
      desks,
      nodes,
    });
  }
  const people: string[] = [];
  for (let n = 0; n < 4; n++) people.push((await addUser(owner, tenantId)).userId);
  await owner.inTenant(tenantId, async (tx) => {
    await tx.query(
      `WITH team AS (INSERT INTO groups (tenant_id, group_id, group_type, name)
                     VALUES ($1, gen_random_uuid(), 'team', 'Team') RETURNING group_id)
       UPDATE users SET primary_group_id = (SELECT group_id FROM team) WHERE tenant_id = $1 AND user_id = ANY ($2)`,
      [tenantId, people.slice(0, 2)],
    );
  });
  const taken = new Set<string>();
  await storeDays(
    owner,
    tenantId,
    plans.map(({ person, day, office, kind, node, setBy }) => {
      const { locationId, zones, desks } = pick(offices, office);
      const nodeId = kind === 'place' ? pick(desks, node) : pick(zones, node);
      const isFree = kind !== 'place' || !taken.has(`${nodeId} ${day}`);
      taken.add(`${nodeId} ${day}`);
      return {
        userId: pick(people, person),
        day: later(FIRST_DAY, day),
        plan: 'o' as const,
        locationId,
        setBy: setBy as 'week' | 'presence',
        ...(kind !== 'location' &&
          isFree && { booking: { nodeId, kind: kind as 'zone' | 'place', zoneId: pick(zones, node) } }),
      };
    }),
  );
  const events = new Map(
    seen.map(({ person, day, minute, office, node }) => {
      const { nodeId, kind } = pick(pick(offices, office).nodes, node);
      const instant = new Date(Date.parse(later(FIRST_DAY, day)) + minute * MINUTE_MS).toISOString();
      return [`${person} ${nodeId} ${instant}`, { userId: pick(people, person), nodeId, kind, at: instant }];
    }),
  );
  await client.submit([...events.values()]);
  const officeOf = (officeId: string) => offices.find(({ locationId }) => locationId === officeId);
  const exportsOf = async (
    query: { startDate: string; endDate: string },
    period: string,
  ): Promise<Exports> => ({
    attendance: await client.attendance(query.startDate, query.endDate),
    presence: await client.rows<SeenRow>('presence', query),
    reportingOf: (officeId) => officeOf(officeId)?.reporting ?? '',
    timeZoneOf: (officeId) => officeOf(officeId)?.timeZone ?? '',
    periodOf: periodOf(period, query.startDate),
  });
  return { client, exportsOf };
}
