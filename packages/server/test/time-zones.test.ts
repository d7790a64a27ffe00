import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { restore } from '../src/store/backup/restore.ts';
import { Database } from '../src/store/connections/db.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import { listUnknownTimeZones } from '../src/store/schema/time-zones.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { runHorizon } from '../src/workday/horizon.ts';
import { AttendanceClient } from './support/attendance.ts';
import { backupToBuffer, createEmptyDatabase, opening } from './support/backup.ts';
import { addOffice, addUser, type Office, type TestUser } from './support/directory.ts';
import { manageClient } from './support/manage.ts';
import { addSite, goodEvent, results, type Site } from './support/presence.ts';
import { startTestServer } from './support/server.ts';
import { forgetTimeZone } from './support/time-zones.ts';
import { storeDays } from './support/workday.ts';

const UNKNOWN = 'Mars/Base';
/** One of IANA's backward links, which this PostgreSQL lacks. */
const ALIAS = 'US/Pacific-New';
const DAY = '2026-03-10';

const server = await startTestServer();
afterAll(() => server.close());
const { db } = server;
let site: Site;
let lost: Office;
let marsian: TestUser;
beforeEach(async () => {
  server.clock.nowMs = Date.parse(`${DAY}T12:00:00Z`);
  site = await addSite(server, 'Europe/London');
  lost = await addOffice(db.owner, site.tenantId, 'Europe/Paris');
  marsian = await addUser(db.owner, site.tenantId, { primaryLocationId: lost.locationId });
  await storeDays(db.owner, site.tenantId, [
    { userId: site.user.userId, day: DAY, plan: 'o', locationId: site.office.locationId },
    { userId: marsian.userId, day: DAY, plan: 'o', locationId: lost.locationId },
  ]);
});

const settle = () => migrate(db.target);
const unknown = () => db.owner.inSystem(listUnknownTimeZones);
const ofSite = async () => {
  const { slug } = await db.owner.inTenant(site.tenantId, async (tx) => {
    const { rows } = await tx.query<{ slug: string }>('SELECT slug FROM current_organisation()');
    return rows[0] ?? expect.fail();
  });
  return (await unknown()).filter(({ organisation }) => organisation === slug);
};
const storedZone = async () => {
  const { rows } = await db.owner.inTenant(site.tenantId, (tx) =>
    tx.query('SELECT time_zone, unknown_time_zone FROM nodes WHERE tenant_id = $1 AND node_id = $2', [
      site.tenantId,
      lost.locationId,
    ]),
  );
  return rows[0];
};
const redatings = async () => {
  const { rows } = await db.owner.inTenant(site.tenantId, (tx) =>
    tx.query(
      'SELECT from_time_zone, to_time_zone FROM office_redatings WHERE tenant_id = $1 AND location_id = $2',
      [site.tenantId, lost.locationId],
    ),
  );
  return rows;
};

describe('an office whose time zone the database does not know', () => {
  beforeEach(async () => {
    await forgetTimeZone(db, site.tenantId, lost.locationId, UNKNOWN);
    await settle();
  });

  test('is listed, with the time zone', async () => {
    const [named, ...others] = await ofSite();
    expect(others).toEqual([]);
    expect(named).toMatchObject({ office: expect.stringContaining('location'), timeZone: UNKNOWN });
  });

  test('has its events refused with the reason, and other offices have not', async () => {
    const [there, here] = await results(server, site, [
      goodEvent(site, { eventId: 'there', locationId: lost.placeId }),
      goodEvent(site, { eventId: 'here' }),
    ]);
    expect(there).toEqual({
      eventId: 'there',
      resultCode: 2,
      message: `locationId is in an office with the time zone ${UNKNOWN}, which the database does not know`,
    });
    expect(here).toMatchObject({ resultCode: 0 });
  });

  test('breaks no export', async () => {
    await results(server, site, [goodEvent(site)]);
    const client = new AttendanceClient(server, site.key);
    for (const { path, filters } of datasets) {
      const dates = filters.includes('dates')
        ? { startDate: '2026-03-01', endDate: '2026-03-31' }
        : undefined;
      await client.rows(path, dates ?? {});
    }
  });

  test('is missing in attendance and metrics, and other offices are not', async () => {
    await results(server, site, [goodEvent(site)]);
    const client = new AttendanceClient(server, site.key);
    const attendance = await client.attendance(DAY);
    expect(attendance.map((row) => [row.userId, row.attendanceLocationId, row.attendanceType])).toEqual([
      [site.user.userId, site.office.locationId, 'confirmed'],
    ]);
    const metrics = await client.rows<{ locationId: string }>('metrics', {
      startDate: DAY,
      endDate: DAY,
    });
    expect(new Set(metrics.map(({ locationId }) => locationId))).toEqual(new Set([site.office.locationId]));
  });

  test('is skipped by the horizon engine, which logs it and continues with the others', async () => {
    const ada = await addUser(db.owner, site.tenantId, { primaryLocationId: site.office.locationId });
    await db.owner.inTenant(site.tenantId, (tx) =>
      tx.query(
        `INSERT INTO week_plans (tenant_id, user_id, weekday, plan)
         SELECT $1, u, d, 'r' FROM unnest($2::uuid[]) AS u, generate_series(1, 7) AS d`,
        [site.tenantId, [ada.userId, marsian.userId]],
      ),
    );
    const warned: unknown[] = [];
    const log = { info: () => undefined, warn: (entry: unknown) => warned.push(entry), error: expect.fail };
    const report = await runHorizon({ database: db.restricted, clock: server.clock.read, log });
    expect(report.failedTenantIds).toEqual([]);
    const { rows } = await db.owner.inTenant(site.tenantId, (tx) =>
      tx.query<{ id: string }>(
        'SELECT DISTINCT user_id AS id FROM day_plans WHERE tenant_id = $1 AND day > $2::date',
        [site.tenantId, DAY],
      ),
    );
    expect(rows.map(({ id }) => id)).toEqual([ada.userId]);
    expect(warned).toContainEqual({
      tenantId: site.tenantId,
      locationId: lost.locationId,
      timeZone: UNKNOWN,
    });
  });

  test('is shown with its original time zone, can be renamed with it, and works again with another one', async () => {
    const { patch, get } = await manageClient(server, site.tenantId);
    const path = `locations/${lost.locationId}`;
    expect(await get(path)).toMatchObject({ timeZone: UNKNOWN });
    await patch(path, { locationName: 'Olympus' });
    expect(await get(path)).toMatchObject({ locationName: 'Olympus', timeZone: UNKNOWN });
    expect(await storedZone()).toEqual({ time_zone: 'UTC', unknown_time_zone: UNKNOWN });
    expect(await redatings()).toEqual([]);

    await patch(path, { timeZone: 'UTC' });
    expect(await storedZone()).toEqual({ time_zone: 'UTC', unknown_time_zone: null });
    expect(await redatings()).toEqual([{ from_time_zone: UNKNOWN, to_time_zone: 'UTC' }]);
    const [there] = await results(server, site, [goodEvent(site, { locationId: lost.placeId })]);
    expect(there).toMatchObject({ resultCode: 0 });
    expect(await ofSite()).toEqual([]);
  });
});

test('an office gets its original time zone back when the database knows it', async () => {
  await forgetTimeZone(db, site.tenantId, lost.locationId, UNKNOWN);
  await settle();
  // Simulates that the database learned the name: the stored zone is one that it knows.
  await db.owner.inTenant(site.tenantId, (tx) =>
    tx.query(`UPDATE nodes SET unknown_time_zone = 'Asia/Tokyo' WHERE tenant_id = $1 AND node_id = $2`, [
      site.tenantId,
      lost.locationId,
    ]),
  );
  await settle();
  expect(await storedZone()).toEqual({ time_zone: 'Asia/Tokyo', unknown_time_zone: null });
  expect(await redatings()).toEqual([]);
});

test('an alias of a known time zone is replaced by its name, and no event changes its day', async () => {
  await forgetTimeZone(db, site.tenantId, lost.locationId, ALIAS);
  await settle();
  expect(await storedZone()).toEqual({ time_zone: 'America/Los_Angeles', unknown_time_zone: null });
  expect(await redatings()).toEqual([]);
  expect(await ofSite()).toEqual([]);
});

test('an alias that a caller sets is stored as the name of its time zone', async () => {
  const { patch, get } = await manageClient(server, site.tenantId);
  await patch(`locations/${lost.locationId}`, { timeZone: ALIAS });
  expect(await get(`locations/${lost.locationId}`)).toMatchObject({ timeZone: 'America/Los_Angeles' });
});

test('an unknown time zone of an organisation is listed, and its users without an office use UTC', async () => {
  await db.owner.inSystem(async (tx) => {
    await tx.query('ALTER TABLE organisations DISABLE TRIGGER USER');
    await tx.query('UPDATE organisations SET time_zone = $2 WHERE tenant_id = $1', [site.tenantId, UNKNOWN]);
    await tx.query('ALTER TABLE organisations ENABLE TRIGGER USER');
  });
  await settle();
  expect(await ofSite()).toMatchObject([{ office: null, timeZone: UNKNOWN }]);
  const { patch, get } = await manageClient(server, site.tenantId);
  expect(await get('organisation')).toMatchObject({ timeZone: UNKNOWN });
  const log = { info: () => undefined, warn: () => undefined, error: expect.fail };
  const report = await runHorizon({ database: db.restricted, clock: server.clock.read, log });
  expect(report.failedTenantIds).toEqual([]);
  await patch('organisation', { timeZone: 'Asia/Tokyo' });
  expect(await ofSite()).toEqual([]);
});

test('a restore checks the time zones of its rows', async () => {
  await forgetTimeZone(db, site.tenantId, lost.locationId, UNKNOWN);
  await forgetTimeZone(db, site.tenantId, site.office.locationId, ALIAS);
  const { file } = await backupToBuffer(db.target);
  await forgetTimeZone(db, site.tenantId, lost.locationId, 'UTC');
  const { target, drop } = await createEmptyDatabase();
  onTestFinished(drop);
  await restore({ target, input: opening(file) });
  const owner = new Database({ target, as: 'owner', poolSize: 1, exportPoolSize: 1 });
  onTestFinished(() => owner.close());
  const { rows } = await owner.inTenant(site.tenantId, (tx) =>
    tx.query(
      `SELECT node_id, time_zone, unknown_time_zone FROM nodes WHERE tenant_id = $1 AND kind = 'location'`,
      [site.tenantId],
    ),
  );
  expect(rows).toHaveLength(2);
  expect(rows).toEqual(
    expect.arrayContaining([
      { node_id: lost.locationId, time_zone: 'UTC', unknown_time_zone: UNKNOWN },
      { node_id: site.office.locationId, time_zone: 'America/Los_Angeles', unknown_time_zone: null },
    ]),
  );
});
