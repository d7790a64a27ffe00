import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DayView } from '../src/workday/day-view.ts';
import { addOffice } from './support/directory.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/** The server's clock shows noon of 10 March 2026, a Tuesday, in UTC. The horizon is 14 days. */
const [YESTERDAY, TODAY, TOMORROW, HORIZON, BEYOND] = [
  '2026-03-09',
  '2026-03-10',
  '2026-03-11',
  '2026-03-24',
  '2026-03-25',
] as const;

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
});
afterAll(() => server.close());

describe('a day that is reset', () => {
  test('has its default from the week plan up to the horizon, and no plan beyond it', async () => {
    const { locationId, placeId } = work.office;
    await work.setWeek({ kind: 'o', locationId: null });
    for (const day of [TODAY, HORIZON, BEYOND]) await work.setDay(day, work.at(placeId));
    const atWeek = { plan: 'o', setBy: 'week', locationId, booking: { nodeId: locationId, setBy: 'engine' } };
    for (const day of [TODAY, HORIZON]) {
      expect(await work.ask('DELETE', work.dayPath(day))).toMatchObject(atWeek);
    }
    expect(await work.ask('DELETE', work.dayPath(BEYOND))).toMatchObject({ plan: null, setBy: null });
    await work.setDay(TOMORROW, { plan: 'a' });
    await work.setWeek(null);
    expect(await work.ask('DELETE', `${work.dayPath(TOMORROW)}?reason=Back`)).toMatchObject({ plan: null });
    expect((await work.log()).at(-1)).toMatchObject({
      action: 'deleted',
      changedBy: 'admin',
      reason: 'Back',
    });
  });

  test('is leave if there is leave, on either side of the horizon', async () => {
    await work.setWeek({ kind: 'r' });
    const leave = { eventId: 'e', email: work.user.email, eventType: 'scheduled', timeOffType: 'holiday' };
    await work.submit('timeoff', { timeOffEvents: [{ ...leave, startDate: HORIZON, endDate: BEYOND }] });
    for (const day of [HORIZON, BEYOND]) {
      await work.setDay(day, work.at());
      expect(await work.ask('DELETE', work.dayPath(day))).toMatchObject({ plan: 'a', setBy: 'leave' });
    }
    const cancelled = { ...leave, eventType: 'cancelled', startDate: HORIZON, endDate: HORIZON };
    await work.submit('timeoff', { timeOffEvents: [cancelled] });
    expect(await work.days(HORIZON)).toMatchObject([{ plan: 'r', setBy: 'week' }]);
  });

  test('of an inactive user has no plan', async () => {
    await work.setWeek({ kind: 'r' });
    await work.setDay(TODAY, { plan: 'a' });
    await work.sql(
      "UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2",
      work.user.userId,
    );
    expect(await work.ask('DELETE', work.dayPath(TODAY))).toMatchObject({ plan: null });
    expectProblem(await work.call('PUT', work.dayPath(TODAY), { plan: 'r' }), 404);
  });
});

describe('a booking that is cancelled', () => {
  test('makes the day remote, or the plan of the request; a day without a booking is a 404', async () => {
    const cancel = (query = '') => work.ask('DELETE', `${work.dayPath(TODAY)}/booking${query}`);
    for (const [query, plan] of [
      ['', 'r'],
      ['?plan=r', 'r'],
      ['?plan=a', 'a'],
      ['?plan=none', null],
    ] as const) {
      await work.setDay(TODAY, work.at(work.office.placeId));
      expect(await cancel(query)).toEqual({
        day: TODAY,
        plan,
        setBy: plan && 'day',
        locationId: null,
        locationName: null,
        version: expect.any(String),
      });
      expectProblem(await work.call('DELETE', `${work.dayPath(TODAY)}/booking`), 404);
    }
    await work.setDay(TODAY, work.at());
    await cancel('?reason=Ill');
    expect((await work.log()).at(-1)).toMatchObject({ action: 'cancelled', reason: 'Ill' });
    for (const query of ['plan=o', 'plan=x', 'plan=', 'reason=%00']) {
      const reply = await work.call('DELETE', `${work.dayPath(TODAY)}/booking?${query}`);
      expectProblem(reply, 400);
      expect(reply.json().errors).toMatchObject([{ path: query.split('=')[0] }]);
    }
  });

  test('must not be in the past', async () => {
    server.clock.advanceS(-86_400);
    await work.setDay(YESTERDAY, work.at());
    server.clock.advanceS(86_400);
    expectProblem(await work.call('DELETE', `${work.dayPath(YESTERDAY)}/booking`), 409);
    expect(await work.days(YESTERDAY)).toMatchObject([{ plan: 'o' }]);
  });
});

describe('the list of users at an office on a day', () => {
  type Answer = { items: (DayView & { userId: string; userName: string })[]; next: string | null };
  const list = (query: string) => work.ask<Answer>('GET', `days?${query}`);

  test('comes in pages, by user, and has each user once', async () => {
    const users = [work.user, ...(await Promise.all(Array.from({ length: 4 }, () => work.addUser())))];
    const other = await addOffice(server.db.owner, work.tenantId);
    for (const user of users) await work.setDay(TODAY, work.at(), user);
    const elsewhere = await work.addUser();
    await work.setDay(TODAY, { plan: 'o', locationId: other.locationId }, elsewhere);
    const query = `day=${TODAY}&locationId=${work.office.locationId.toUpperCase()}`;
    const whole = await list(query);
    expect(whole.next).toBeNull();
    expect(whole.items.map(({ userId }) => userId)).toEqual(users.map(({ userId }) => userId).sort());
    expect(whole.items[0]).toMatchObject({
      userName: users.find(({ userId }) => userId === whole.items[0]?.userId)?.userName,
      day: TODAY,
      plan: 'o',
      locationId: work.office.locationId,
      booking: { depth: 1 },
    });
    const paged: Answer['items'] = [];
    for (let more: string | null = ''; more !== null; ) {
      const page: Answer = await list(`${query}&limit=2${more}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      paged.push(...page.items);
      more = page.next === null ? null : `&after=${page.next}`;
    }
    expect(paged).toEqual(whole.items);
  });

  test('is empty for an unknown office, and a 400 without a day', async () => {
    for (const locationId of [randomUUID(), 'x', work.office.zoneId]) {
      expect(await list(`day=${TODAY}&locationId=${locationId}`)).toEqual({ items: [], next: null });
    }
    for (const query of ['', `day=${TODAY}`, `day=x&locationId=${work.office.locationId}`, 'locationId=x']) {
      expectProblem(await work.call('GET', `days?${query}`), 400);
    }
  });
});

test("another organisation's users are not found, and its offices are unknown", async () => {
  const other = await ManagedWorkplace.at(server);
  await other.setDay(TODAY, other.at(other.office.placeId));
  const path = work.dayPath(TODAY, other.user);
  const range = `users/${other.user.userId}/days?startDate=${TODAY}&endDate=${TODAY}`;
  for (const reply of [
    await work.call('GET', range),
    await work.call('PUT', path, { plan: 'r' }),
    await work.call('DELETE', path),
    await work.call('DELETE', `${path}/booking`),
    await work.call('GET', 'users/0/days?startDate=20260310&endDate=20260310'),
    await work.call('PUT', `users/${randomUUID()}/days/${TODAY}`, { plan: 'r' }),
  ]) {
    expectProblem(reply, 404);
  }
  expectProblem(await work.call('PUT', work.dayPath(TODAY), other.at()), 400);
  expectProblem(await work.call('PUT', work.dayPath(TODAY), work.at(other.office.placeId)), 400);
  expect(await work.ask('GET', `days?day=${TODAY}&locationId=${other.office.locationId}`)).toMatchObject({
    items: [],
  });
  expect(await other.days(TODAY)).toMatchObject([{ plan: 'o', booking: { depth: 3 } }]);
});
