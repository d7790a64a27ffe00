import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, type Office } from '../support/directory.ts';
import { untilAllWait } from '../support/locks.ts';
import { storeDays } from '../support/workday.ts';
import { everyDay, Horizon, OFFICE, REMOTE } from './horizon-support.ts';
import {
  addLondon,
  assignDesk,
  change,
  office,
  plan,
  readCounterFaults,
  readLog,
  setCapacity,
} from './support.ts';

/** A Monday, and the only day for which the engine makes plans. */
const DAY = '2026-03-02';
const NOON = `${DAY}T12:00:00Z`;

let db: TestDatabase;
let tenant: string;
let horizon: Horizon;
let london: Office & { deskIds: string[] };

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  horizon = new Horizon(db, tenant);
  london = await addLondon(db.owner, tenant, { desks: 3 });
  await horizon.setOffice(london.locationId, { horizon_days: 0 });
});
afterAll(() => db.drop());

const desk = (n: number) => london.deskIds[n] ?? '';
const id = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;
/** Adds a user who comes to London every day. If nothing else decides, users with lower numbers choose first. */
const comes = (n: number, primaryGroupId?: string) =>
  horizon.hire(everyDay(OFFICE), {
    userId: id(n),
    primaryLocationId: london.locationId,
    ...(primaryGroupId === undefined ? {} : { primaryGroupId }),
  });
const stays = (n: number) =>
  horizon.hire(everyDay(REMOTE), { userId: id(n), primaryLocationId: london.locationId });

/** Books desks in London for a user, one for each day. */
function bookBefore(userId: string, nodeIds: [day: string, nodeId: string][], setBy = 'person') {
  return storeDays(
    db.owner,
    tenant,
    nodeIds.map(([day, nodeId]) => ({
      userId,
      day,
      plan: 'o',
      locationId: london.locationId,
      booking: { nodeId, kind: 'place', zoneId: london.zoneId, setBy },
    })),
  );
}

/** The booked nodes of these users after a run. */
async function seatsAfterRun(...userIds: string[]): Promise<(string | undefined)[]> {
  await horizon.run(NOON);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
  return Promise.all(userIds.map((userId) => horizon.booked(userId, DAY)));
}

test('without any preference, the office itself is booked', async () => {
  const ada = await comes(1);
  expect(await seatsAfterRun(ada)).toEqual([london.locationId]);
});

describe('the action log', () => {
  /** The reason of the booking of a user. */
  const reasonOf = async (userId: string) =>
    (await readLog(db.owner, tenant)).find((entry) => entry.userId === userId && entry.category === 'booking')
      ?.reason;

  test('says why a seat was chosen', async () => {
    const group = await horizon.addGroup();
    const [owner, regular, member, stranger] = [
      await comes(1),
      await comes(2, group),
      await comes(3, group),
      await comes(4),
    ];
    await assignDesk(db.owner, tenant, desk(0), owner);
    await bookBefore(regular, [['2026-02-20', desk(1)]]);
    expect(await seatsAfterRun(owner, regular, member, stranger)).toEqual([
      desk(0),
      desk(1),
      desk(2),
      london.locationId,
    ]);
    expect(await reasonOf(owner)).toBe('Horizon: the assigned desk');
    expect(await reasonOf(regular)).toBe('Horizon: a desk booked before');
    expect(await reasonOf(member)).toBe('Horizon: near the group');
    expect(await reasonOf(stranger)).toBe('Horizon: the office without a seat');
  });

  test('says why the desk usually taken was not booked', async () => {
    const [ada, ben, cy] = [await comes(1), await comes(2), await comes(3)];
    await bookBefore(ada, [['2026-02-20', desk(0)]]);
    await bookBefore(ben, [['2026-02-23', desk(1)]]);
    await bookBefore(cy, [['2026-02-24', desk(2)]]);
    // An owner without a plan keeps the desk.
    const owner = await horizon.hire(null, { userId: id(9), primaryLocationId: london.locationId });
    await assignDesk(db.owner, tenant, desk(0), owner);
    const guest = await stays(8);
    await change(db.restricted, tenant, [office(guest, DAY, london.locationId, desk(1))]);
    await horizon.sql("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", [
      desk(2),
    ]);
    await seatsAfterRun(ada, ben, cy);
    const withoutSeat = 'Horizon: the office without a seat; the desk usually taken was ';
    expect(await reasonOf(ada)).toBe(`${withoutSeat}assigned to another user`);
    expect(await reasonOf(ben)).toBe(`${withoutSeat}booked by another user`);
    expect(await reasonOf(cy)).toBe(`${withoutSeat}closed`);
  });
});

describe('an assigned desk', () => {
  test('is chosen before a formerly booked one', async () => {
    const ada = await comes(1);
    await assignDesk(db.owner, tenant, desk(1), ada);
    await bookBefore(ada, [['2026-02-20', desk(0)]]);
    expect(await seatsAfterRun(ada)).toEqual([desk(1)]);
  });

  test('that is taken gives way to another assigned one, then to a formerly booked one', async () => {
    const [ada, ben, eve] = [await comes(1), await comes(2), await stays(9)];
    await assignDesk(db.owner, tenant, desk(0), ada);
    await assignDesk(db.owner, tenant, desk(1), ada);
    await assignDesk(db.owner, tenant, desk(2), ben);
    await bookBefore(ben, [['2026-02-20', desk(1)]]);
    // Both owners were remote when Eve and the other guest booked.
    const guest = await stays(8);
    await change(db.restricted, tenant, [plan(ada, DAY, 'r'), plan(ben, DAY, 'r')]);
    await change(db.restricted, tenant, [
      office(eve, DAY, london.locationId, desk(0)),
      office(guest, DAY, london.locationId, desk(2)),
    ]);
    await change(db.restricted, tenant, [plan(ada, DAY, null), plan(ben, DAY, null)]);
    expect(await seatsAfterRun(ada, ben)).toEqual([desk(1), london.locationId]);
  });

  test('in another office does not count', async () => {
    const paris = await addLondon(db.owner, tenant);
    const ada = await comes(1);
    await assignDesk(db.owner, tenant, paris.placeId, ada);
    expect(await seatsAfterRun(ada)).toEqual([london.locationId]);
  });
});

describe('a formerly booked desk', () => {
  test('is the one with the most bookings, then the latest', async () => {
    const [ada, ben] = [await comes(1), await comes(2)];
    await bookBefore(ada, [
      ['2026-02-02', desk(0)],
      ['2026-02-03', desk(0)],
      ['2026-02-27', desk(1)],
    ]);
    await bookBefore(ben, [
      ['2026-02-04', desk(1)],
      ['2026-02-05', desk(2)],
    ]);
    expect(await seatsAfterRun(ada, ben)).toEqual([desk(0), desk(2)]);
  });

  test('is the next one if the first is taken', async () => {
    const [ada, ben] = [await comes(1), await comes(2)];
    await bookBefore(ada, [['2026-02-02', desk(0)]]);
    await bookBefore(ben, [
      ['2026-02-04', desk(0)],
      ['2026-02-05', desk(0)],
      ['2026-02-06', desk(1)],
    ]);
    expect(await seatsAfterRun(ada, ben)).toEqual([desk(0), desk(1)]);
  });

  test('includes one that presence booked, but not one that the engine chose, nor one from more than 90 days ago', async () => {
    const [ada, ben, eve] = [await comes(1), await comes(2), await comes(3)];
    await bookBefore(ada, [['2026-02-02', desk(0)]], 'presence');
    await bookBefore(ben, [['2026-02-03', desk(1)]], 'engine');
    await bookBefore(eve, [['2025-12-01', desk(2)]]);
    expect(await seatsAfterRun(ada, ben, eve)).toEqual([desk(0), london.locationId, london.locationId]);
  });

  test('is skipped if it is retired or in a full zone', async () => {
    const [ada, ben] = [await comes(1), await comes(2)];
    await bookBefore(ada, [['2026-02-02', desk(0)]]);
    await horizon.sql("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", [
      desk(0),
    ]);
    const full = await addNode(db.owner, tenant, { kind: 'zone', parentId: london.levelId });
    const inFull = await addNode(db.owner, tenant, { kind: 'place', parentId: full });
    await storeDays(db.owner, tenant, [
      {
        userId: ben,
        day: '2026-02-02',
        plan: 'o',
        locationId: london.locationId,
        booking: { nodeId: inFull, kind: 'place', zoneId: full, setBy: 'person' },
      },
    ]);
    await db.owner.inTenant(tenant, (tx) => setCapacity(tx, tenant, full, 1));
    const rival = await horizon.hire(null);
    await change(db.restricted, tenant, [office(rival, DAY, london.locationId, full)]);
    expect(await seatsAfterRun(ada, ben)).toEqual([london.locationId, london.locationId]);
  });
});

describe('a desk that is assigned to another user', () => {
  test('is free on days when its owner is elsewhere, in any order of planning', async () => {
    const [guest, owner] = [await comes(1), await stays(9)];
    await assignDesk(db.owner, tenant, desk(0), owner);
    await bookBefore(guest, [['2026-02-02', desk(0)]]);
    expect(await seatsAfterRun(guest)).toEqual([desk(0)]);
  });

  test('is free even if its owner belongs to another office', async () => {
    const paris = await addLondon(db.owner, tenant);
    const guest = await comes(1);
    const owner = await horizon.hire(everyDay(OFFICE), {
      userId: id(9),
      primaryLocationId: paris.locationId,
    });
    await assignDesk(db.owner, tenant, desk(0), owner);
    await bookBefore(guest, [['2026-02-02', desk(0)]]);
    expect(await seatsAfterRun(guest)).toEqual([desk(0)]);
  });

  test.each([
    ['the owner comes', async (owner: string) => horizon.setWeek(owner, everyDay(OFFICE))],
    [
      'the owner has no plan',
      async (owner: string) => horizon.setWeek(owner, everyDay(null)).catch(() => undefined),
    ],
    [
      'the office does not release desks',
      async () => horizon.setOffice(london.locationId, { release_assigned_desks: false }),
    ],
  ])('is not free when %s', async (_, arrange) => {
    const [guest, owner] = [await comes(1), await stays(9)];
    await assignDesk(db.owner, tenant, desk(0), owner);
    await bookBefore(guest, [['2026-02-02', desk(0)]]);
    await arrange(owner);
    expect(await seatsAfterRun(guest)).toEqual([london.locationId]);
  });
});

describe('a seat near the primary group', () => {
  let group: string;
  let anchor: string;
  /** Another zone of the same level, with a desk. */
  let quiet: string;
  let quietDesk: string;
  /** A zone of another level, with a desk. */
  let upstairs: string;
  let upstairsDesk: string;

  beforeEach(async () => {
    group = await horizon.addGroup();
    quiet = await addNode(db.owner, tenant, { kind: 'zone', parentId: london.levelId, name: 'Quiet' });
    quietDesk = await addNode(db.owner, tenant, { kind: 'place', parentId: quiet });
    const level = await addNode(db.owner, tenant, { kind: 'level', parentId: london.locationId });
    upstairs = await addNode(db.owner, tenant, { kind: 'zone', parentId: level, name: 'A first one' });
    upstairsDesk = await addNode(db.owner, tenant, { kind: 'place', parentId: upstairs });
    anchor = await stays(9);
    await horizon.sql('UPDATE users SET primary_group_id = $3 WHERE tenant_id = $1 AND user_id = $2', [
      anchor,
      group,
    ]);
  });

  const sit = (userId: string, nodeId: string) =>
    change(db.restricted, tenant, [office(userId, DAY, london.locationId, nodeId)]);

  test('is a desk of the zone where the group sits that day, then one elsewhere on that level, then the office', async () => {
    await sit(anchor, desk(0));
    const people = [];
    for (const n of [1, 2, 3, 4]) people.push(await comes(n, group));
    const stranger = await comes(5, await horizon.addGroup());
    const seats = await seatsAfterRun(...people, stranger);
    expect(seats.slice(0, 2).toSorted()).toEqual([desk(1), desk(2)].toSorted());
    expect(seats.slice(2)).toEqual([quietDesk, london.locationId, london.locationId]);
  });

  test('is in the zone with the most members', async () => {
    const other = await horizon.hire(null, { primaryGroupId: group });
    const third = await horizon.hire(null, { primaryGroupId: group });
    await sit(anchor, desk(0));
    await sit(other, upstairs);
    await sit(third, upstairs);
    expect(await seatsAfterRun(await comes(1, group))).toEqual([upstairsDesk]);
  });

  test('is the zone itself if it has a capacity and no free desk, but never beyond the capacity', async () => {
    await db.owner.inTenant(tenant, (tx) => setCapacity(tx, tenant, quiet, 3));
    await db.owner.inTenant(tenant, (tx) => setCapacity(tx, tenant, london.zoneId, 0));
    await sit(anchor, quiet);
    const people = [await comes(1, group), await comes(2, group), await comes(3, group)];
    expect(await seatsAfterRun(...people)).toEqual([quietDesk, quiet, london.locationId]);
  });

  test('counts members with an assigned or formerly booked desk, even if the engine plans them later', async () => {
    const ada = await comes(1, group);
    const ben = await comes(2, group);
    await bookBefore(ben, [['2026-02-02', desk(2)]]);
    const [seat, other] = await seatsAfterRun(ada, ben);
    expect(other).toBe(desk(2));
    expect([desk(0), desk(1)]).toContain(seat);
  });

  test('takes released assigned desks last', async () => {
    const owner = await stays(8);
    await sit(anchor, desk(1));
    // By name, this desk would be the first.
    const [assigned = '', free] = [desk(0), desk(2)].toSorted();
    await assignDesk(db.owner, tenant, assigned, owner);
    expect(await seatsAfterRun(await comes(1, group), await comes(2, group))).toEqual([free, assigned]);
  });

  test('does not exist if no member of the group has a seat', async () => {
    await sit(anchor, london.locationId);
    expect(await seatsAfterRun(await comes(1, group), await comes(2))).toEqual([
      london.locationId,
      london.locationId,
    ]);
  });
});

test('a seat that is taken between the choice and the write is replaced by another choice', async () => {
  const [ada, rival] = [await comes(1), await horizon.hire(null)];
  await bookBefore(ada, [
    ['2026-02-02', desk(0)],
    ['2026-02-03', desk(0)],
    ['2026-02-04', desk(1)],
  ]);
  // The rival's booking is not committed at the time of the choice, and is committed when the engine locks the desk.
  let run: Promise<unknown> = Promise.resolve();
  await db.owner.inTenant(tenant, async (tx) => {
    await tx.query('SELECT FROM nodes WHERE tenant_id = $1 AND node_id = $2 FOR NO KEY UPDATE', [
      tenant,
      desk(0),
    ]);
    await tx.query(
      "INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, 'o', $4, 'day')",
      [tenant, rival, DAY, london.locationId],
    );
    await tx.query(
      `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
       VALUES ($1, $2, $3, $4, $5, 'place', $6, 'person')`,
      [tenant, rival, DAY, london.locationId, desk(0), london.zoneId],
    );
    run = horizon.run(NOON);
    await untilAllWait(db.target);
  });
  await run;
  expect(await horizon.booked(ada, DAY)).toBe(desk(1));
  expect((await readLog(db.owner, tenant)).filter(({ userId }) => userId === ada)).toHaveLength(2);
});
