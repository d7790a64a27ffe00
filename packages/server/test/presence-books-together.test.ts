import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ShownKey } from '../src/auth/manage-keys.ts';
import { AttendanceClient } from './support/attendance.ts';
import { seeingAll } from './support/backup.ts';
import { addNode, addOffice, addUser, type Office } from './support/directory.ts';
import { untilAllWait, whileLocked } from './support/locks.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Horizon } from './workday/horizon-support.ts';
import { readCounterFaults, readDay, readStored } from './workday/support.ts';

const DAY = '2026-03-10';
const NEXT_DAY = '2026-03-11';

let server: TestServer;
let tenantId: string;
let keys: ShownKey[];
let office: Office;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  server.clock.nowMs = Date.parse(`${DAY}T12:00:00Z`);
  tenantId = await server.organisation();
  keys = [await server.key(tenantId), await server.key(tenantId)];
  office = await addOffice(server.db.owner, tenantId, 'Europe/Paris');
  await new Horizon(server.db, tenantId).setOffice(office.locationId, { desk_presence: 'book' });
});

/** Adds users, and desks at which they will be detected. */
interface Sitter {
  userId: string;
  deskId: string;
}

async function addSitters(count: number): Promise<Sitter[]> {
  const sitters = [];
  for (let index = 0; index < count; index++) {
    const deskId = await addNode(server.db.owner, tenantId, { kind: 'place', parentId: office.zoneId });
    sitters.push({ userId: (await addUser(server.db.owner, tenantId)).userId, deskId });
  }
  return sitters;
}

const sit = (sitter: Sitter, at: string, key = keys[0] as ShownKey) =>
  new AttendanceClient(server, key).submit([
    { userId: sitter.userId, nodeId: sitter.deskId, kind: 'place', at },
  ]);

/** Blocks all reads of plans until every request that `send` starts waits for them. */
const together = <T>(send: (() => Promise<T>) | ((onSent: () => void) => Promise<T>)) =>
  whileLocked(server.db.target, 'day_plans', 'ACCESS EXCLUSIVE', send);

const deskOf = async (userId: string, day = DAY) =>
  (await readDay(server.db.owner, tenantId, userId, day)).bookedNodeId;

test('concurrent desk presence books desks together, and each booking names the key that submitted it', async () => {
  const sitters = await addSitters(20);
  const keyOf = (index: number) => keys[index % 2] as ShownKey;
  await together(() =>
    Promise.all(sitters.map((sitter, index) => sit(sitter, `${DAY}T08:00:00Z`, keyOf(index)))),
  );
  for (const { userId, deskId } of sitters) expect(await deskOf(userId)).toBe(deskId);
  expect(await readCounterFaults(server.db.owner, tenantId)).toEqual([]);
  const log = await new AttendanceClient(server, keyOf(0)).rows<Record<string, unknown>>('change-log/user', {
    startDate: DAY,
    endDate: DAY,
  });
  const expected = sitters.flatMap(({ userId }, index) => [
    [userId, 'plan', keyOf(index).apiKey],
    [userId, 'booking', keyOf(index).apiKey],
  ]);
  const logged = log.map(({ userId, category, changedByName }) => [userId, category, changedByName]);
  expect(logged.toSorted()).toEqual(expected.toSorted());
  const { rows } = await seeingAll(server.db.target, (client) =>
    client.query('SELECT count(DISTINCT written_xid)::int AS commits FROM bookings WHERE tenant_id = $1', [
      tenantId,
    ]),
  );
  // One commit for the first request, and one for the others.
  expect(rows[0].commits).toBeLessThan(5);
});

test('bookings before and after midnight at the office, made together, each have their own day', async () => {
  const [first, early, late] = (await addSitters(3)) as [Sitter, Sitter, Sitter];
  await together(async (onSent: () => void) => {
    server.clock.nowMs = Date.parse(`${DAY}T22:59:59Z`);
    const sent = [sit(first, `${DAY}T22:59:58Z`)];
    await untilAllWait(server.db.target);
    sent.push(sit(early, `${DAY}T22:59:58Z`));
    await untilAllWait(server.db.target);
    server.clock.nowMs = Date.parse(`${DAY}T23:00:01Z`);
    sent.push(sit(late, `${DAY}T23:00:00Z`));
    onSent();
    await Promise.all(sent);
  });
  expect(await deskOf(early.userId)).toBe(early.deskId);
  expect(await deskOf(early.userId, NEXT_DAY)).toBeUndefined();
  expect(await deskOf(late.userId, NEXT_DAY)).toBe(late.deskId);
  expect(await deskOf(late.userId)).toBeUndefined();
});

test('a failed booking of one user does not prevent those of others', async () => {
  const sitters = await addSitters(6);
  const [, , poison] = sitters as [Sitter, Sitter, Sitter];
  await seeingAll(server.db.target, (client) =>
    client.query(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'poison'; END $$;
      GRANT EXECUTE ON FUNCTION refuse_poison() TO PUBLIC;
      CREATE TRIGGER refuse_poison BEFORE INSERT ON bookings FOR EACH ROW
        WHEN (NEW.user_id = '${poison.userId}') EXECUTE FUNCTION refuse_poison()`),
  );
  await together(() => Promise.all(sitters.map((sitter) => sit(sitter, `${DAY}T08:00:00Z`))));
  for (const sitter of sitters) {
    expect(await deskOf(sitter.userId)).toBe(sitter === poison ? undefined : sitter.deskId);
  }
  const { bookings, plans } = await readStored(server.db.owner, tenantId);
  expect([bookings.length, plans.length]).toEqual([5, 5]);
  const client = new AttendanceClient(server, keys[0] as ShownKey);
  expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(6);
});
