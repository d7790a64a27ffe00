import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { importFolder } from '../src/folder-import/import-folder.ts';
import { noteNamesWritten } from '../src/store/privacy/ended-names.ts';
import { ChangesClient } from './support/changes.ts';
import { addNode } from './support/directory.ts';
import { IN_MAY_2027, NamesClient } from './support/ended-names.ts';
import { setRetention } from './support/retention.ts';
import { until } from './support/waiting.ts';
import { logChanges, storeDays } from './support/workday.ts';

/*
 * The end of names meets other work, before, after and at the same time. `end-of-names.test.ts` has what it does by itself.
 */

const client = ChangesClient.forEachTest();
const { at, enforce, submit, arrive, stored, usersOf, closeYears } = new NamesClient(client);
beforeEach(() => at('2026-05-01T12:00:00Z'));
const ended = () =>
  stored('SELECT kind, done_before::text AS done FROM ended_names WHERE tenant_id = $1 ORDER BY kind');
const years = () => stored('SELECT year, closed FROM pseudonym_keys WHERE tenant_id = $1 ORDER BY year');
/** Writes an export of a day and gives a function that imports it again, and answers what it stored, had already, and refused. */
async function exported(day: string, ...datasets: string[]): Promise<() => Promise<unknown[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-orders-'));
  for (const dataset of datasets) {
    await mkdir(join(directory, ...dataset.split('/')), { recursive: true });
    const reply = await client.get(dataset, `startDate=${day}&endDate=${day}`);
    expect(reply.statusCode, reply.body).toBe(200);
    await writeFile(join(directory, dataset, 'all.json'), reply.rawPayload);
  }
  await writeFile(join(directory, 'manifest.json'), '{}');
  return async () => {
    const { tenantId } = client.site;
    const options = { directory, tenantId, timeZone: 'UTC', replaceDays: false, dryRun: false };
    const { clock, db } = client.server;
    const report = await importFolder({ ...options, database: db.owner, clock: clock.read });
    await rm(directory, { recursive: true });
    return report.datasets.map(({ dataset, stored, already, refused }) => [
      dataset,
      stored,
      already,
      refused,
    ]);
  };
}

test('a limit that somebody sets while the job waits counts from the next run on, and holds up nothing', async () => {
  await submit({ timestamp: '2026-03-30T09:00:00Z' });
  await setRetention(client, { names: null });
  at(IN_MAY_2027);
  let done: Promise<void> | undefined;
  await client.owned(async (tx) => {
    await tx.query('SELECT FROM nodes LIMIT 1');
    done = enforce();
    // It waits for this transaction.
    await until(async () => (await ended()).length === 1);
    await setRetention(client, { names: 'P13M' });
  });
  await done;
  expect(await usersOf('presence_events')).toEqual([client.site.user.userId]);
  await enforce();
  expect(await usersOf('presence_events')).not.toContain(client.site.user.userId);
});

test.each([
  ['no day is known to be done', null],
  ['the job is at an earlier day', '2026-03-10'],
  ['the job is at this day', '2026-03-15'],
])('rows that an import writes while the job runs are found: %s', async (_, done) => {
  const { site, server } = client;
  for (const day of ['2026-03-10', '2026-03-20']) await submit({ timestamp: `${day}T09:00:00Z` });
  at(IN_MAY_2027);
  await enforce();
  await client.write('UPDATE ended_names SET done_before = $2 WHERE tenant_id = $1', done);
  let running: Promise<void> | undefined;
  await client.owned(async (tx) => {
    await tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
       VALUES ($1, '2026-03-15T09:00:00Z', gen_random_uuid(), '2026-03-15', $2, $3, $3, 'e', 's', '2026-03-15T09:00:00Z')`,
      [site.tenantId, site.user.userId, site.office.locationId],
    );
    await noteNamesWritten(tx, site.tenantId, ['2026-03-15'], new Date(IN_MAY_2027));
    running = enforce();
    // The job waits for this transaction, or has passed its day.
    await until(
      async () =>
        (
          await server.db.owner.inSystem((other) =>
            other.query(
              "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ended_names%' AND datname = current_database()",
            ),
          )
        ).rows.length > 0 || (await ended())[0]?.done === '2026-04-01',
    );
  });
  await running;
  await enforce();
  expect(await usersOf('presence_events')).not.toContain(site.user.userId);
});

test('where only names of visitors end, presence of a closed year is stored, and known, as ever', async () => {
  await setRetention(client, { names: null, visitorNames: 'P30D', visitors: null });
  const timestamp = '2025-12-28T09:00:00Z';
  await submit({ timestamp });
  await arrive({ timestamp });
  at(IN_MAY_2027);
  await enforce();
  await closeYears();
  expect(await years()).toEqual([{ year: 2025, closed: true }]);
  expect(await submit({ timestamp })).toMatchObject([{ resultCode: 0, isNew: false }]);
  expect(await submit({ timestamp, eventId: 'e2' })).toMatchObject([{ resultCode: 0, isNew: true }]);
  expect(await arrive({ timestamp })).toMatchObject([{ resultCode: 3 }]);
});

test.each(['2025-12-31T12:00:00Z', '2026-01-01T00:30:00Z'])(
  'an event of a closed year by the clock of its office is refused at New Year, too: %s',
  async (timestamp) => {
    await client.write(
      "UPDATE nodes SET time_zone = 'America/New_York' WHERE tenant_id = $1 AND kind = 'location'",
    );
    await submit({ timestamp });
    at(IN_MAY_2027);
    await enforce();
    await closeYears();
    const days = () => stored('SELECT day::text FROM presence_events WHERE tenant_id = $1');
    expect([await days(), await years()]).toEqual([[{ day: '2025-12-31' }], [{ year: 2025, closed: true }]]);
    expect(await submit({ timestamp })).toMatchObject([{ resultCode: 3 }]);
    expect([await days(), await years()]).toEqual([[{ day: '2025-12-31' }], [{ year: 2025, closed: true }]]);
  },
);

test('a year whose names have ended is closed after 90 days, although names have no limit any more', async () => {
  await submit({ timestamp: '2025-12-28T09:00:00Z' });
  at(IN_MAY_2027);
  await enforce();
  await setRetention(client, { names: null });
  const [names] = await ended();
  await enforce();
  expect((await ended())[0]).toEqual(names);
});

test('an entry of the action log about a day of a closed year does not open the year again', async () => {
  const { userId } = client.site.user;
  await submit({ timestamp: '2025-12-28T09:00:00Z' });
  at(IN_MAY_2027);
  await enforce();
  await closeYears();
  await logChanges(client.server.db.owner, client.site.tenantId, [
    { userId, loggedAt: '2027-05-02T08:00:00Z', day: '2025-12-28', changedBy: 'admin' },
  ]);
  at('2028-08-01T12:00:00Z');
  await enforce();
  expect(await usersOf('action_log')).not.toContain(userId);
  expect(await years()).toEqual([{ year: 2025, closed: true }]);
});

describe('an import of an export of before', () => {
  const DAY = '2026-03-30';
  const bookings = () => stored('SELECT node_id AS node FROM bookings WHERE tenant_id = $1');

  test('keeps the desk that is booked on a day whose names have ended', async () => {
    const { site, server } = client;
    const { locationId, zoneId } = site.office;
    const desk = await addNode(server.db.owner, site.tenantId, { kind: 'place', parentId: zoneId });
    await storeDays(server.db.owner, site.tenantId, [
      {
        userId: site.user.userId,
        day: DAY,
        plan: 'o',
        locationId,
        booking: { nodeId: desk, kind: 'place', zoneId },
      },
    ]);
    const again = await exported(DAY, 'user-booking-attendance');
    const before = await bookings();
    at(IN_MAY_2027);
    await enforce();
    expect(await again()).toEqual([['user-booking-attendance', 0, 1, 0]]);
    await enforce();
    expect(await bookings()).toEqual(before);
  });

  test('stores nothing of a closed year a second time', async () => {
    const { site, server } = client;
    const { locationId } = site.office;
    const { userId } = site.user;
    await setRetention(client, { visitors: null, visitorNames: 'P13M' });
    const day = '2025-12-28';
    await submit({ timestamp: `${day}T09:00:00Z` });
    await arrive({ timestamp: `${day}T09:00:00Z` });
    await storeDays(server.db.owner, site.tenantId, [{ userId, day, plan: 'o', locationId }]);
    const again = await exported(day, 'user-booking-attendance', 'presence', 'visitors');
    at(IN_MAY_2027);
    await enforce();
    await closeYears();
    expect(await again()).toEqual([
      ['user-booking-attendance', 0, 0, 1],
      ['presence', 0, 0, 1],
      ['visitors', 0, 0, 1],
    ]);
  });
});
