import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeDays, type DayChange, type PlanKind, type PlanSource } from '../../src/workday/plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, addOffice, addUser } from '../support/directory.ts';
import {
  addLondon,
  addUsers,
  assignDesk,
  byUser,
  MONDAY,
  readCounterFaults,
  readLog,
  readStored,
  short,
  TUESDAY,
} from './support.ts';

interface Seat {
  nodeId: string;
  locationId: string;
  kind: 'location' | 'zone' | 'place' | 'other';
  zoneId: string | null;
  owner?: string;
}

interface World {
  users: { id: string; active: boolean }[];
  seats: Seat[];
  capacities: Map<string, number>;
  /** Offices that release the desks of absent owners. */
  releasing: Set<string>;
}

interface ModelDay {
  userId: string;
  day: string;
  plan: { plan: PlanKind; locationId: string | null; setBy: PlanSource } | null;
  seat: Seat | null;
  bookedBy: string | null;
}

const SOURCE = { week: 'engine', day: 'person', leave: 'engine', presence: 'presence' } as const;

/** The expected days, calculated in a second and simple way: it answers every question from all days. */
class Model {
  readonly days: ModelDay[] = [];
  readonly actions: { userId: string; day: string; category: string; before: unknown; after: unknown }[][] =
    [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  apply({ userId, day, plan, setBy }: DayChange): string {
    const user = this.#world.users.find(({ id }) => id === userId);
    if (!user || (!user.active && plan)) return 'unknown-user';
    const mine = this.#day(userId, day);
    const explicit = setBy === 'week' || setBy === 'day';

    let seat: Seat | null = null;
    let bookedBy: string | null = null;
    if (plan?.kind === 'o') {
      const found = this.#seatFor(mine, plan.locationId, plan.booking?.nodeId);
      if (typeof found === 'string') return found;
      seat = found;
      const claimed = mine.bookedBy === 'presence' && explicit;
      bookedBy = seat === mine.seat && !claimed ? mine.bookedBy : SOURCE[setBy];
    }
    const before = { plan: planJson(mine), booking: bookingJson(mine) };
    const locationId = plan?.kind === 'o' ? plan.locationId : null;
    const same = plan && mine.plan?.plan === plan.kind && mine.plan.locationId === locationId;
    mine.plan = plan && {
      plan: plan.kind,
      locationId,
      setBy: same && !explicit ? (mine.plan?.setBy ?? setBy) : setBy,
    };
    mine.seat = seat;
    mine.bookedBy = bookedBy;

    const entries = [
      { category: 'plan', before: before.plan, after: planJson(mine) },
      { category: 'booking', before: before.booking, after: bookingJson(mine) },
    ].filter((entry) => JSON.stringify(entry.before) !== JSON.stringify(entry.after));
    if (entries.length === 0) return 'unchanged';
    this.actions.push(entries.map((entry) => ({ userId, day, ...entry })));
    return 'changed';
  }

  #day(userId: string, day: string): ModelDay {
    const known = this.days.find((each) => each.userId === userId && each.day === day);
    if (known) return known;
    this.days.push({ userId, day, plan: null, seat: null, bookedBy: null });
    return this.#day(userId, day);
  }

  #seatFor(mine: ModelDay, locationId: string, wished: string | undefined): Seat | string {
    if (mine.seat?.locationId === locationId && (wished === undefined || wished === mine.seat.nodeId))
      return mine.seat;
    const office = this.#world.seats.find((seat) => seat.nodeId === locationId && seat.kind === 'location');
    if (!office) return 'not-bookable';
    if (wished !== undefined) {
      const seat = this.#world.seats.find((each) => each.nodeId === wished && each.locationId === locationId);
      if (!seat || seat.kind === 'other') return 'not-bookable';
      return this.#whyNot(mine, seat) ?? seat;
    }
    const own = this.#world.seats.filter(
      (seat) => seat.owner === mine.userId && seat.locationId === locationId,
    );
    return (
      own.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)).find((seat) => !this.#whyNot(mine, seat)) ??
      office
    );
  }

  #whyNot(mine: ModelDay, seat: Seat): string | undefined {
    const others = this.days.filter((each) => each.day === mine.day && each !== mine);
    if (seat.kind === 'place' && others.some((each) => each.seat === seat)) return 'desk-taken';
    if (seat.owner && seat.owner !== mine.userId) {
      const owners = others.find((each) => each.userId === seat.owner)?.plan;
      if (!owners || owners.locationId === seat.locationId || !this.#world.releasing.has(seat.locationId)) {
        return 'not-bookable';
      }
    }
    const capacity = this.#world.capacities.get(seat.zoneId ?? '');
    const inZone = others.filter((each) => each.seat?.zoneId === seat.zoneId).length;
    return capacity !== undefined && inZone >= capacity ? 'zone-full' : undefined;
  }
}

function planJson({ plan }: ModelDay) {
  return plan && { plan: plan.plan, locationId: plan.locationId };
}

function bookingJson({ seat }: ModelDay) {
  if (!seat) return null;
  const depth = { location: 1, zone: 2, place: 3, other: 0 }[seat.kind];
  return { locationId: seat.locationId, nodeId: seat.nodeId, depth };
}

let db: TestDatabase;
let tenant: string;
let world: World;

beforeAll(async () => {
  db = await createTestDatabase();
  tenant = await createTestOrganisation(db.owner);
  const london = await addLondon(db.owner, tenant, { desks: 4, capacity: 2 });
  const paris = await addOffice(db.owner, tenant);
  const ids = await addUsers(db.owner, tenant, 4);
  const { userId: left } = await addUser(db.owner, tenant, { status: 'inactive' });
  const closed = await addNode(db.owner, tenant, { kind: 'location', status: 'inactive' });
  const [ada = '', ben = ''] = ids;
  const [first = '', second = ''] = london.deskIds;
  await assignDesk(db.owner, tenant, first, ada);
  await assignDesk(db.owner, tenant, second, ada);
  await assignDesk(db.owner, tenant, paris.placeId, ben);
  await db.owner.inTenant(tenant, (tx) =>
    tx.query(
      'INSERT INTO office_settings (tenant_id, location_id, release_assigned_desks) VALUES ($1, $2, false)',
      [tenant, paris.locationId],
    ),
  );
  const seatsOf = ({ locationId, levelId, zoneId }: typeof paris, desks: string[]): Seat[] => [
    { nodeId: locationId, locationId, kind: 'location', zoneId: null },
    { nodeId: levelId, locationId, kind: 'other', zoneId: null },
    { nodeId: zoneId, locationId, kind: 'zone', zoneId },
    ...desks.map((nodeId) => ({ nodeId, locationId, kind: 'place' as const, zoneId })),
  ];
  world = {
    users: [...ids.map((id) => ({ id, active: true })), { id: left, active: false }],
    seats: [
      ...seatsOf(london, london.deskIds),
      ...seatsOf(paris, [paris.placeId]),
      { nodeId: closed, locationId: closed, kind: 'other', zoneId: null },
    ],
    capacities: new Map([[london.zoneId, 2]]),
    releasing: new Set([london.locationId]),
  };
  for (const seat of world.seats) {
    if (seat.nodeId === first || seat.nodeId === second) seat.owner = ada;
    if (seat.nodeId === paris.placeId) seat.owner = ben;
  }
});
afterAll(() => db.drop());

async function forget(): Promise<void> {
  await db.owner.inTenant(tenant, async (tx) => {
    for (const table of ['bookings', 'day_plans', 'zone_days', 'action_log']) {
      await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1`, [tenant]);
    }
  });
}

/** Changes as numbers, so that a failing example can be read and reduced. Most users compete for the same few seats. */
const changeArbitrary = fc.record({
  user: often([0, 1, 2, 3], [4]),
  day: often([MONDAY], [TUESDAY]),
  kind: often(['o' as const], ['r' as const, 'a' as const, null]),
  // London's zone, its desks one and three, and then any node.
  seat: often([2, 3, 5], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  wish: often(['seat' as const], ['none' as const, 'elsewhere' as const]),
  setBy: fc.constantFrom<PlanSource>('week', 'day', 'leave', 'presence'),
});

function often<T>(usual: T[], rare: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );
}

function toChange({
  user,
  day,
  kind,
  seat,
  wish,
  setBy,
}: typeof changeArbitrary extends fc.Arbitrary<infer C> ? C : never): DayChange {
  const userId = world.users[user]?.id ?? '';
  const { nodeId, locationId } = world.seats[seat % world.seats.length] as Seat;
  const elsewhere = world.seats[(seat + 5) % world.seats.length]?.nodeId ?? '';
  const source = setBy === 'leave' && kind !== 'a' && kind !== null ? 'day' : setBy;
  if (kind !== 'o') return { userId, day, plan: kind && { kind }, setBy: source };
  const booking = wish === 'none' ? {} : { booking: { nodeId: wish === 'seat' ? nodeId : elsewhere } };
  return { userId, day, plan: { kind, locationId, ...booking }, setBy: source };
}

test('for any changes, in any order and batches, days and log equal those of the model', async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(changeArbitrary, { minLength: 1, maxLength: 12, size: 'max' }), {
        maxLength: 8,
        size: 'max',
      }),
      async (batches) => {
        await forget();
        const model = new Model(world);
        for (const batch of batches.map((each) => each.map(toChange))) {
          const expected = batch.map((change) => model.apply(change));
          const actual = (await changeDays(db.restricted, tenant, batch, byUser())).map(short);
          expect(actual).toEqual(expected);
          for (const outcome of actual) outcomes.add(outcome);
        }
        await expectStored(model);
        await expectLogged(model);
        expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
      },
    ),
    { numRuns: 50 },
  );
  expect([...outcomes].sort()).toEqual([
    'changed',
    'desk-taken',
    'not-bookable',
    'unchanged',
    'unknown-user',
    'zone-full',
  ]);
});

async function expectStored(model: Model): Promise<void> {
  const { plans, bookings } = await readStored(db.owner, tenant);
  const byKey = <T extends { userId: string; day: string }>(rows: T[]) =>
    rows.toSorted((a, b) => (`${a.userId} ${a.day}` < `${b.userId} ${b.day}` ? -1 : 1));
  expect(plans.map(({ writtenXid: _, ...row }) => row)).toEqual(
    byKey(model.days.flatMap(({ userId, day, plan }) => (plan ? [{ userId, day, ...plan }] : []))),
  );
  expect(bookings.map(({ userId, day, nodeId, setBy }) => ({ userId, day, nodeId, setBy }))).toEqual(
    byKey(
      model.days.flatMap(({ userId, day, seat, bookedBy }) =>
        seat ? [{ userId, day, nodeId: seat.nodeId, setBy: bookedBy }] : [],
      ),
    ),
  );
}

/** The actions are as expected, in order and in pairs. A replay of the log ends at the stored days. */
async function expectLogged(model: Model): Promise<void> {
  const log = await readLog(db.owner, tenant);
  const actions = new Map<string, unknown[]>();
  const replayed = new Map<string, unknown>();
  for (const { actionId, userId, day, category, before, after } of log) {
    actions.set(actionId, [...(actions.get(actionId) ?? []), { userId, day, category, before, after }]);
    const key = `${userId} ${day} ${category}`;
    expect(replayed.get(key) ?? null).toEqual(before);
    replayed.set(key, after);
  }
  expect([...actions.values()]).toEqual(model.actions);
  for (const day of model.days) {
    expect(replayed.get(`${day.userId} ${day.day} plan`) ?? null).toEqual(planJson(day));
    expect(replayed.get(`${day.userId} ${day.day} booking`) ?? null).toEqual(bookingJson(day));
  }
}
