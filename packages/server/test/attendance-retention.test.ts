import fc from 'fast-check';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TASKS } from '../src/jobs/tasks.ts';
import type { Tx } from '../src/store/connections/db.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { outlastTransactions } from './support/transactions.ts';
import { storeDays } from './support/workday.ts';

const START_MS = Date.parse('2026-03-10T12:00:00Z');
const DAY_MS = 86_400_000;
const DAYS = Array.from({ length: 20 }, (_, i) => `2026-03-${String(i + 1).padStart(2, '0')}`);
const ATTENDANCE = 'user-booking-attendance';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  server.clock.nowMs = START_MS;
  await server.db.owner.inSystem((tx) => tx.query('DELETE FROM attendance_marks'));
  site = await addSite(server);
  await storeDays(
    server.db.owner,
    site.tenantId,
    DAYS.map((day) => ({ userId: site.user.userId, day, plan: 'r' })),
  );
});
afterAll(() => server.close());

const owned = <T>(work: (tx: Tx) => Promise<T>) => server.db.owner.inTenant(site.tenantId, work);
const get = (path: string, query: string, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url: `/v1/analytics/${path}/basic?${query}`, headers: site.headers });
const cursorOf = async () => String((await get('users', '')).headers['rollcall-cursor']);
const since = (cursor: string) => get(ATTENDANCE, `changedSince=${cursor}`);
const forget = (tx: Tx, day: string | undefined) =>
  tx.query('DELETE FROM day_plans WHERE tenant_id = $1 AND day = $2', [site.tenantId, day]);
const later = (days: number) => {
  server.clock.nowMs += days * DAY_MS;
};

async function prune(): Promise<void> {
  const task = TASKS.find(({ name }) => name === 'prune');
  await task?.run({
    database: server.db.restricted,
    target: server.db.target,
    clock: () => server.clock.nowMs,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
  });
}

/** The days of the deleted rows in an answer. */
const goneDays = (body: string) =>
  (JSON.parse(body) as { day: string; deleted?: boolean }[])
    .filter(({ deleted }) => deleted)
    .map(({ day }) => day.slice(0, 10));
const kept = () =>
  owned(
    async (tx) =>
      (await tx.query('SELECT FROM attendance_changes WHERE tenant_id = $1', [site.tenantId])).rowCount,
  );

test('the server keeps changes of attendance for 90 days, and then deletes them', async () => {
  await owned((tx) => forget(tx, DAYS[0]));
  await outlastTransactions(server.db.owner);
  await prune();
  later(89);
  await prune();
  expect(await kept()).toBe(1);
  await owned((tx) => forget(tx, DAYS[1]));
  await outlastTransactions(server.db.owner);
  later(1);
  await prune();
  expect(await kept()).toBe(1);
  later(90);
  await prune();
  expect(await kept()).toBe(0);
});

test('a cursor from before the kept changes is a 410 with an explanation, for attendance only', async () => {
  const old = await cursorOf();
  await owned((tx) => forget(tx, DAYS[0]));
  await outlastTransactions(server.db.owner);
  await prune();
  const young = await cursorOf();
  await owned((tx) => forget(tx, DAYS[1]));
  later(90);
  expect(goneDays((await since(old)).body)).toEqual([DAYS[0], DAYS[1]]);
  await prune();
  const refused = await since(old);
  expect(refused.statusCode).toBe(410);
  expect(refused.json()).toMatchObject({
    status: 410,
    detail: expect.stringMatching(/older than 90 days.*Load.*whole/),
  });
  expect((await get(ATTENDANCE, `changedSince=${old}`, 'HEAD')).statusCode).toBe(410);
  expect((await get('users', `changedSince=${old}`)).statusCode).toBe(200);
  expect((await get(ATTENDANCE, 'startDate=2026-03-01&endDate=2026-03-31')).statusCode).toBe(200);
  expect(goneDays((await since(young)).body)).toEqual([DAYS[1]]);
});

test('a cursor misses no change of a transaction that was open when the kept changes began', async () => {
  let cursor = '';
  await owned(async (tx) => {
    await forget(tx, DAYS[0]);
    await prune();
    cursor = await cursorOf();
  });
  later(90);
  await prune();
  expect(goneDays((await since(cursor)).body)).toEqual([DAYS[0]]);
});

test('the server ignores marks that were copied from another database', async () => {
  const cursor = await cursorOf();
  await server.db.owner.inSystem((tx) =>
    tx.query(`INSERT INTO attendance_marks VALUES ('another', '2020-01-01', '9000000000', true)`),
  );
  expect((await since(cursor)).statusCode).toBe(200);
  await prune();
  const { rows } = await server.db.owner.inSystem((tx) => tx.query('SELECT database FROM attendance_marks'));
  expect(rows.map(({ database }) => database)).not.toContain('another');
});

test('in any order of changes, cursors and job runs, a cursor of 90 days is valid and misses no change', async () => {
  const step = fc.oneof(
    fc.constantFrom('forget' as const, 'take' as const, 'prune' as const),
    fc.integer({ min: 1, max: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      await server.db.owner.inSystem((tx) => tx.query('DELETE FROM attendance_marks'));
      site = await addSite(server);
      const { userId } = site.user;
      await storeDays(
        server.db.owner,
        site.tenantId,
        DAYS.map((day) => ({ userId, day, plan: 'r' })),
      );
      const taken: { cursor: string; atMs: number; forgotten: number }[] = [];
      let forgotten = 0;
      for (const each of steps) {
        if (each === 'forget') await owned((tx) => forget(tx, DAYS[forgotten++]));
        else if (each === 'take')
          taken.push({ cursor: await cursorOf(), atMs: server.clock.nowMs, forgotten });
        else if (each === 'prune') await prune();
        else later(each);
      }
      for (const { cursor, atMs, forgotten: seen } of taken) {
        const reply = await since(cursor);
        const isOld = server.clock.nowMs - atMs > 90 * DAY_MS;
        if (isOld && reply.statusCode === 410) continue;
        expect(reply.statusCode).toBe(200);
        expect(goneDays(reply.body)).toEqual(DAYS.slice(seen, forgotten));
      }
    }),
    { numRuns: 25 },
  );
});
