import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { addUser, type TestUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { daysOf, TimeOffWorkplace } from './support/time-off.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
let workplace: TimeOffWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await TimeOffWorkplace.at(server);
});
afterAll(() => server.close());

test('a leave of three years makes each day away, and its cancellation resets them, in few round trips to the database', async () => {
  const { office, tenantId, user } = workplace;
  const booked = Object.keys(daysOf('2026-03-10', '2026-04-30', ''));
  await storeDays(
    server.db.owner,
    tenantId,
    booked.map((day) => ({ userId: user.userId, day, plan: 'o', locationId: office.locationId })),
  );
  await workplace.setWeek({ kind: 'r' });
  const scheduling = await costOf(() => workplace.apply('scheduled', '2026-03-10', '2029-03-09'));
  expect(Object.keys(await workplace.plans())).toHaveLength(1_096);
  expect(await workplace.plans()).toEqual(daysOf('2026-03-10', '2029-03-09', 'a leave'));
  expect(await workplace.bookings()).toEqual({});
  expect(await workplace.log()).toHaveLength(1_096 + booked.length);
  const cancelling = await costOf(() => workplace.apply('cancelled', '2026-03-10', '2029-03-09'));
  expect(await workplace.plans()).toEqual(daysOf('2026-03-10', '2026-03-24', 'r week'));
  expect(scheduling.roundTrips).toBeLessThan(200);
  expect(cancelling.roundTrips).toBeLessThan(200);
});

test('more days than one transaction takes are done in the order of the request', async () => {
  const { email } = workplace.user;
  const others: TestUser[] = [];
  while (others.length < 6) others.push(await addUser(server.db.owner, workplace.tenantId));
  const [startDate, endDate] = ['2026-03-10', '2036-03-16'];
  const results = await workplace.send(
    ...[email, ...others.map((other) => other.email)].map((each, n) =>
      workplace.event({ eventId: `s${n}`, email: each, startDate, endDate }),
    ),
    workplace.event({ eventId: 'nobody', email: 'nobody@example.com' }),
    workplace.event({ eventId: 'c', eventType: 'cancelled', startDate: '2026-03-11', endDate }),
  );
  expect(results.map(({ eventId, resultCode }) => `${eventId} ${resultCode}`)).toEqual([
    ...Array.from({ length: 7 }, (_, n) => `s${n} 0`),
    'nobody 1',
    'c 0',
  ]);
  expect(await workplace.plans()).toEqual({ '2026-03-10': 'a leave' });
  for (const other of others) {
    expect(Object.keys(await workplace.plans(other))).toHaveLength(3_660);
    expect(await workplace.leaves(other)).toEqual([`${startDate} ${endDate}`]);
  }
});

test('a thousand events are one request', async () => {
  const { email } = workplace.user;
  const results = await workplace.send(
    ...Array.from({ length: 1_000 }, (_, n) => {
      const day = new Date(Date.UTC(2026, 2, 10 + n)).toISOString().slice(0, 10);
      return workplace.event({ eventId: String(n), email, startDate: day, endDate: day });
    }),
  );
  expect(results.map(({ eventId, resultCode }) => `${eventId} ${resultCode}`)).toEqual(
    Array.from({ length: 1_000 }, (_, n) => `${n} 0`),
  );
  expect(Object.keys(await workplace.plans())).toHaveLength(1_000);
  expect(await workplace.leaves()).toHaveLength(1_000);
});
