import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ChangesClient } from './support/changes.ts';
import type { Row } from './support/consumer.ts';
import { addNode, addUser } from './support/directory.ts';
import { goodEvent, results } from './support/presence.ts';
import { setReporting, storeDays } from './support/workday.ts';

const changes = ChangesClient.forEachTest();
const { get, cursorOf, since, owned, write, follower, followed } = changes;

describe('Attendance', () => {
  const DAY = '2026-03-09';
  let silent: string;
  beforeEach(async () => {
    silent = (await addUser(changes.server.db.owner, changes.site.tenantId)).userId;
    const { locationId } = changes.site.office;
    await storeDays(changes.server.db.owner, changes.site.tenantId, [
      { userId: changes.site.user.userId, day: DAY, plan: 'o', locationId },
      { userId: silent, day: DAY, plan: 'o', locationId },
    ]);
  });
  const typeOf = (rows: Row[], userId: string) => rows.find((row) => row.userId === userId)?.attendanceType;
  const planOf = (userId: string, plan: string, locationId: string | null = null) =>
    owned(async (tx) => {
      const values = [changes.site.tenantId, userId, DAY];
      await tx.query('DELETE FROM bookings WHERE tenant_id = $1 AND user_id = $2 AND day = $3', values);
      await tx.query(
        `UPDATE day_plans SET plan = $4, location_id = $5 WHERE tenant_id = $1 AND user_id = $2 AND day = $3`,
        [...values, plan, locationId],
      );
    });

  test('the first badge at an office makes plans without presence noShow', async () => {
    const consumer = await follower('user-booking-attendance');
    expect(typeOf(consumer.rows(), silent)).toBe('unconfirmed');
    await results(changes.server, changes.site, [goodEvent(changes.site, { timestamp: `${DAY}T09:00:00Z` })]);
    const came = await followed(consumer);
    expect([typeOf(came, silent), typeOf(came, changes.site.user.userId)]).toEqual(['noShow', 'confirmed']);
  });

  test('a day that ends changes without any write, back and forth with the clock', async () => {
    changes.server.clock.nowMs = Date.parse('2026-03-09T23:59:59Z');
    const consumer = await follower('user-booking-attendance');
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
    changes.server.clock.advanceS(1);
    expect(typeOf(await followed(consumer), silent)).toBe('unconfirmed');
    changes.server.clock.advanceS(-1);
    await followed(consumer);
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
    changes.server.clock.advanceS(86_400);
    await followed(consumer);
    expect(await followed(consumer)).toEqual([]);
  });

  test('a new presence reporting changes all days of the office, and of no other', async () => {
    const { locationId } = changes.site.office;
    await storeDays(changes.server.db.owner, changes.site.tenantId, [
      { userId: silent, day: '2026-03-02', plan: 'o', locationId },
    ]);
    const consumer = await follower('user-booking-attendance');
    await setReporting(changes.server.db.owner, changes.site.tenantId, locationId, 'always');
    const came = await followed(consumer);
    expect(came.map((row) => row.attendanceType)).toEqual(['noShow', 'noShow', 'noShow']);
    // The horizon engine also writes settings.
    await write('UPDATE office_settings SET horizon_reached = $2 WHERE tenant_id = $1', '2026-03-24');
    expect(await followed(consumer)).toEqual([]);
    await setReporting(changes.server.db.owner, changes.site.tenantId, locationId, 'never');
    expect((await followed(consumer)).map((row) => row.attendanceType)).toEqual(
      came.map(() => 'unconfirmed'),
    );
  });

  test('re-dated events change the day that they leave and the day to which they move', async () => {
    await results(changes.server, changes.site, [
      goodEvent(changes.site, {
        timestamp: `${DAY}T23:30:00Z`,
        locationId: changes.site.office.locationId,
        locationType: 'location',
      }),
    ]);
    const walkIn = (await addUser(changes.server.db.owner, changes.site.tenantId)).userId;
    await results(changes.server, changes.site, [
      goodEvent(changes.site, { timestamp: `${DAY}T23:40:00Z`, userId: walkIn }),
    ]);
    const consumer = await follower('user-booking-attendance');
    const presence = await follower('presence');
    await write(
      "UPDATE nodes SET time_zone = 'Europe/Paris' WHERE tenant_id = $1 AND node_id = $2",
      changes.site.office.locationId,
    );
    await followed(consumer);
    await write(
      'UPDATE presence_events SET day = day + 1, written_xid = pg_current_xact_id() WHERE tenant_id = $1',
    );
    const came = await followed(consumer);
    const key = {
      userId: walkIn,
      day: `${DAY}T00:00:00.000Z`,
      attendanceLocationId: changes.site.office.locationId,
    };
    expect(came).toContainEqual({ ...key, deleted: true });
    expect(typeOf(came, silent)).toBe('unconfirmed');
    await followed(presence);
    expect(presence.rows().map((row) => row.day)).toEqual([
      '2026-03-10T00:00:00.000Z',
      '2026-03-10T00:00:00.000Z',
    ]);
  });

  test('an office with another time zone has other days that have ended', async () => {
    changes.server.clock.nowMs = Date.parse('2026-03-09T20:00:00Z');
    const consumer = await follower('user-booking-attendance');
    await write(
      "UPDATE nodes SET time_zone = 'Pacific/Kiritimati' WHERE tenant_id = $1 AND node_id = $2",
      changes.site.office.locationId,
    );
    expect(typeOf(await followed(consumer), silent)).toBe('unconfirmed');
    await write(
      "UPDATE nodes SET time_zone = 'UTC' WHERE tenant_id = $1 AND node_id = $2",
      changes.site.office.locationId,
    );
    await followed(consumer);
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
  });

  test('plans without an office are rows of their own, which appear and disappear', async () => {
    const { locationId } = changes.site.office;
    const consumer = await follower('user-booking-attendance');
    await planOf(silent, 'r');
    const [gone, remote] = [{ attendanceLocationId: locationId, deleted: true }, { plan: 'r' }];
    expect((await followed(consumer)).filter((row) => row.userId === silent)).toMatchObject([remote, gone]);
    await planOf(silent, 'a');
    expect(await followed(consumer)).toMatchObject([{ userId: silent, plan: 'a' }]);
    await write('DELETE FROM day_plans WHERE tenant_id = $1 AND user_id = $2', silent);
    expect(await followed(consumer)).toEqual([
      { userId: silent, day: `${DAY}T00:00:00.000Z`, deleted: true },
    ]);
  });

  test('the changes of all offices together equal the exports of all offices together', async () => {
    const other = await addNode(changes.server.db.owner, changes.site.tenantId, {
      kind: 'location',
      timeZone: 'UTC',
    });
    await write('UPDATE users SET primary_location_id = $2 WHERE tenant_id = $1', other);
    const here = await follower('user-booking-attendance', { locationId: changes.site.office.locationId });
    const there = await follower('user-booking-attendance', { locationId: other });
    await planOf(silent, 'r');
    await results(changes.server, changes.site, [
      goodEvent(changes.site, { timestamp: `${DAY}T09:00:00Z`, userId: silent }),
    ]);
    for (const consumer of [here, there]) await followed(consumer, 1);
    expect(here.rows()).toHaveLength(2);
    expect(there.rows()).toMatchObject([{ userId: silent, plan: 'r' }]);
  });

  test('changes are restricted to the dates, if given, and an unknown office has none', async () => {
    const cursor = await cursorOf('user-booking-attendance');
    await results(changes.server, changes.site, [goodEvent(changes.site, { timestamp: `${DAY}T09:00:00Z` })]);
    const of = (query: string) => since('user-booking-attendance', cursor, query);
    expect(await of('&startDate=2026-03-10&endDate=2026-03-31')).toEqual([]);
    expect(await of(`&locationId=${randomUUID()}`)).toEqual([]);
    expect(await of('&locationId=none')).toEqual([]);
    expect(await of(`&startDate=${DAY}&endDate=${DAY}`)).toHaveLength(2);
  });

  test('a deleted row in CSV has its key, and a column of its own that marks it', async () => {
    const cursor = await cursorOf('user-booking-attendance');
    await planOf(silent, 'r');
    const [header = '', ...lines] = (
      await get('user-booking-attendance', `changedSince=${cursor}&format=csv`)
    ).body
      .trim()
      .split('\r\n');
    const cells = lines.map((line) =>
      Object.fromEntries(line.split(',').map((cell, index) => [header.split(',')[index], cell])),
    );
    expect(cells.find((row) => row.deleted === 'true')).toMatchObject({
      userId: silent,
      plan: '',
      attendanceLocationId: changes.site.office.locationId,
    });
  });
});
