import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttendanceClient, type Sighting } from './support/attendance.ts';
import { addNode, addOffice, addUser, type Office } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { keyOf, type PresenceRow, periodOf, summed, type Unit } from './support/summed-metrics.ts';
import { type StoredDay, setReporting, storeDays } from './support/workday.ts';

const DAY_MS = 86_400_000;
const REPORTING = ['detect', 'always', 'never'] as const;
const KINDS = ['location', 'level', 'zone', 'place', 'space'] as const;

interface BigOffice extends Office {
  reporting: (typeof REPORTING)[number];
  /** A second zone on the level, and a second level with a zone. */
  nodes: { nodeId: string; kind: (typeof KINDS)[number]; zoneId?: string }[];
}

let server: TestServer;
let tenantId: string;
let client: AttendanceClient;
let offices: BigOffice[];
let people: string[];

beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-06-01T12:00:00Z');
  tenantId = await server.organisation();
  client = new AttendanceClient(server, await server.key(tenantId));
  const owner = server.db.owner;
  offices = [];
  for (const reporting of REPORTING) {
    const office = await addOffice(owner, tenantId, 'Europe/London');
    const zone2 = await addNode(owner, tenantId, { kind: 'zone', parentId: office.levelId });
    const level2 = await addNode(owner, tenantId, { kind: 'level', parentId: office.locationId });
    const zone3 = await addNode(owner, tenantId, { kind: 'zone', parentId: level2 });
    const desk3 = await addNode(owner, tenantId, { kind: 'place', parentId: zone3 });
    // More members than a machine word has bits.
    const { rows: more } = await owner.inTenant(tenantId, (tx) =>
      tx.query<{ nodeId: string }>(
        `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, status)
         SELECT $1, gen_random_uuid(), 'zone', $2, 'zone ' || n, 'active' FROM generate_series(1, 130) n
         RETURNING node_id AS "nodeId"`,
        [tenantId, level2],
      ),
    );
    const far = more.map(({ nodeId }) => nodeId).sort();
    await setReporting(owner, tenantId, office.locationId, reporting);
    offices.push({
      ...office,
      reporting,
      nodes: [
        ...KINDS.map((kind) => ({
          nodeId: office[`${kind}Id`],
          kind,
          ...(kind === 'place' && { zoneId: office.zoneId }),
        })),
        { nodeId: zone2, kind: 'zone' },
        { nodeId: level2, kind: 'level' },
        { nodeId: zone3, kind: 'zone' },
        { nodeId: desk3, kind: 'place', zoneId: zone3 },
        { nodeId: at(far, 0), kind: 'zone' },
        { nodeId: at(far, far.length - 1), kind: 'zone' },
      ],
    });
  }
  people = [];
  for (let n = 0; n < 5; n++) people.push((await addUser(owner, tenantId)).userId);
  await owner.inTenant(tenantId, async (tx) => {
    for (const n of [0, 1]) {
      await tx.query(
        `INSERT INTO groups (tenant_id, group_id, group_type, name)
         VALUES ($1, gen_random_uuid(), 'team', $2)`,
        [tenantId, `team ${n}`],
      );
      await tx.query(
        `UPDATE users SET primary_group_id = (SELECT group_id FROM groups WHERE tenant_id = $1 AND name = $2)
         WHERE tenant_id = $1 AND user_id = ANY ($3)`,
        [tenantId, `team ${n}`, people.slice(n * 2, n * 2 + 2)],
      );
    }
  });
});
afterAll(() => server.close());

function at<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

const draft = { person: fc.nat(4), day: fc.nat(24), office: fc.nat(2), node: fc.nat(10) };
const scenario = fc.record({
  plans: fc.uniqueArray(
    fc.record({
      ...draft,
      plan: fc.constantFrom('o', 'o', 'o', 'r'),
      setBy: fc.constantFrom('week', 'presence'),
    }),
    {
      maxLength: 30,
      selector: ({ person, day }) => `${person} ${day}`,
    },
  ),
  seen: fc.array(fc.record(draft), { maxLength: 30 }),
  from: fc.nat(5),
  days: fc.integer({ min: 1, max: 20 }),
  period: fc.constantFrom('day', 'week', 'month', 'range'),
  /** The number of the office whose level restricts a second request, and the unit of that request. */
  within: fc.nat(2),
  withinBy: fc.constantFrom<Unit>('location', 'zone', 'group'),
});

/** Each run has its own days, so that all runs can share users and offices. */
let nextDayMs = Date.parse('2024-01-01');
const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

test('metrics equal sums over the exports, by every unit and period', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ plans, seen, from, days, period, within, withinBy }) => {
      const firstMs = nextDayMs;
      nextDayMs += 27 * DAY_MS;
      const dayOf = (n: number) => isoDay(firstMs + n * DAY_MS);
      const desks = new Set<string>();
      const stored = plans.map(({ person, day, office, node, plan, setBy }): StoredDay => {
        const userId = at(people, person);
        if (plan === 'r') return { userId, day: dayOf(day), plan };
        const { locationId, nodes } = at(offices, office);
        const { nodeId, kind, zoneId = nodeId } = at(nodes, node);
        const isFree = kind !== 'place' || !desks.has(`${nodeId} ${day}`);
        if (kind === 'place') desks.add(`${nodeId} ${day}`);
        return {
          userId,
          day: dayOf(day),
          plan: 'o',
          locationId,
          setBy: setBy as 'week' | 'presence',
          ...((kind === 'zone' || kind === 'place') && isFree && { booking: { nodeId, kind, zoneId } }),
        };
      });
      await storeDays(server.db.owner, tenantId, stored);
      const sightings = seen.map(({ person, day, office, node }, index): Sighting => {
        const { nodeId, kind } = at(at(offices, office).nodes, node);
        return {
          userId: at(people, person),
          nodeId,
          kind,
          at: `${dayOf(day)}T12:00:${String(index).padStart(2, '0')}Z`,
        };
      });
      await client.submit(sightings);

      const query = { startDate: dayOf(from), endDate: dayOf(from + days - 1) };
      const attendance = await client.attendance(query.startDate, query.endDate);
      const presence = await client.rows<PresenceRow>('presence', query);
      const asked: { by: Unit; levelId?: string }[] = [
        { by: 'location' },
        { by: 'level' },
        { by: 'zone' },
        { by: 'group' },
        { by: withinBy, levelId: at(offices, within).levelId },
      ];
      for (const { by, levelId } of asked) {
        const rows = await client.rows<Record<string, unknown>>('metrics', {
          ...query,
          by,
          period,
          ...(levelId !== undefined && { locationIds: levelId }),
        });
        const expected = summed(
          attendance,
          presence,
          { by, levelId },
          {
            periodOf: periodOf(period, query.startDate),
            reportingOf: (officeId) =>
              offices.find(({ locationId }) => locationId === officeId)?.reporting ?? '',
          },
        );
        const actual = new Map(
          rows
            // A unit without any people in the period also has a row, with zeros.
            .filter((row) => Number(row.attendance) + Number(row.noShow) + Number(row.unconfirmed) > 0)
            .map((row) => [
              keyOf(
                String(row.periodStart).slice(0, 10),
                row.locationId,
                row.levelId,
                row.zoneId,
                row.groupId,
              ),
              row,
            ]),
        );
        expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [key, numbers] of expected) expect(actual.get(key)).toMatchObject(numbers);
      }
    }),
    { numRuns: 12 },
  );
});
