import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tx } from '../src/store/connections/db.ts';
import { readAvailability } from '../src/workday/availability.ts';
import { writeDays } from '../src/workday/plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { addNode, addOffice } from './support/directory.ts';
import { addUsers, assignDesk, byUser, office as officePlan, plan } from './workday/support.ts';

const DAY = '2026-03-11';
const DESKS_A_ZONE = 3;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const statuses = fc.constantFrom('active', 'active', 'active', 'inactive');
const index = fc.nat({ max: 2 * DESKS_A_ZONE - 1 });
/** The possible states of an office on a day. Users and desks are identified by number. */
const scene = fc.record({
  releases: fc.boolean(),
  office: fc.constantFrom('active', 'active', 'active', 'active', 'inactive'),
  level: statuses,
  zones: fc.tuple(statuses, statuses),
  capacities: fc.tuple(fc.option(fc.nat({ max: 3 })), fc.option(fc.nat({ max: 3 }))),
  desks: fc.array(statuses, { minLength: 2 * DESKS_A_ZONE, maxLength: 2 * DESKS_A_ZONE }),
  owners: fc.uniqueArray(fc.tuple(index, fc.nat({ max: 3 })), { maxLength: 4, selector: ([desk]) => desk }),
  left: fc.uniqueArray(fc.nat({ max: 3 }), { maxLength: 1 }),
  days: fc.array(
    fc.record({
      person: fc.nat({ max: 3 }),
      wish: fc.oneof(
        fc.constantFrom('remote', 'away', 'elsewhere', 'office', 'zone 0', 'zone 1'),
        index.map((n) => `desk ${n}`),
      ),
    }),
    { maxLength: 6 },
  ),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

test('a desk is shown as free exactly if a user without a booking can book it', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(scene, async (drawn) => {
      const { tenantId, locationId, deskIds, guest } = await stage(drawn);
      const { desks, zones } = await db.restricted.inTenant(tenantId, (tx) =>
        readAvailability(tx, tenantId, locationId, DAY),
      );
      const free = new Set(desks.flatMap(({ deskId, state }) => (state === 'free' ? [deskId] : [])));
      for (const { state } of desks) seen.set(state, (seen.get(state) ?? 0) + 1);
      const zoneIds = zones.map(({ zoneId }) => zoneId);
      const bookable = await db.restricted.inTenant(tenantId, (tx) =>
        listBookable(tx, { tenantId, guest, locationId, nodeIds: [...deskIds, ...zoneIds] }),
      );
      expect(deskIds.filter((id) => free.has(id))).toEqual(deskIds.filter((id) => bookable.has(id)));
      for (const { zoneId, remaining, freeDesks } of zones) {
        expect(freeDesks).toBe(
          desks.filter((desk) => desk.zoneId === zoneId && desk.state === 'free').length,
        );
        expect(remaining !== 0).toBe(bookable.has(zoneId));
      }
    }),
    { numRuns: 25 },
  );
  expect([...seen.keys()].sort()).toEqual(['assigned', 'booked', 'free', 'zone-full']);
}, 120_000);

/** The nodes that the guest could book. Each booking is rolled back. */
async function listBookable(
  tx: Tx,
  asked: { tenantId: string; guest: string; locationId: string; nodeIds: string[] },
): Promise<Set<string>> {
  const { tenantId, guest, locationId, nodeIds } = asked;
  const bookable = new Set<string>();
  for (const nodeId of nodeIds) {
    await tx.query('SAVEPOINT attempt');
    const wish = officePlan(guest, DAY, locationId, nodeId);
    const [outcome] = await writeDays(tx, tenantId, [wish], byUser());
    if (outcome === 'changed') bookable.add(nodeId);
    await tx.query('ROLLBACK TO SAVEPOINT attempt');
  }
  return bookable;
}

async function stage(drawn: Scene) {
  const { owner } = db;
  const tenantId = await createTestOrganisation(owner);
  const [office, elsewhere] = [await addOffice(owner, tenantId), await addOffice(owner, tenantId)];
  const { locationId, levelId } = office;
  const zoneIds = [office.zoneId, await addNode(owner, tenantId, { kind: 'zone', parentId: levelId })];
  const deskIds = [office.placeId];
  while (deskIds.length < 2 * DESKS_A_ZONE) {
    const parentId = zoneIds[deskIds.length < DESKS_A_ZONE ? 0 : 1] as string;
    deskIds.push(await addNode(owner, tenantId, { kind: 'place', parentId }));
  }
  const people = await addUsers(owner, tenantId, 5);
  const guest = people.pop() as string;
  for (const [desk, person] of drawn.owners) {
    await assignDesk(owner, tenantId, deskIds[desk] as string, people[person] as string);
  }
  const changes = drawn.days.map(({ person, wish }) => {
    const userId = people[person] as string;
    const [kind, n] = wish.split(' ');
    if (kind === 'remote' || kind === 'away') return plan(userId, DAY, kind === 'remote' ? 'r' : 'a');
    if (kind === 'elsewhere') return officePlan(userId, DAY, elsewhere.locationId);
    const nodeId = kind === 'office' ? locationId : (kind === 'zone' ? zoneIds : deskIds)[Number(n)];
    return officePlan(userId, DAY, locationId, nodeId);
  });
  await db.restricted.inTenant(tenantId, (tx) => writeDays(tx, tenantId, changes, byUser()));
  await owner.inTenant(tenantId, async (tx) => {
    const setNode = (nodeId: string | undefined, column: 'status' | 'capacity', value: unknown) =>
      tx.query(`UPDATE nodes SET ${column} = $3 WHERE tenant_id = $1 AND node_id = $2`, [
        tenantId,
        nodeId,
        value,
      ]);
    await setNode(locationId, 'status', drawn.office);
    await setNode(levelId, 'status', drawn.level);
    for (const [n, zoneId] of zoneIds.entries()) {
      await setNode(zoneId, 'status', drawn.zones[n]);
      await setNode(zoneId, 'capacity', drawn.capacities[n]);
    }
    for (const [n, deskId] of deskIds.entries()) await setNode(deskId, 'status', drawn.desks[n]);
    for (const n of drawn.left) {
      await tx.query("UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2", [
        tenantId,
        people[n],
      ]);
    }
    await tx.query(
      'INSERT INTO office_settings (tenant_id, location_id, release_assigned_desks) VALUES ($1, $2, $3)',
      [tenantId, locationId, drawn.releases],
    );
  });
  return { tenantId, locationId, deskIds, guest };
}
