import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { NAMELESS_VISITOR } from '../src/store/events/visitor-arrivals.ts';
import { listDays } from '../src/store/values/days.ts';
import { recordDays } from '../src/workday/plan.ts';
import { ChangesClient, followable } from './support/changes.ts';
import { addUser } from './support/directory.ts';
import { IN_MAY_2027, type Json, NamesClient } from './support/ended-names.ts';
import { runErasures } from './support/erasing.ts';
import { manageClient } from './support/manage.ts';
import { callRetention, enforceRetention, setRetention } from './support/retention.ts';
import { until } from './support/waiting.ts';
import { logChanges, storeDays } from './support/workday.ts';
import { filesOf } from './support/zip-files.ts';

const client = ChangesClient.forEachTest();
const { at, enforce, submit, arrive, stored, usersOf, closeYears } = new NamesClient(client);
beforeEach(() => at('2026-05-01T12:00:00Z'));
const get = async (path: string, query: string) => {
  const reply = await client.get(path, query);
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json() as Json[];
};
const tablesWith = async (text: string) => {
  const tables: string[] = [];
  for (const table of ['presence_events', 'day_plans', 'bookings', 'action_log', 'visitor_arrivals']) {
    const found = await stored(`SELECT FROM ${table} t WHERE tenant_id = $1 AND t::text LIKE '%${text}%'`);
    if (found.length > 0) tables.push(table);
  }
  return tables;
};
const counted = (rows: Json[]) => rows.map(({ people, exact }) => [people, exact]);

describe('names of people', () => {
  test('end after 13 months in a new organisation: rows stay, under one pseudonym for each person and year', async () => {
    await client.fill();
    const { userId } = client.site.user;
    await client.write(
      "UPDATE visitor_arrivals SET host_user_id = $2 WHERE tenant_id = $1 AND observed_at < '2026-03-09'",
      userId,
    );
    const before = await get('user-booking-attendance', 'startDate=2026-03-01&endDate=2026-03-31');
    at(IN_MAY_2027);
    await enforce();
    expect(await tablesWith(userId)).toEqual([]);
    const ids = await usersOf('presence_events');
    expect(ids).toHaveLength(3);
    for (const table of ['day_plans', 'bookings', 'action_log'])
      expect(ids).toEqual(expect.arrayContaining(await usersOf(table)));
    const unnamed = (rows: Json[]) =>
      rows.map(({ userId: _, userName: _name, userEmail: _mail, ...row }) => JSON.stringify(row)).toSorted();
    const after = await get('user-booking-attendance', 'startDate=2026-03-01&endDate=2026-03-31');
    expect(unnamed(after)).toEqual(unnamed(before));
  });

  test('stay without limit in an organisation that says so, and a shorter limit counts its rows first', async () => {
    await client.fill();
    await setRetention(client, { names: null });
    at(IN_MAY_2027);
    await enforce();
    expect(await tablesWith(client.site.user.userId)).not.toEqual([]);
    const effects = async () =>
      (await callRetention(client, 'POST', '/effects', { names: 'P13M' })).json().items;
    expect(await effects()).toEqual([
      {
        ...{ kind: 'names', firstKeptDay: '2026-04-01', isComplete: true },
        months: [{ month: '2026-03', rows: 33, isMore: false }],
      },
    ]);
    await setRetention(client, { names: 'P13M' });
    await enforce();
    expect(await effects()).toMatchObject([{ months: [] }]);
    expect(await tablesWith(client.site.user.userId)).toEqual([]);
  });

  test('end in the action log with the day on which an entry was logged, and so do names of authors and free texts', async () => {
    const { userId } = client.site.user;
    const entry = (loggedAt: string, day: string, changedBy: 'admin' | 'integration') => ({
      ...{ userId, loggedAt, day, changedBy, changedByName: 'Grace', reason: 'Ada is at the dentist' },
    });
    await logChanges(client.server.db.owner, client.site.tenantId, [
      entry('2026-03-31T08:00:00Z', '2027-01-04', 'admin'),
      entry('2026-03-31T09:00:00Z', '2026-03-31', 'integration'),
      entry('2026-04-01T08:00:00Z', '2026-03-31', 'admin'),
    ]);
    at(IN_MAY_2027);
    await enforce();
    const rows = await stored(
      'SELECT user_id, changed_by_name, reason FROM action_log WHERE tenant_id = $1 ORDER BY logged_at',
    );
    expect(rows.map(({ changed_by_name, reason }) => [changed_by_name, reason])).toEqual([
      [null, null],
      ['Grace', null],
      ['Grace', 'Ada is at the dentist'],
    ]);
    expect(rows[2]?.user_id).toBe(userId);
    // The entries are of two years.
    expect(new Set(rows.map(({ user_id }) => user_id)).size).toBe(3);
  });

  test.each(followable.map(({ path }) => path))(
    '%s: a copy that follows changes equals a new export',
    async (path) => {
      await client.fill();
      await client.write(
        'UPDATE visitor_arrivals SET host_user_id = $2 WHERE tenant_id = $1',
        client.site.user.userId,
      );
      const copy = await client.follower(path);
      at('2027-04-10T12:00:00Z');
      await enforce();
      await client.followed(copy, 1);
      at(IN_MAY_2027);
      await enforce();
      await client.followed(copy);
      if (path !== 'users') expect(JSON.stringify(copy.rows())).not.toContain(client.site.user.userId);
    },
  );
});

describe('metrics', () => {
  const YEAR = ['2026-03-30', '2026-03-31', '2026-04-01', '2026-04-02'];
  beforeEach(async () => {
    for (const day of YEAR) await submit({ timestamp: `${day}T09:00:00Z` });
  });

  test.each(['metrics', 'metrics/people', 'metrics/days-per-week', 'metrics/usage', 'metrics/comparison'])(
    '%s: no count moves while the names of a part of the year have ended',
    async (path) => {
      await storeDays(
        client.server.db.owner,
        client.site.tenantId,
        YEAR.map((day) => ({
          userId: client.site.user.userId,
          day,
          plan: 'o',
          locationId: client.site.office.locationId,
        })),
      );
      const read = async () => {
        const answers: unknown[] = [];
        for (const period of ['week', 'month', 'range']) {
          const by = path === 'metrics/usage' ? 'place' : 'location';
          answers.push(await get(path, `startDate=2026-03-30&endDate=2026-04-30&by=${by}&period=${period}`));
        }
        return answers;
      };
      const before = await read();
      expect(JSON.stringify(before).length).toBeGreaterThan(500);
      at(IN_MAY_2027);
      await enforce();
      expect(await usersOf('presence_events')).toHaveLength(2);
      expect(await read()).toEqual(before);
    },
  );

  test('a person counts once over New Year as long as the database knows the pseudonym, and then at most twice', async () => {
    await submit({ timestamp: '2025-12-31T09:00:00Z' });
    const people = async () =>
      counted(await get('metrics/people', 'startDate=2025-12-01&endDate=2026-04-30&period=range'));
    expect(await people()).toEqual([[1, true]]);
    at(IN_MAY_2027);
    await enforce();
    expect(await people()).toEqual([[1, true]]);
    await closeYears();
    expect(await people()).toEqual([[2, false]]);
    // In 2026 nobody is unknown.
    expect(
      counted(await get('metrics/people', 'startDate=2026-01-01&endDate=2026-12-31&period=range')),
    ).toEqual([[1, true]]);
  });
});

test('a change of the primary group counts for rows without a name, too', async () => {
  const { server, site } = client;
  const { rows: groups } = await client.write(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, gen_random_uuid(), 'Team', 'Team ' || i FROM generate_series(1, 2) AS i RETURNING group_id AS id`,
  );
  const join = (index: number) =>
    client.write(
      'UPDATE users SET primary_group_id = $2 WHERE tenant_id = $1 AND user_id = $3',
      groups[index]?.id,
      site.user.userId,
    );
  await join(0);
  for (const day of ['2026-03-31', '2026-04-01', '2026-04-02'])
    await submit({ timestamp: `${day}T09:00:00Z` });
  at(IN_MAY_2027);
  await enforce();
  await join(1);
  server.clock.nowMs += 86_400_000;
  await enforce();
  expect(await usersOf('presence_events')).toHaveLength(2);
  const rows = await get('metrics/people', 'startDate=2026-03-01&endDate=2026-04-30&by=group&period=range');
  expect(rows.map(({ groupName, people, attendance }) => [groupName, people, attendance])).toEqual([
    ['Team 2', 1, 3],
  ]);
});

describe('an event of a day whose names have ended', () => {
  const LATE = { timestamp: '2026-03-30T09:00:00Z', sourceUserId: 'badge 7' };

  test('is stored under the pseudonym of the year, and known when it comes again, whether it came before or after', async () => {
    await submit(LATE);
    at(IN_MAY_2027);
    await enforce();
    expect(await submit(LATE)).toMatchObject([{ resultCode: 0, isNew: false }]);
    const other = { ...LATE, eventId: 'e2' };
    expect(await submit(other, { ...other, timestamp: '2027-04-30T09:00:00Z' })).toMatchObject([
      { resultCode: 0, isNew: true },
      { resultCode: 0, isNew: true },
    ]);
    expect(await submit(other, other)).toMatchObject([{ isNew: false }, { isNew: false }]);
    const rows = await stored(
      'SELECT user_id, event_id, source_user_id FROM presence_events WHERE tenant_id = $1 ORDER BY observed_at, event_id',
    );
    const [pseudonym] = rows;
    const { userId } = client.site.user;
    expect(pseudonym?.user_id).not.toBe(userId);
    expect(rows).toEqual([
      { user_id: pseudonym?.user_id, event_id: 'e1', source_user_id: null },
      { user_id: pseudonym?.user_id, event_id: 'e2', source_user_id: null },
      { user_id: userId, event_id: 'e2', source_user_id: 'badge 7' },
    ]);
  });

  test('is not known by a digest that somebody without the key can compute', async () => {
    await submit(LATE);
    const digests = () => stored('SELECT event_digest AS id FROM presence_events WHERE tenant_id = $1');
    const before = await digests();
    at(IN_MAY_2027);
    await enforce();
    expect(await digests()).not.toEqual(before);
    await expect(
      client.server.db.restricted.inTenant(client.site.tenantId, (tx) =>
        tx.query('SELECT digest_key FROM pseudonym_keys'),
      ),
    ).rejects.toThrow('permission denied');
  });

  test('of a writer who began before is found, and moves', async () => {
    const { server, site } = client;
    at(IN_MAY_2027);
    let done: Promise<void> | undefined;
    await client.owned(async (tx) => {
      await tx.query('SELECT FROM nodes LIMIT 1');
      done = enforce();
      // The names have ended for new writers, and the job waits for this one.
      await until(async () => (await endedNames()).length === 2);
      await tx.query(
        `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
         VALUES ($1, '2026-03-30T09:00:00Z', gen_random_uuid(), '2026-03-30', $2, $3, $3, 'e', 's', '2026-03-30T09:00:00Z')`,
        [site.tenantId, site.user.userId, site.office.locationId],
      );
    });
    await done;
    expect(await tablesWith(site.user.userId)).toEqual([]);
    expect(server).toBeDefined();
  });

  test('is refused when nothing leads to the pseudonyms of its year any more', async () => {
    await submit({ ...LATE, timestamp: '2025-12-30T09:00:00Z' }, LATE);
    at(IN_MAY_2027);
    await enforce();
    expect(await stored('SELECT year FROM replaced_users WHERE tenant_id = $1 ORDER BY year')).toEqual([
      { year: 2025 },
      { year: 2026 },
    ]);
    await closeYears();
    expect(await stored('SELECT year FROM replaced_users WHERE tenant_id = $1')).toEqual([{ year: 2026 }]);
    expect(
      await stored('SELECT year, closed FROM pseudonym_keys WHERE tenant_id = $1 ORDER BY year'),
    ).toEqual([
      { year: 2025, closed: true },
      { year: 2026, closed: false },
    ]);
    const again = await submit({ ...LATE, timestamp: '2025-12-30T09:00:00Z' }, LATE);
    expect(again).toMatchObject([{ resultCode: 3 }, { resultCode: 0, isNew: false }]);
    expect(String(again[0]?.message)).toContain('the names of that year have ended');
  });
});

test('a plan that an import writes to a day whose names have ended moves with the next run, and replaces that of the pseudonym', async () => {
  const { server, site } = client;
  const { userId } = site.user;
  const { locationId } = site.office;
  await storeDays(server.db.owner, site.tenantId, [{ userId, day: '2026-03-30', plan: 'r' }]);
  at(IN_MAY_2027);
  await enforce();
  const recorded = ['2026-02-10', '2026-03-30'].map((day) => ({
    ...{ userId, day, setBy: 'day' as const },
    plan: { kind: 'o' as const, locationId, booking: { nodeId: locationId } },
  }));
  const author = {
    actor: { changedBy: 'integration', name: null, reason: null },
    at: new Date(IN_MAY_2027),
  } as const;
  const record = () =>
    client.owned((tx) => recordDays(tx, site.tenantId, recorded, { ...author, replace: false }));
  expect(await record()).toEqual(['changed', 'changed']);
  await enforce();
  const rows = await stored(
    'SELECT user_id, day::text, plan FROM day_plans WHERE tenant_id = $1 ORDER BY day',
  );
  expect(rows.map(({ day, plan }) => [day, plan])).toEqual([
    ['2026-02-10', 'o'],
    ['2026-03-30', 'o'],
  ]);
  expect(rows.map(({ user_id }) => user_id)).not.toContain(userId);
  expect(new Set(rows.map(({ user_id }) => user_id)).size).toBe(1);
});

test('the export of a person has the rows under a known pseudonym, and an erasure uses the same pseudonym', async () => {
  const { server, site } = client;
  const { userId } = site.user;
  for (const day of ['2026-03-30', '2026-04-02']) await submit({ timestamp: `${day}T09:00:00Z` });
  at(IN_MAY_2027);
  await enforce();
  const manage = await manageClient(server, site.tenantId);
  const reply = await manage.send('GET', `users/${userId}/export`);
  const presence = JSON.parse(filesOf(reply.rawPayload)['presence.json'] ?? '') as Json[];
  expect(presence.map(({ day }) => day)).toEqual(['2026-03-30', '2026-04-02']);
  const [pseudonym] = (await usersOf('presence_events')).filter((id) => id !== userId);
  expect((await manage.send('POST', `users/${userId}/erasure`)).statusCode).toBe(202);
  await runErasures(server);
  expect(await usersOf('presence_events')).toEqual([pseudonym]);
});

describe('names of visitors', () => {
  const arrivals = () =>
    stored(
      'SELECT visitor_name AS name, visitor_email AS email, visitor_company AS company, host_user_id AS host FROM visitor_arrivals WHERE tenant_id = $1 ORDER BY observed_at',
    );

  test('end after their own time, and an arrival that comes again is known', async () => {
    const { userId } = client.site.user;
    const host = { hostUserId: userId };
    await setRetention(client, { visitors: null, visitorNames: 'P30D' });
    await arrive(host);
    at('2026-04-30T12:00:00Z');
    await enforce();
    const nameless = { name: NAMELESS_VISITOR, email: null, company: null };
    expect(await arrivals()).toEqual([{ ...nameless, host: userId }]);
    expect(await arrive(host)).toMatchObject([{ isNew: false }]);
    expect(await arrive({ ...host, eventId: 'v2', timestamp: '2026-03-20T09:00:00Z' })).toMatchObject([
      { isNew: true },
    ]);
    expect(await arrive({ ...host, eventId: 'v3', timestamp: '2026-04-20T09:00:00Z' })).toMatchObject([
      { isNew: true },
    ]);
    expect(await arrivals()).toEqual([
      { ...nameless, host: userId },
      { ...nameless, host: userId },
      { name: 'Vera Visitor', email: 'vera@example.com', company: 'Vera & Co.', host: userId },
    ]);
    expect(await tablesWith('Vera')).toEqual(['visitor_arrivals']);
  });
});

const endedNames = () => stored('SELECT kind FROM ended_names WHERE tenant_id = $1');

test('a run that is stopped is continued by the next, and a run without anything to do changes nothing', async () => {
  const { server, site } = client;
  const others = await Promise.all(Array.from({ length: 3 }, () => addUser(server.db.owner, site.tenantId)));
  for (const { userId } of others)
    for (const day of listDays('2026-03-25', '2026-03-28'))
      await submit({ userId, eventId: randomUUID(), timestamp: `${day}T09:00:00Z` });
  at(IN_MAY_2027);
  // Each run is stopped after one slice, of this organisation or of another one.
  do await enforceRetention(client, new AbortController());
  while ((await usersOf('presence_events')).length === others.length);
  // The rows of the first day have moved.
  const half = await usersOf('presence_events');
  expect(half).toHaveLength(6);
  await enforce();
  const all = await usersOf('presence_events');
  expect(all).toHaveLength(3);
  const xids = () => stored('SELECT written_xid::text FROM presence_events WHERE tenant_id = $1 ORDER BY 1');
  const before = await xids();
  await enforce();
  expect(await xids()).toEqual(before);
});
