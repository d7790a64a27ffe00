import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/server.ts';
import { daysOf, TimeOffWorkplace } from './support/time-off.ts';
import { storeDays } from './support/workday.ts';

// The clock shows noon of Tuesday, 10 March 2026.
const TODAY = '2026-03-10';

let server: TestServer;
let workplace: TimeOffWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await TimeOffWorkplace.at(server);
});
afterAll(() => server.close());

const store = (days: Omit<Parameters<typeof storeDays>[2][number], 'userId'>[]) =>
  storeDays(
    server.db.owner,
    workplace.tenantId,
    days.map((day) => ({ userId: workplace.user.userId, ...day })),
  );

describe('scheduled', () => {
  test('makes each day from today on away, and leaves past days alone', async () => {
    await store([{ day: '2026-03-09', plan: 'r' }]);
    await workplace.apply('scheduled', '2026-03-08', '2026-03-12');
    expect(await workplace.plans()).toEqual({
      '2026-03-09': 'r week',
      ...daysOf(TODAY, '2026-03-12', 'a leave'),
    });
    expect(await workplace.leaves()).toEqual(['2026-03-08 2026-03-12']);
  });

  test('frees bookings, and logs the two changes as one action', async () => {
    const { locationId, zoneId, placeId: nodeId } = workplace.office;
    await store([
      { day: TODAY, plan: 'o', locationId, booking: { nodeId, kind: 'place', zoneId } },
      { day: '2026-03-13', plan: 'o', locationId },
    ]);
    await workplace.apply('scheduled', TODAY, '2026-03-11', { timeOffType: 'sick' });
    expect(await workplace.bookings()).toEqual({ '2026-03-13': locationId });
    const log = await workplace.log();
    const by = {
      changedBy: 'integration',
      changedByName: expect.any(String),
      reason: 'Leave scheduled (sick)',
    };
    expect(log).toMatchObject([
      { day: TODAY, category: 'plan', action: 'changed', ...by },
      { day: TODAY, category: 'booking', action: 'cancelled', ...by },
      { day: '2026-03-11', category: 'plan', action: 'created', ...by },
    ]);
    expect(log[0]?.actionId).toBe(log[1]?.actionId);
    expect(log[2]?.actionId).not.toBe(log[1]?.actionId);
  });

  test('again stores and logs nothing', async () => {
    const again = () => workplace.apply('scheduled', TODAY, '2026-03-20', { timeOffType: 'holiday' });
    await again();
    const before = [await workplace.leaves(), await workplace.plans(), await workplace.log()];
    await again();
    expect([await workplace.leaves(), await workplace.plans(), await workplace.log()]).toEqual(before);
    await workplace.apply('scheduled', TODAY, '2026-03-20', { timeOffType: 'sick' });
    expect(await workplace.leaves()).toEqual(['2026-03-10 2026-03-20 holiday', '2026-03-10 2026-03-20 sick']);
  });
});

describe('cancelled', () => {
  test('returns to the week plan up to the horizon, and deletes the plan beyond it', async () => {
    await workplace.setHorizon(5);
    await workplace.setWeek({ kind: 'o', locationId: null });
    await workplace.apply('scheduled', '2026-03-01', '2026-03-31');
    await workplace.apply('cancelled', '2026-03-01', '2026-03-31');
    expect(await workplace.plans()).toEqual(daysOf(TODAY, '2026-03-15', 'o week'));
    expect(await workplace.bookings()).toEqual(daysOf(TODAY, '2026-03-15', workplace.office.locationId));
    expect(await workplace.leaves()).toEqual([]);
    expect((await workplace.log()).at(-1)).toMatchObject({ action: 'deleted', reason: 'Leave cancelled' });
  });

  test('works inside the horizon, beyond it, and without an office', async () => {
    await workplace.setWeek({ kind: 'r' });
    await workplace.apply('scheduled', TODAY, '2026-04-30');
    await workplace.apply('cancelled', '2026-03-20', '2026-03-24');
    await workplace.apply('cancelled', '2026-04-01', '2026-04-30');
    expect(await workplace.plans()).toEqual({
      ...daysOf(TODAY, '2026-03-31', 'a leave'),
      ...daysOf('2026-03-20', '2026-03-24', 'r week'),
    });
    await server.db.owner.inTenant(workplace.tenantId, (tx) =>
      tx.query('UPDATE users SET primary_location_id = NULL WHERE tenant_id = $1', [workplace.tenantId]),
    );
    await workplace.apply('cancelled', TODAY, '2026-03-31');
    expect(await workplace.plans()).toEqual(daysOf(TODAY, '2026-03-24', 'r week'));
  });

  test('on a weekday without a plan, or with one at a closed office, leaves no plan', async () => {
    await workplace.apply('scheduled', TODAY, '2026-03-11');
    await workplace.apply('cancelled', TODAY);
    expect(await workplace.plans()).toEqual({ '2026-03-11': 'a leave' });
    await workplace.setWeek({ kind: 'o', locationId: null });
    await server.db.owner.inTenant(workplace.tenantId, (tx) =>
      tx.query("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND kind = 'location'", [
        workplace.tenantId,
      ]),
    );
    await workplace.apply('cancelled', '2026-03-11');
    expect(await workplace.plans()).toEqual({});
  });

  test('before it was scheduled changes nothing', async () => {
    await workplace.setWeek({ kind: 'r' });
    await store([
      { day: '2026-03-12', plan: 'a', setBy: 'day' },
      { day: '2026-03-13', plan: 'o', locationId: workplace.office.locationId, setBy: 'day' },
    ]);
    const before = await workplace.plans();
    await workplace.apply('cancelled', TODAY, '2026-03-20');
    expect(await workplace.plans()).toEqual(before);
    expect(await workplace.log()).toEqual([]);
    expect(await workplace.refused()).toEqual([]);
  });

  test('past days stay as they are', async () => {
    await workplace.setWeek({ kind: 'r' });
    await store([{ day: '2026-03-09', plan: 'a', setBy: 'leave' }]);
    await workplace.apply('scheduled', '2026-03-09', TODAY);
    await workplace.apply('cancelled', '2026-03-09', TODAY);
    expect(await workplace.plans()).toEqual({ '2026-03-09': 'a leave', [TODAY]: 'r week' });
  });

  test('loses a one-day change before the leave, and keeps other days away and later changes', async () => {
    const { locationId } = workplace.office;
    await workplace.setWeek({ kind: 'r' });
    await store([
      { day: TODAY, plan: 'o', locationId, setBy: 'day' },
      { day: '2026-03-11', plan: 'a', setBy: 'day' },
      { day: '2026-03-12', plan: 'a', setBy: 'week' },
    ]);
    await workplace.apply('scheduled', TODAY, '2026-03-14');
    await server.db.owner.inTenant(workplace.tenantId, (tx) =>
      tx.query(
        "UPDATE day_plans SET plan = 'r', set_by = 'day' WHERE tenant_id = $1 AND day = '2026-03-13'",
        [workplace.tenantId],
      ),
    );
    await workplace.apply('cancelled', TODAY, '2026-03-14');
    expect(await workplace.plans()).toEqual({
      [TODAY]: 'r week',
      '2026-03-11': 'a day',
      '2026-03-12': 'a week',
      '2026-03-13': 'r day',
      '2026-03-14': 'r week',
    });
  });

  test('in part cuts or splits a leave, whatever its type', async () => {
    await workplace.apply('scheduled', '2026-03-11', '2026-03-20', { timeOffType: 'holiday' });
    await workplace.apply('cancelled', '2026-03-14', '2026-03-15', { timeOffType: 'sick' });
    expect(await workplace.leaves()).toEqual([
      '2026-03-11 2026-03-13 holiday',
      '2026-03-16 2026-03-20 holiday',
    ]);
    await workplace.apply('cancelled', '2026-03-13', '2026-03-16');
    await workplace.apply('cancelled', '2026-03-20', '2026-03-25');
    expect(await workplace.leaves()).toEqual([
      '2026-03-11 2026-03-12 holiday',
      '2026-03-17 2026-03-19 holiday',
    ]);
    expect(await workplace.plans()).toEqual({
      ...daysOf('2026-03-11', '2026-03-12', 'a leave'),
      ...daysOf('2026-03-17', '2026-03-19', 'a leave'),
    });
  });

  test('removes the days from all overlapping leaves, and a repeat removes no more', async () => {
    await workplace.setWeek({ kind: 'r' });
    await workplace.apply('scheduled', '2026-03-11', '2026-03-14');
    await workplace.apply('scheduled', '2026-03-13', '2026-03-16', { timeOffType: 'sick' });
    await workplace.apply('scheduled', '2026-03-12', '2026-03-13', { timeOffType: 'sick' });
    for (const _ of ['once', 'again']) {
      await workplace.apply('cancelled', '2026-03-11', '2026-03-14');
      expect(await workplace.leaves()).toEqual(['2026-03-15 2026-03-16 sick']);
      expect(await workplace.plans()).toEqual({
        ...daysOf('2026-03-11', '2026-03-14', 'r week'),
        ...daysOf('2026-03-15', '2026-03-16', 'a leave'),
      });
    }
    await workplace.apply('cancelled', '2026-03-01', '2026-03-31');
    expect(await workplace.plans()).toEqual(daysOf('2026-03-11', '2026-03-16', 'r week'));
  });

  test('and then scheduled again makes the days leave again', async () => {
    await workplace.apply('scheduled', '2026-03-11', '2026-03-14');
    await workplace.apply('cancelled', '2026-03-12', '2026-03-20');
    await workplace.apply('scheduled', '2026-03-11', '2026-03-14');
    expect(await workplace.plans()).toEqual(daysOf('2026-03-11', '2026-03-14', 'a leave'));
    await workplace.apply('cancelled', '2026-03-11', '2026-03-14');
    expect([await workplace.plans(), await workplace.leaves()]).toEqual([{}, []]);
  });
});

describe('the events of one request', () => {
  const scheduled = { eventType: 'scheduled', startDate: TODAY, endDate: TODAY };
  const cancelled = { ...scheduled, eventType: 'cancelled' };

  test('apply in their order', async () => {
    const { locationId, zoneId, placeId: nodeId } = workplace.office;
    await workplace.setWeek({ kind: 'o', locationId: null });
    await store([
      { day: TODAY, plan: 'o', locationId, setBy: 'day', booking: { nodeId, kind: 'place', zoneId } },
    ]);
    await workplace.send(workplace.event(scheduled), workplace.event(cancelled));
    expect(await workplace.plans()).toEqual({ [TODAY]: 'o week' });
    expect(await workplace.bookings()).toEqual({ [TODAY]: locationId });
    expect((await workplace.log()).map(({ category, reason }) => [category, reason])).toEqual([
      ['plan', 'Leave scheduled'],
      ['booking', 'Leave scheduled'],
      ['plan', 'Leave cancelled'],
      ['booking', 'Leave cancelled'],
    ]);
    await workplace.send(workplace.event(cancelled), workplace.event(scheduled));
    expect(await workplace.plans()).toEqual({ [TODAY]: 'a leave' });
    await workplace.send(
      ...[cancelled, scheduled, cancelled, scheduled].map((each) => workplace.event(each)),
    );
    expect(await workplace.plans()).toEqual({ [TODAY]: 'a leave' });
    expect(await workplace.leaves()).toEqual([`${TODAY} ${TODAY}`]);
    expect(await workplace.log()).toHaveLength(6);
  });

  test('and of concurrent requests for the same user are all applied', async () => {
    const days = Array.from({ length: 12 }, (_, n) => `2026-04-${String(n + 1).padStart(2, '0')}`);
    await Promise.all(days.map((day) => workplace.apply('scheduled', day, '2026-04-20')));
    await Promise.all(days.map((day) => workplace.apply('cancelled', day)));
    expect(await workplace.plans()).toEqual(daysOf('2026-04-13', '2026-04-20', 'a leave'));
    expect(await workplace.leaves()).toEqual(['2026-04-13 2026-04-20']);
  });
});
