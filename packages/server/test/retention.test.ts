import { expect, test } from 'vitest';
import { setAuditMonths } from '../src/store/audit/batches.ts';
import type { Retention } from '../src/store/privacy/retention-settings.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import { seeingAll } from './support/backup.ts';
import { ChangesClient } from './support/changes.ts';
import { createTestDatabase, createTestOrganisation } from './support/database.ts';
import { addUser } from './support/directory.ts';
import { addRows, TENANT } from './support/months.ts';
import {
  callRetention,
  DAYS,
  enforceRetention,
  fillDays as fill,
  setRetention,
} from './support/retention.ts';
import { logChanges } from './support/workday.ts';

const client = ChangesClient.forEachTest();

const enforce = () => enforceRetention(client);
const fillDays = () => fill(client);
const set = (change: Partial<Retention>) => setRetention(client, change);
const call = (...given: Parameters<typeof callRetention> extends [unknown, ...infer Rest] ? Rest : never) =>
  callRetention(client, ...given);
const daysIn = async (table: string, day = 'day') =>
  client.owned(async (tx) => {
    const { rows } = await tx.query<{ day: string }>(
      `SELECT DISTINCT (${day})::date::text AS day FROM ${table} WHERE tenant_id = $1 ORDER BY 1`,
      [client.site.tenantId],
    );
    return rows.map((row) => row.day);
  });

test('arrivals of visitors end after three months in a new organisation, and other rows stay', async () => {
  await fillDays();
  await enforce();
  expect(await daysIn('visitor_arrivals')).toEqual([]);
  for (const table of ['presence_events', 'occupancy_events', 'day_plans', 'bookings'])
    expect(await daysIn(table)).toEqual(DAYS);
});

test.each([
  ['occupancy', 'occupancy_events', 'day'],
  ['visitors', 'visitor_arrivals', 'day'],
  ['attendance', 'presence_events', 'day'],
  ['attendance', 'day_plans', 'day'],
  ['attendance', 'bookings', 'day'],
  ['leave', 'leaves', 'end_day'],
  ['actionLog', 'action_log', "logged_at AT TIME ZONE 'UTC'"],
] as const)(
  'a retention of %s of four months removes the days of %s before, and no other',
  async (kind, table, day) => {
    await fillDays();
    await set({ visitors: null, [kind]: 'P4M' });
    await enforce();
    expect(await daysIn(table, day)).toEqual(['2026-03-10', '2026-03-31']);
  },
);

test('a kind without a limit loses nothing', async () => {
  await fillDays();
  await set({ visitors: null });
  await enforce();
  expect(await daysIn('visitor_arrivals')).toEqual(DAYS);
});

test('that a leave was sick leave goes first: from the leave, and from the action log', async () => {
  await fillDays();
  const before = await client.cursorOf();
  await set({ sickLeave: 'P4M' });
  await enforce();
  expect(await daysIn('leaves', 'end_day')).toEqual(DAYS);
  const sick =
    "SELECT end_day::text AS day FROM leaves WHERE tenant_id = $1 AND leave_type = 'sick' ORDER BY 1";
  expect((await client.write(sick)).rows).toEqual([{ day: '2026-03-10' }, { day: '2026-03-31' }]);
  const changed = await client.since('change-log/user', before);
  expect(changed.map(({ day, reason }) => [String(day).slice(0, 10), reason])).toEqual([
    ['2026-03-08', 'Leave scheduled'],
    ['2026-03-09', 'Leave scheduled'],
  ]);
});

test('sick leave that was logged long after its day goes, too', async () => {
  await fillDays();
  const { tenantId, user } = client.site;
  const loggedAt = '2026-06-30T08:00:00Z';
  const logged = { userId: user.userId, reason: 'Leave scheduled (sick)', loggedAt };
  await logChanges(client.server.db.owner, tenantId, [
    { ...logged, day: '2026-03-08' },
    { ...logged, day: '2026-03-08', loggedAt: '2026-04-05T08:00:00Z' },
    { ...logged, day: '2026-06-30' },
  ]);
  await set({ sickLeave: 'P3M' });
  await enforce();
  const { rows } = await client.write(
    "SELECT day::text, reason FROM action_log WHERE tenant_id = $1 AND logged_at > '2026-04-01' ORDER BY day",
  );
  expect(rows).toEqual([
    { day: '2026-03-08', reason: 'Leave scheduled' },
    { day: '2026-03-08', reason: 'Leave scheduled' },
    { day: '2026-06-30', reason: 'Leave scheduled (sick)' },
  ]);
});

test('nobody looks like a no-show while a day is half removed: plans and bookings go before presence', async () => {
  await fillDays();
  await enforce();
  await set({ attendance: 'P4M' });
  // The run stops after its first slice of the oldest day.
  await enforceRetention(client, new AbortController());
  expect(await daysIn('presence_events')).toEqual(DAYS);
  for (const table of ['day_plans', 'bookings']) expect(await daysIn(table)).toEqual(DAYS.slice(1));
  await enforce();
  expect(await daysIn('presence_events')).toEqual(DAYS.slice(2));
});

test('refused events end with their retention, which is 30 days at most', async () => {
  await fillDays();
  client.server.clock.nowMs = Date.parse('2026-04-09T12:00:00Z');
  await enforce();
  expect(await daysIn('refused_events', "refused_at AT TIME ZONE 'UTC'")).toEqual([
    '2026-03-10',
    '2026-03-31',
  ]);
  for (const refusedEvents of [null, 'P31D'] as const)
    expect((await call('PATCH', '', { refusedEvents })).statusCode).toBe(400);
  await set({ refusedEvents: 'P8D' });
  await enforce();
  expect(await daysIn('refused_events', "refused_at AT TIME ZONE 'UTC'")).toEqual([]);
});

test('cards and week plans of people who left end, those of others stay', async () => {
  const { server, site } = client;
  const leaver = await addUser(server.db.owner, site.tenantId);
  for (const { userId } of [site.user, leaver]) {
    await client.write(
      `INSERT INTO access_credentials (tenant_id, card_digest, card_number_digest, card_number, user_id, active, credential_type, updated_at)
       VALUES ($1, $2::uuid, $2::uuid, 'c', $2::uuid, true, 't', '2026-01-01T00:00:00Z')`,
      userId,
    );
    await client.write(
      `INSERT INTO access_credential_scans (tenant_id, scan_digest, card_digest, scan_data) VALUES ($1, $2::uuid, $2::uuid, 's')`,
      userId,
    );
    await client.write(
      `INSERT INTO week_plans (tenant_id, user_id, weekday, plan) VALUES ($1, $2, 1, 'r')`,
      userId,
    );
  }
  await client.write(
    `UPDATE users SET status = 'inactive', created_at = '2026-01-01T00:00:00Z', modified_at = '2026-03-10T00:00:00Z'
     WHERE tenant_id = $1 AND user_id = $2`,
    leaver.userId,
  );
  const holders = async (table: string) =>
    (await client.write(`SELECT user_id AS "userId" FROM ${table} WHERE tenant_id = $1`)).rows;
  server.clock.nowMs = Date.parse('2027-04-10T12:00:00Z');
  await enforce();
  expect(await holders('access_credentials')).toHaveLength(2);
  server.clock.nowMs = Date.parse('2027-04-11T12:00:00Z');
  await enforce();
  for (const table of ['access_credentials', 'week_plans'])
    expect(await holders(table)).toEqual([{ userId: site.user.userId }]);
});

test('an update of the server removes nothing: organisations that exist keep everything until somebody decides', async () => {
  const db = await createTestDatabase({ migrated: false });
  try {
    await migrate(db.target, { upTo: '0047_account_belonging' });
    await seeingAll(db.target, async (owner) => {
      await owner.query(
        "INSERT INTO organisations (tenant_id, slug, name, time_zone, created_at) VALUES ($1, 'old', 'Old', 'UTC', '2025-01-01')",
        [TENANT],
      );
      await owner.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, status, created_at, modified_at)
         VALUES ($1, $1, 'leaver', 'leaver', 'inactive', '2025-01-01', '2025-01-01')`,
        [TENANT],
      );
      await owner.query(
        `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day, leave_type)
         VALUES ($1, $1, $1, '2026-03-08', '2026-03-08', 'sick')`,
        [TENANT],
      );
      await owner.query(
        "INSERT INTO week_plans (tenant_id, user_id, weekday, plan) VALUES ($1, $1, 1, 'r')",
        [TENANT],
      );
      await addRows(owner, ['2026-03-08T09:00:00Z']);
    });
    await migrate(db.target);
    const later = await createTestOrganisation(db.owner);
    await seeingAll(db.target, (owner) =>
      owner.query(
        `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id, received_at, visitor_name)
         SELECT $1, observed_at, event_digest, day, location_id, node_id, event_id, source_id, received_at, visitor_name FROM visitor_arrivals`,
        [later],
      ),
    );
    await enforceRetention({ server: { db, clock: { read: () => Date.parse('2030-07-10T12:00:00Z') } } });
    const rows = await seeingAll(db.target, async (owner) => {
      const tables = ['presence_events', 'occupancy_events', 'action_log', 'week_plans', 'visitor_arrivals'];
      const counts = tables.map((table) => `(SELECT array_agg(tenant_id) FROM ${table}) AS ${table}`);
      return (
        await owner.query(`SELECT ${counts.join(', ')}, (SELECT array_agg(leave_type) FROM leaves) AS leaves`)
      ).rows;
    });
    const only = [TENANT];
    expect(rows).toEqual([
      {
        ...{ presence_events: only, occupancy_events: only, action_log: only, week_plans: only },
        ...{ visitor_arrivals: only, leaves: ['sick'] },
      },
    ]);
  } finally {
    await db.drop();
  }
});

test('leave ends 13 months after its last day in a new organisation, and one of an earlier release keeps it', async () => {
  const db = await createTestDatabase({ migrated: false });
  try {
    await migrate(db.target, { upTo: '0060_job_states' });
    const earlier = await createTestOrganisation(db.owner);
    await migrate(db.target);
    const later = await createTestOrganisation(db.owner);
    for (const tenantId of [earlier, later]) {
      const { userId } = await addUser(db.owner, tenantId);
      await seeingAll(db.target, (owner) =>
        owner.query(
          `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day, leave_type)
           SELECT $1, $2, gen_random_uuid(), day::date, day::date, 'holiday' FROM unnest(ARRAY['2026-03-09', '2026-03-10']) AS day`,
          [tenantId, userId],
        ),
      );
    }
    await enforceRetention({ server: { db, clock: { read: () => Date.parse('2027-04-10T12:00:00Z') } } });
    const kept = await seeingAll(db.target, (owner) =>
      owner.query('SELECT tenant_id AS id, end_day::text AS day FROM leaves ORDER BY tenant_id <> $1, day', [
        earlier,
      ]),
    );
    expect(kept.rows).toEqual([
      { id: earlier, day: '2026-03-09' },
      { id: earlier, day: '2026-03-10' },
      { id: later, day: '2026-03-10' },
    ]);
  } finally {
    await db.drop();
  }
});

test('a run that is stopped leaves the rest to the next one', async () => {
  await fillDays();
  await set({ occupancy: 'P1M' });
  await enforceRetention(client, new AbortController());
  expect(await daysIn('occupancy_events')).toEqual(DAYS.slice(1));
  await enforce();
  expect(await daysIn('occupancy_events')).toEqual([]);
});

test('removed days note no change of attendance row by row', async () => {
  await fillDays();
  await set({ attendance: 'P4M' });
  await enforce();
  expect((await client.write('SELECT FROM attendance_changes WHERE tenant_id = $1')).rowCount).toBe(0);
});

test('a change of the retention is counted first, by kind and month, and removes nothing', async () => {
  await fillDays();
  const reply = await call('POST', '/effects', { attendance: 'P4M', visitors: 'P1D', occupancy: null });
  expect(reply.json()).toEqual({
    items: [
      {
        kind: 'attendance',
        firstKeptDay: '2026-03-10',
        // Three presence events, a plan and a booking of each day.
        months: [{ month: '2026-03', rows: 10, isMore: false }],
        isComplete: true,
      },
      {
        kind: 'visitors',
        firstKeptDay: '2026-07-09',
        months: [{ month: '2026-03', rows: 4, isMore: false }],
        isComplete: true,
      },
      { kind: 'occupancy', firstKeptDay: null, months: [], isComplete: true },
    ],
  });
  expect(await daysIn('visitor_arrivals')).toEqual(DAYS);
});

test('a retention that is too short, too long or no period is refused, with all kinds named', async () => {
  const reply = await call('PATCH', '', { attendance: 'P2M', visitors: 'P99999D' });
  expect(reply.statusCode).toBe(400);
  expect(reply.json().errors.map(({ path }: { path: string }) => path)).toEqual(['attendance', 'visitors']);
  expect((await call('PATCH', '', { visitors: '3 months' })).statusCode).toBe(400);
  expect((await call('PATCH', '', {})).statusCode).toBe(400);
  expect((await call('PATCH', '', { visitor: 'P3M' })).statusCode).toBe(400);
});

test('the time for which audit entries are kept is shown, and is not set here', async () => {
  const shown = async () => (await call('GET')).json().readOnly;
  expect(await shown()).toEqual([
    { kind: 'audit', title: expect.stringContaining('audit'), kept: 'P13M', byDefault: 'P13M' },
  ]);
  const { tenantId } = client.site;
  await client.owned((tx) => setAuditMonths(tx, tenantId, 24));
  expect(await shown()).toMatchObject([{ kind: 'audit', kept: 'P24M', byDefault: 'P13M' }]);
  expect((await call('PATCH', '', { audit: 'P1M' })).statusCode).toBe(400);
  expect(await shown()).toMatchObject([{ kept: 'P24M' }]);
});

test('a change with the version of older settings is refused', async () => {
  const etag = String((await call('GET', '')).headers.etag);
  expect((await call('PATCH', '', { visitors: 'P6M' }, { 'if-match': etag })).statusCode).toBe(200);
  expect((await call('PATCH', '', { visitors: 'P9M' }, { 'if-match': etag })).statusCode).toBe(412);
  const { items } = (await call('GET', '')).json();
  expect(items.find(({ kind }: { kind: string }) => kind === 'visitors').kept).toBe('P6M');
});
