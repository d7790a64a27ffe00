import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { defaults, SERVER_SETTINGS } from '../src/config.ts';
import { createLogger } from '../src/http/logging.ts';
import type { Tx } from '../src/store/db.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { Consumer, facts, type Row, whole } from './support/consumer.ts';
import { addNode, addUser } from './support/directory.ts';
import { addSite, goodEvent, results, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { logChanges, setReporting, storeDays } from './support/workday.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
  site = await addSite(server);
});
afterAll(() => server.close());

/** Those that can be followed: metrics are not kept, but computed. */
const followable = datasets.filter(({ key }) => key !== undefined);
const DATES = 'startDate=2026-03-01&endDate=2026-03-31';
const datesOf = (path: string) =>
  datasets.find((dataset) => dataset.path === path)?.filters.includes('dates') ? DATES : '';
const get = (
  path: string,
  query = '',
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
) =>
  server.app.inject({
    method,
    url: `/v1/analytics/${path}/basic?${query}`,
    headers: { ...site.headers, ...headers },
  });
const cursorOf = async (path = 'users') =>
  String((await get(path, datesOf(path))).headers['rollcall-cursor']);
const since = async (path: string, cursor: string, more = ''): Promise<Row[]> => {
  const reply = await get(path, `changedSince=${cursor}${more}`);
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json();
};
const owned = <T>(work: (tx: Tx) => Promise<T>) => server.db.owner.inTenant(site.tenantId, work);
const write = (sql: string, ...values: unknown[]) => owned((tx) => tx.query(sql, [site.tenantId, ...values]));
const follower = async (path: string, query?: Record<string, string>) => {
  const consumer = new Consumer(server, site.key, path, query);
  await consumer.load();
  return consumer;
};
/** What came, having been compared with what an export says now. */
async function followed(consumer: Consumer, limit?: number): Promise<Row[]> {
  const came = await consumer.follow(limit);
  expect(facts(consumer.rows())).toEqual(facts(await consumer.exported()));
  return came;
}

/** Something of every dataset. */
async function fill(): Promise<void> {
  const { office, tenantId } = site;
  await addNode(server.db.owner, tenantId, { kind: 'place', parentId: office.zoneId });
  await addNode(server.db.owner, tenantId, { kind: 'space', parentId: office.levelId });
  await addNode(server.db.owner, tenantId, { kind: 'location' });
  const others = [await addUser(server.db.owner, tenantId), await addUser(server.db.owner, tenantId)];
  await write(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, gen_random_uuid(), 'Team', 'Team ' || i FROM generate_series(1, 3) AS i`,
  );
  const days = ['2026-03-08', '2026-03-09', '2026-03-10'];
  for (const [index, { userId }] of [site.user, ...others].entries()) {
    await storeDays(
      server.db.owner,
      tenantId,
      days.map((day) => ({
        userId,
        day,
        ...(index === 1 ? { plan: 'r' } : { plan: 'o', locationId: office.locationId }),
      })),
    );
    await results(
      server,
      site,
      days.map((day) => goodEvent(site, { userId, timestamp: `${day}T09:00:00Z` })),
    );
    await logChanges(
      server.db.owner,
      tenantId,
      days.map((day) => ({ loggedAt: `${day}T08:00:00Z`, userId, day })),
    );
  }
  for (const table of ['occupancy_events', 'visitor_arrivals']) {
    const [columns, values] =
      table === 'occupancy_events' ? ['occupied', 'true'] : ['visitor_name', "'Visitor'"];
    await write(
      `INSERT INTO ${table} (tenant_id, observed_at, event_digest, day, location_id, node_id, ${columns}, event_id, source_id, received_at)
       SELECT $1, e.at, gen_random_uuid(), e.at::date, $2, $2, ${values}, 'e', 's', e.at
       FROM (SELECT timestamptz '2026-03-08 09:00:00Z' + i * interval '1 hour' AS at FROM generate_series(1, 40, 8) AS i) AS e`,
      office.locationId,
    );
  }
}

describe('Rollcall-Cursor', () => {
  test.each(followable.map(({ path }) => path))('%s: is on every answer, whatever its form', async (path) => {
    const cursor = /^[\w-]{40,}$/;
    const dates = datesOf(path);
    const plain = await get(path, dates);
    const authorization = `Bearer ${await server.token(site.key)}`;
    const answers = await Promise.all([
      plain,
      get(path, dates, {}, 'HEAD'),
      get(path, `${dates}&format=ndjson`),
      get(path, `${dates}&format=csv`),
      get(path, dates, { 'accept-encoding': 'gzip' }),
      get(path, dates, plain.headers.etag ? { 'if-none-match': String(plain.headers.etag) } : {}),
      get(path, `changedSince=${plain.headers['rollcall-cursor']}`),
      get(path, `${dates}&limit=1`),
      server.app.inject({ url: `/v1/analytics/${path}?${dates}`, headers: { authorization } }),
    ]);
    for (const answer of answers) expect(String(answer.headers['rollcall-cursor'])).toMatch(cursor);
    expect(answers[5]?.statusCode).toBe(plain.headers.etag ? 304 : 200);
  });

  test('is of before the first byte: what is written while an export goes out is new since', async () => {
    await fill();
    const [reply] = await Promise.all([get('presence', DATES), results(server, site, [goodEvent(site)])]);
    const came = await since('presence', String(reply.headers['rollcall-cursor']));
    const all = (await get('presence', DATES)).json() as Row[];
    expect(whole([...(reply.json() as Row[]), ...came].filter(isFirst))).toEqual(whole(all));
  });

  test('survives a restart, and is good on another replica', async () => {
    const cursor = await cursorOf();
    const app = await createApp({
      config: defaults(SERVER_SETTINGS),
      database: server.db.restricted,
      masterKey: server.masterKey,
      logger: createLogger('silent'),
      lifecycle: { migrated: true },
      clock: server.clock.read,
    });
    const { userId } = await addUser(server.db.owner, site.tenantId);
    const url = `/v1/analytics/users/basic?changedSince=${cursor}`;
    const reply = await app.inject({ url, headers: site.headers });
    expect((reply.json() as Row[]).map((row) => row.userId)).toEqual([userId]);
    await app.close();
  });

  test("shows nobody another organisation's rows", async () => {
    const cursor = await cursorOf();
    await addUser(server.db.owner, site.tenantId);
    site = await addSite(server);
    const mine = [site.user.userId];
    expect((await since('users', cursor)).map((row) => row.userId)).toEqual(mine);
  });

  function isFirst(row: Row, index: number, rows: Row[]): boolean {
    return rows.findIndex((other) => JSON.stringify(other) === JSON.stringify(row)) === index;
  }
});

describe('What is missed by ids and by clocks', () => {
  test('a transaction that was open all the while comes when it has committed, and once', async () => {
    const consumer = await follower('change-log/user');
    const { userId } = site.user;
    const late = await server.db.owner.connect('late');
    const actionId = randomUUID();
    await late.query('BEGIN');
    await late.query("SELECT set_config('rollcall.tenant_id', $1, true)", [site.tenantId]);
    await late.query(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
       VALUES ($1, '2026-03-10T11:00:00Z', $2, $2, $3, '2026-03-10', 'plan', 'changed', 'Late', 'user')`,
      [site.tenantId, actionId, userId],
    );
    for (let n = 0; n < 3; n++) {
      // Younger transactions end first, and are seen and done with.
      const early = randomUUID();
      await logChanges(server.db.owner, site.tenantId, [
        { loggedAt: new Date(server.clock.nowMs).toISOString(), userId, day: '2026-03-10', actionId: early },
      ]);
      expect((await followed(consumer)).map((row) => row.actionId)).toEqual([early]);
      server.clock.advanceS(600);
    }
    await late.query('COMMIT');
    await late.end();
    expect((await followed(consumer)).map((row) => row.actionId)).toEqual([actionId]);
    expect(await followed(consumer)).toEqual([]);
  });

  test('entries whose clock says they are old come as what is new', async () => {
    const consumer = await follower('change-log/user');
    const { userId } = site.user;
    await logChanges(server.db.owner, site.tenantId, [
      { loggedAt: '2026-03-02T00:00:00Z', userId, day: '2026-03-02' },
    ]);
    expect(await followed(consumer)).toMatchObject([{ eventTime: '2026-03-02T00:00:00.000Z', userId }]);
  });

  test('events that share a key go out together, so that none replaces the others', async () => {
    await results(server, site, [goodEvent(site)]);
    const consumer = await follower('presence');
    await results(server, site, [
      goodEvent(site, { locationId: site.office.locationId, locationType: 'location' }),
    ]);
    expect(await followed(consumer)).toHaveLength(2);
  });
});

describe('A dimension', () => {
  test('that is renamed is its own change, and not that of facts', async () => {
    await fill();
    const followers = new Map(
      await Promise.all(followable.map(async ({ path }) => [path, await follower(path)] as const)),
    );
    await write(
      "UPDATE nodes SET name = 'Renamed' WHERE tenant_id = $1 AND node_id = $2",
      site.office.placeId,
    );
    await write(
      "UPDATE users SET email = 'new@example.com' WHERE tenant_id = $1 AND user_id = $2",
      site.user.userId,
    );
    const came = Object.fromEntries(
      await Promise.all([...followers].map(async ([path, each]) => [path, (await each.follow()).length])),
    );
    const none = Object.fromEntries(followable.map(({ path }) => [path, 0]));
    expect(came).toEqual({ ...none, users: 1, desks: 1 });
  });

  test('comes for what it is in: the desks of a zone, a level and an office that are renamed, moved or retired', async () => {
    await fill();
    const { zoneId, levelId, locationId } = site.office;
    for (const nodeId of [zoneId, levelId, locationId]) {
      const [desks, spaces] = [await follower('desks'), await follower('spaces')];
      await write("UPDATE nodes SET name = 'Renamed' WHERE tenant_id = $1 AND node_id = $2", nodeId);
      expect(await desks.follow()).toHaveLength(2);
      expect(await spaces.follow()).toHaveLength(nodeId === zoneId ? 0 : 2);
      expect(whole(desks.rows())).toEqual(whole(await desks.exported()));
      expect(whole(spaces.rows())).toEqual(whole(await spaces.exported()));
    }
  });
});

describe('Attendance', () => {
  const DAY = '2026-03-09';
  let silent: string;
  beforeEach(async () => {
    silent = (await addUser(server.db.owner, site.tenantId)).userId;
    const { locationId } = site.office;
    await storeDays(server.db.owner, site.tenantId, [
      { userId: site.user.userId, day: DAY, plan: 'o', locationId },
      { userId: silent, day: DAY, plan: 'o', locationId },
    ]);
  });
  const typeOf = (rows: Row[], userId: string) => rows.find((row) => row.userId === userId)?.attendanceType;
  const planOf = (userId: string, plan: string, locationId: string | null = null) =>
    owned(async (tx) => {
      const values = [site.tenantId, userId, DAY];
      await tx.query('DELETE FROM bookings WHERE tenant_id = $1 AND user_id = $2 AND day = $3', values);
      await tx.query(
        `UPDATE day_plans SET plan = $4, location_id = $5 WHERE tenant_id = $1 AND user_id = $2 AND day = $3`,
        [...values, plan, locationId],
      );
    });

  test('the first badge at an office makes no-shows of whoever was silent there', async () => {
    const consumer = await follower('user-booking-attendance');
    expect(typeOf(consumer.rows(), silent)).toBe('unconfirmed');
    await results(server, site, [goodEvent(site, { timestamp: `${DAY}T09:00:00Z` })]);
    const came = await followed(consumer);
    expect([typeOf(came, silent), typeOf(came, site.user.userId)]).toEqual(['noShow', 'confirmed']);
  });

  test('a day that ends changes though nobody writes, forth and back with the clock', async () => {
    server.clock.nowMs = Date.parse('2026-03-09T23:59:59Z');
    const consumer = await follower('user-booking-attendance');
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
    server.clock.advanceS(1);
    expect(typeOf(await followed(consumer), silent)).toBe('unconfirmed');
    server.clock.advanceS(-1);
    await followed(consumer);
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
    server.clock.advanceS(86_400);
    await followed(consumer);
    expect(await followed(consumer)).toEqual([]);
  });

  test('presence reporting that is set changes all days of the office, and of no other', async () => {
    const { locationId } = site.office;
    await storeDays(server.db.owner, site.tenantId, [
      { userId: silent, day: '2026-03-02', plan: 'o', locationId },
    ]);
    const consumer = await follower('user-booking-attendance');
    await setReporting(server.db.owner, site.tenantId, locationId, 'always');
    const came = await followed(consumer);
    expect(came.map((row) => row.attendanceType)).toEqual(['noShow', 'noShow', 'noShow']);
    // The horizon engine writes settings, too.
    await write('UPDATE office_settings SET horizon_reached = $2 WHERE tenant_id = $1', '2026-03-24');
    expect(await followed(consumer)).toEqual([]);
    await setReporting(server.db.owner, site.tenantId, locationId, 'never');
    expect((await followed(consumer)).map((row) => row.attendanceType)).toEqual(
      came.map(() => 'unconfirmed'),
    );
  });

  test('events that are re-dated change the day that they leave and the one that they come to', async () => {
    await results(server, site, [
      goodEvent(site, {
        timestamp: `${DAY}T23:30:00Z`,
        locationId: site.office.locationId,
        locationType: 'location',
      }),
    ]);
    const walkIn = (await addUser(server.db.owner, site.tenantId)).userId;
    await results(server, site, [goodEvent(site, { timestamp: `${DAY}T23:40:00Z`, userId: walkIn })]);
    const consumer = await follower('user-booking-attendance');
    const presence = await follower('presence');
    await write(
      "UPDATE nodes SET time_zone = 'Europe/Paris' WHERE tenant_id = $1 AND node_id = $2",
      site.office.locationId,
    );
    await followed(consumer);
    await write(
      'UPDATE presence_events SET day = day + 1, written_xid = pg_current_xact_id() WHERE tenant_id = $1',
    );
    const came = await followed(consumer);
    const key = { userId: walkIn, day: `${DAY}T00:00:00.000Z`, attendanceLocationId: site.office.locationId };
    expect(came).toContainEqual({ ...key, deleted: true });
    expect(typeOf(came, silent)).toBe('unconfirmed');
    await followed(presence);
    expect(presence.rows().map((row) => row.day)).toEqual([
      '2026-03-10T00:00:00.000Z',
      '2026-03-10T00:00:00.000Z',
    ]);
  });

  test('an office that gets another time zone has other days that have ended', async () => {
    server.clock.nowMs = Date.parse('2026-03-09T20:00:00Z');
    const consumer = await follower('user-booking-attendance');
    await write(
      "UPDATE nodes SET time_zone = 'Pacific/Kiritimati' WHERE tenant_id = $1 AND node_id = $2",
      site.office.locationId,
    );
    expect(typeOf(await followed(consumer), silent)).toBe('unconfirmed');
    await write(
      "UPDATE nodes SET time_zone = 'UTC' WHERE tenant_id = $1 AND node_id = $2",
      site.office.locationId,
    );
    await followed(consumer);
    expect(typeOf(consumer.rows(), silent)).toBeUndefined();
  });

  test('plans without an office are rows of their own, which come and go', async () => {
    const { locationId } = site.office;
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

  test('office by office, the feeds together are what the exports together are', async () => {
    const other = await addNode(server.db.owner, site.tenantId, { kind: 'location', timeZone: 'UTC' });
    await write('UPDATE users SET primary_location_id = $2 WHERE tenant_id = $1', other);
    const here = await follower('user-booking-attendance', { locationId: site.office.locationId });
    const there = await follower('user-booking-attendance', { locationId: other });
    await planOf(silent, 'r');
    await results(server, site, [goodEvent(site, { timestamp: `${DAY}T09:00:00Z`, userId: silent })]);
    for (const consumer of [here, there]) await followed(consumer, 1);
    expect(here.rows()).toHaveLength(2);
    expect(there.rows()).toMatchObject([{ userId: silent, plan: 'r' }]);
  });

  test('only what lies within the dates, where dates are given; and nothing for an unknown office', async () => {
    const cursor = await cursorOf('user-booking-attendance');
    await results(server, site, [goodEvent(site, { timestamp: `${DAY}T09:00:00Z` })]);
    const of = (query: string) => since('user-booking-attendance', cursor, query);
    expect(await of('&startDate=2026-03-10&endDate=2026-03-31')).toEqual([]);
    expect(await of(`&locationId=${randomUUID()}`)).toEqual([]);
    expect(await of('&locationId=none')).toEqual([]);
    expect(await of(`&startDate=${DAY}&endDate=${DAY}`)).toHaveLength(2);
  });

  test('a deletion in CSV has its key, and says so in a column of its own', async () => {
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
      attendanceLocationId: site.office.locationId,
    });
  });
});

describe('A cursor that this database cannot answer is a 410', () => {
  const GONE = { status: 410, detail: expect.stringContaining('another database') };

  test.each(followable.map(({ path }) => path))(
    '%s: the cursor of a database that this is a copy of',
    async (path) => {
      const copy = await startTestServer();
      const foreign = await addSite(copy);
      const reply = await copy.app.inject({ url: '/v1/analytics/users/basic', headers: foreign.headers });
      await copy.close();
      const refused = await get(path, `changedSince=${reply.headers['rollcall-cursor']}`);
      expect(refused.statusCode).toBe(410);
      expect(refused.headers['rollcall-cursor']).toBeUndefined();
      expect(refused.json()).toMatchObject(GONE);
    },
  );

  test('one of a moment that has not come yet, as after its files were set back', async () => {
    const [database, runId, , at] = parts(await cursorOf());
    const refused = await get(
      'users',
      `changedSince=${text([database, runId, '9000000000:9000000000:', at])}`,
    );
    expect(refused.json()).toMatchObject(GONE);
  });

  test('one of a run that this database knows nothing of', async () => {
    const [database, , snapshot, at] = parts(await cursorOf());
    const refused = await get('users', `changedSince=${text([database, randomUUID(), snapshot, at])}`);
    expect(refused.json()).toMatchObject(GONE);
  });

  test('one that was given out after the moment to which the files were set back, once ids have caught up', async () => {
    const before = await cursorOf();
    await addUser(server.db.owner, site.tenantId);
    const lost = await cursorOf();
    // PostgreSQL started anew, and the first id that was free then had been given out already.
    const [, xmax] = String(parts(before)[2]).split(':');
    await server.db.owner.inSystem((tx) =>
      tx.query("INSERT INTO database_runs (started_at, first_xid) VALUES ('2026-01-01', $1::xid8)", [xmax]),
    );
    expect((await get('users', `changedSince=${before}`)).statusCode).toBe(200);
    expect((await get('users', `changedSince=${lost}`)).json()).toMatchObject(GONE);
    await server.db.owner.inSystem((tx) =>
      tx.query("DELETE FROM database_runs WHERE started_at = '2026-01-01'"),
    );
  });
});

const parts = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
const text = (of: unknown) => Buffer.from(JSON.stringify(of)).toString('base64url');

describe('What cannot be read is a 400 that names the parameter', () => {
  test.each([
    ['changedSince', 'changedSince='],
    ['changedSince', 'changedSince=yesterday'],
    ['changedSince', `changedSince=${text({})}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '9:5:', 0])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:4', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:7,6', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', 'x', '5:9:', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:', 'x'])}`],
    ['limit', `${DATES}&limit=`],
    ['limit', `${DATES}&limit=0`],
    ['limit', `${DATES}&limit=-1`],
    ['limit', `${DATES}&limit=1.5`],
    ['limit', `${DATES}&limit=10001`],
    ['limit', `${DATES}&limit=all`],
    ['limit', `${DATES}&after=x`],
    ['after', `${DATES}&limit=1&after=x`],
    ['startDate', 'limit=5'],
    ['endDate', 'startDate=2026-03-01'],
  ])('%s: %s', async (parameter, query) => {
    const reply = await get('presence', query);
    expect(reply.statusCode, reply.body).toBe(400);
    expect(reply.json().errors).toEqual([{ path: parameter, message: expect.any(String) }]);
  });

  test('one date without the other, with changedSince', async () => {
    const reply = await get('presence', `changedSince=${await cursorOf()}&startDate=2026-03-01`);
    expect(reply.json().errors).toMatchObject([{ path: 'endDate' }]);
  });

  test('after that is of another dataset, or that somebody has changed', async () => {
    await fill();
    const link = String((await get('users', 'limit=1')).headers.link);
    const after = new URL(/<(.+)>/.exec(link)?.[1] ?? '').searchParams.get('after') ?? '';
    const [cursor] = parts(after);
    for (const wrong of [
      after,
      text([cursor, '2026-02-30', ...Array(4).fill(site.user.userId)]),
      text([
        cursor,
        '2026-03-10',
        site.user.userId,
        site.user.userId,
        '2026-03-10 25:00:00+00',
        site.user.userId,
      ]),
      text([
        'x',
        '2026-03-10',
        site.user.userId,
        site.user.userId,
        '2026-03-10 05:00:00+00',
        site.user.userId,
      ]),
    ]) {
      const reply = await get('presence', `${DATES}&limit=1&after=${wrong}`);
      expect(reply.statusCode, reply.body).toBe(400);
      expect(reply.json().errors).toMatchObject([{ path: 'after' }]);
    }
  });
});

describe('limit', () => {
  test.each(followable.map(({ path }) => path))(
    '%s: pages are what comes without, in its order',
    async (path) => {
      const empty = await cursorOf();
      await fill();
      const consumer = new Consumer(server, site.key, path);
      const dates: Record<string, string> = datesOf(path)
        ? { startDate: '2026-03-01', endDate: '2026-03-31' }
        : {};
      for (const query of [dates, { changedSince: empty }]) {
        const all = (await consumer.get(query)).json() as Row[];
        expect(all.length).toBeGreaterThanOrEqual(1);
        for (const limit of [1, 2, all.length, 10_000]) {
          const { rows, pages } = await consumer.pages({ ...query, limit: String(limit) });
          expect(rows).toEqual(all);
          expect(pages).toBe(Math.ceil(all.length / limit));
        }
      }
    },
  );

  test('what is written between two pages is new since the cursor, which is that of the first page', async () => {
    await fill();
    const consumer = await follower('presence');
    let n = 0;
    const { rows, cursor } = await consumer.pages(
      { startDate: '2026-03-01', endDate: '2026-03-31', limit: '2' },
      async () => {
        const timestamp = `2026-03-0${1 + (n % 9)}T10:00:00Z`;
        await results(server, site, [goodEvent(site, { eventId: `between ${n++}`, timestamp })]);
      },
    );
    const keys = new Set(
      [...rows, ...(await since('presence', cursor))].map((row) => `${row.timestamp} ${row.userId}`),
    );
    const exported = await consumer.exported();
    expect(n).toBeGreaterThan(3);
    expect([...keys].sort()).toEqual(exported.map((row) => `${row.timestamp} ${row.userId}`).sort());
  });

  test('Link is absolute, keeps what was asked for, and is not on the last page', async () => {
    await fill();
    const { locationId } = site.office;
    const reply = await server.app.inject({
      url: `/v1/analytics/presence/basic/?${DATES}&limit=8&locationIds=${locationId}&format=csv`,
      headers: { ...site.headers, host: 'rollcall.example' },
    });
    const next = new URL(/^<(.+)>; rel="next"$/.exec(String(reply.headers.link))?.[1] ?? '');
    expect(next.origin + next.pathname).toBe('http://rollcall.example/v1/analytics/presence/basic/');
    expect(Object.fromEntries(next.searchParams)).toMatchObject({
      ...{
        startDate: '2026-03-01',
        endDate: '2026-03-31',
        limit: '8',
        locationIds: locationId,
        format: 'csv',
      },
    });
    const last = await server.app.inject({
      url: next.pathname + next.search,
      headers: { authorization: basic(site.key) },
    });
    expect(last.body.trim().split('\r\n')).toHaveLength(2);
    expect(last.headers.link).toBeUndefined();
  });
});
