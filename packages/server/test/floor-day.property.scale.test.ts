import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttendanceClient } from './support/attendance.ts';
import { addNode, addUser } from './support/directory.ts';
import { type FloorClient, floorClient } from './support/floor.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type StoredDay, setReporting, storeDays } from './support/workday.ts';

const DAY_MS = 86_400_000;
const PEOPLE = 8;

type Kind = 'location' | 'level' | 'zone' | 'place' | 'space';
interface Node {
  nodeId: string;
  kind: Kind;
  levelId?: string;
  zoneId?: string;
}

let server: TestServer;
let tenantId: string;
let events: AttendanceClient;
let client: FloorClient;
let people: string[];
let offices: { locationId: string; levelIds: string[]; nodes: Node[] }[];

beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2027-06-01T12:00:00Z');
  tenantId = await server.organisation();
  events = new AttendanceClient(server, await server.key(tenantId));
  client = await floorClient(server, tenantId);
  const add = (kind: Kind, parentId?: string) =>
    addNode(server.db.owner, tenantId, { kind, ...(parentId ? { parentId } : {}) });
  offices = [];
  for (const reporting of ['detect', 'never'] as const) {
    const locationId = await add('location');
    await setReporting(server.db.owner, tenantId, locationId, reporting);
    const nodes: Node[] = [{ nodeId: locationId, kind: 'location' }];
    const levelIds = [await add('level', locationId), await add('level', locationId)];
    for (const levelId of levelIds) {
      nodes.push({ nodeId: levelId, kind: 'level', levelId });
      nodes.push({ nodeId: await add('space', levelId), kind: 'space', levelId });
      for (const zoneId of [await add('zone', levelId), await add('zone', levelId)]) {
        nodes.push({ nodeId: zoneId, kind: 'zone', levelId, zoneId });
        for (let desk = 0; desk < 3; desk++)
          nodes.push({ nodeId: await add('place', zoneId), kind: 'place', levelId, zoneId });
      }
    }
    offices.push({ locationId, levelIds, nodes });
  }
  people = [];
  for (let index = 0; index < PEOPLE; index++) people.push((await addUser(server.db.owner, tenantId)).userId);
});
afterAll(() => server.close());

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Each run has a day of its own. Days from the second half on have not ended. */
let runs = 0;
const newDay = (isOver: boolean) =>
  new Date(Date.parse(isOver ? '2026-01-01' : '2027-06-01') + ++runs * DAY_MS).toISOString().slice(0, 10);

const draft = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom('r' as const, 'a' as const),
  fc.record({
    office: fc.nat(1),
    node: fc.nat(100),
    setBy: fc.constantFrom('week' as const, 'presence' as const),
  }),
);
const sighting = fc.record({
  person: fc.nat(PEOPLE - 1),
  office: fc.nat(1),
  node: fc.nat(100),
  minute: fc.nat(180),
});
const scenario = fc.record({
  isOver: fc.boolean(),
  plans: fc.array(draft, { minLength: PEOPLE, maxLength: PEOPLE }),
  seen: fc.array(sighting, { maxLength: 16 }),
});

test('the people of each level, and their states, are those of the export of attendance', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ isOver, plans, seen }) => {
      const day = newDay(isOver);
      const taken = new Set<string>();
      const stored = plans.flatMap((plan, index): StoredDay[] => {
        const userId = pick(people, index);
        if (plan === undefined) return [];
        if (typeof plan === 'string') return [{ userId, day, plan }];
        const { locationId, nodes } = pick(offices, plan.office);
        const bookable = nodes.filter(
          ({ kind, nodeId }) => kind !== 'level' && kind !== 'space' && !taken.has(nodeId),
        );
        const node = pick(bookable, plan.node);
        if (node.kind === 'place') taken.add(node.nodeId);
        return [
          {
            userId,
            day,
            plan: 'o',
            setBy: plan.setBy,
            locationId,
            booking: {
              nodeId: node.nodeId,
              kind: node.kind as 'location' | 'zone' | 'place',
              ...(node.zoneId ? { zoneId: node.zoneId } : {}),
            },
          },
        ];
      });
      await storeDays(server.db.owner, tenantId, stored);
      // Events may not come from the future.
      server.clock.nowMs = Math.max(server.clock.nowMs, Date.parse(`${day}T13:00:00Z`));
      const nowMs = server.clock.nowMs;
      if (!isOver) server.clock.nowMs = Date.parse(`${day}T13:00:00Z`);
      events = new AttendanceClient(server, await server.key(tenantId));
      client = await floorClient(server, tenantId);
      if (seen.length > 0)
        await events.submit(
          seen.map(({ person, office, node, minute }) => {
            const { nodeId, kind } = pick(pick(offices, office).nodes, node);
            const at = new Date(Date.parse(`${day}T09:00:00Z`) + minute * 60_000).toISOString();
            return { userId: pick(people, person), nodeId, kind, at };
          }),
        );

      for (const { locationId, levelIds, nodes } of offices) {
        const rows = await events.attendance(day, day, locationId);
        const presence = await events.rows<{ userId: string; levelId?: string }>('presence', {
          startDate: day,
          endDate: day,
          locationIds: locationId,
        });
        for (const levelId of levelIds) {
          const floor = await client.floor(levelId, day);
          const booked = rows.filter(
            (row) => row.bookingLevelId === levelId && row.attendanceLocationId === locationId,
          );
          const of = (type: string | undefined) =>
            booked.filter((row) => row.attendanceType === type).map(({ userId }) => userId);
          const onLevel = new Set(
            presence.filter((row) => row.levelId === levelId).map(({ userId }) => userId),
          );
          const walkIns = rows.filter(
            ({ attendanceType, userId, bookingLevelId }) =>
              attendanceType === 'walkIn' && (bookingLevelId === levelId || onLevel.has(userId)),
          );
          expect(floor.isOver).toBe(isOver);
          expect(floor.attendance).toEqual({
            open: of(undefined).length,
            confirmed: of('confirmed').length,
            noShow: of('noShow').length,
            unconfirmed: of('unconfirmed').length,
            walkIn: walkIns.length,
          });
          expect(Object.values(floor.counts).reduce((sum, count) => sum + count, 0)).toBe(6);

          // Each booked user stands at the booked node, in the state of the row.
          for (const row of booked) {
            const nodeId = String(row.bookingPlaceId ?? row.bookingZoneId);
            const isPlace = row.bookingPlaceId !== undefined;
            const item = floor.items.find((each) => each.nodeId === nodeId);
            const zone = isPlace ? undefined : nodeId;
            const states = floor.items
              .filter((each) => each.nodeId === nodeId || (zone !== undefined && each.zoneId === zone))
              .flatMap(({ people: all }) => all.filter(({ userId }) => userId === row.userId))
              .map(({ state }) => state);
            const expected = { confirmed: ['here', 'elsewhere'] }[row.attendanceType ?? ''] ?? [
              row.attendanceType ?? 'booked',
            ];
            expect(item).toBeDefined();
            expect(states.length).toBeGreaterThan(0);
            for (const state of states) expect(expected).toContain(state);
          }
          // Everybody who was detected on the level is on it.
          const shown = new Set(
            [...floor.items.flatMap(({ people: all }) => all), ...floor.others].map(({ userId }) => userId),
          );
          for (const userId of onLevel) expect(shown).toContain(userId);
          expect(nodes.some((node) => node.levelId === levelId)).toBe(true);
        }
      }
      server.clock.nowMs = nowMs;
    }),
    { numRuns: 25 },
  );
});
