import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AttendanceClient, type AttendanceRow } from './support/attendance.ts';
import { addOffice, addUser, type Office, type TestUser } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { setReporting, storeDays } from './support/workday.ts';

const id = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;
const DAY = '2026-03-09';
const AT_NOON = `${DAY}T12:00:00Z`;

let server: TestServer;
let tenantId: string;
let key: Awaited<ReturnType<TestServer['key']>>;
let client: AttendanceClient;
let london: Office;
let paris: Office;
let user: TestUser;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
  tenantId = await server.organisation();
  key = await server.key(tenantId);
  client = new AttendanceClient(server, key);
  london = await addOffice(server.db.owner, tenantId, 'Europe/London');
  paris = await addOffice(server.db.owner, tenantId, 'Europe/Paris');
  user = await addUser(server.db.owner, tenantId, { userId: id(1), primaryLocationId: london.locationId });
});

const store = (...days: Parameters<typeof storeDays>[2]) => storeDays(server.db.owner, tenantId, days);
const person = (n: number, primaryLocationId?: string) =>
  addUser(server.db.owner, tenantId, {
    userId: id(n),
    ...(primaryLocationId === undefined ? {} : { primaryLocationId }),
  });
const brief = (rows: AttendanceRow[]) =>
  rows.map(({ userId, plan, attendanceType = '-', attendanceLocationId }) => {
    const office = { [london.locationId]: 'london', [paris.locationId]: 'paris' }[attendanceLocationId ?? ''];
    return `${userId.charAt(7)} ${plan} ${attendanceType} ${office ?? '-'}`;
  });

async function nameOf(nodeId: string): Promise<string> {
  const { rows } = await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query('SELECT name FROM nodes WHERE tenant_id = $1 AND node_id = $2', [tenantId, nodeId]),
  );
  return rows[0].name;
}

describe('what a row holds', () => {
  test('a booked and used desk: every column, in order', async () => {
    await store({
      userId: user.userId,
      day: DAY,
      plan: 'o',
      locationId: london.locationId,
      booking: { nodeId: london.placeId, kind: 'place', zoneId: london.zoneId },
    });
    await client.submit([{ userId: user.userId, nodeId: london.placeId, kind: 'place', at: AT_NOON }]);
    const [row, ...more] = await client.attendance(DAY);
    expect(more).toEqual([]);
    expect(Object.entries(row ?? {})).toEqual([
      ['userId', user.userId],
      ['primaryLocationId', london.locationId],
      ['primaryLocationName', await nameOf(london.locationId)],
      ['day', '2026-03-09T00:00:00.000Z'],
      ['plan', 'o'],
      ['bookingDepth', 3],
      ['attendanceType', 'confirmed'],
      ['bookingLocationId', london.locationId],
      ['bookingLocationName', await nameOf(london.locationId)],
      ['bookingLevelId', london.levelId],
      ['bookingLevelName', await nameOf(london.levelId)],
      ['bookingZoneId', london.zoneId],
      ['bookingZoneName', await nameOf(london.zoneId)],
      ['bookingPlaceId', london.placeId],
      ['bookingPlaceName', await nameOf(london.placeId)],
      ['attendanceLocationId', london.locationId],
      ['attendanceLocationName', await nameOf(london.locationId)],
    ]);
  });

  test('the documented columns are those of the contract, required before optional; a deleted row has those of the key', () => {
    const description = server.app.swagger() as never as {
      paths: Record<string, { get: { responses: { 200: { content: Record<string, { schema: Rows }> } } } }>;
    };
    type Row = { properties: Record<string, { 'x-provenance': string }>; required: string[] };
    type Rows = { items: { anyOf: [Row, Row] } };
    const [{ properties, required }, deletion] =
      description.paths['/v1/analytics/user-booking-attendance']?.get.responses[200].content[
        'application/json'
      ]?.schema.items.anyOf ?? expect.fail('It is not documented.');
    expect(required).toEqual(['userId', 'primaryLocationId', 'primaryLocationName', 'day', 'plan']);
    const ours = ['primaryGroupName', 'attendanceLocationId', 'attendanceLocationName'];
    expect(Object.entries(properties).map(([name, column]) => [name, column['x-provenance']])).toEqual(
      [
        ...required,
        'bookingDepth',
        'attendanceType',
        ...['Location', 'Level', 'Zone', 'Place'].flatMap((kind) => [
          `booking${kind}Id`,
          `booking${kind}Name`,
        ]),
        'primaryGroupId',
        ...ours,
      ].map((name) => [name, ours.includes(name) ? 'ours' : 'doc']),
    );
    expect(Object.keys(deletion.properties)).toEqual(['userId', 'day', 'attendanceLocationId', 'deleted']);
    expect(deletion.properties.deleted).toMatchObject({ enum: [true] });
    expect(deletion.required).toEqual(['userId', 'day', 'deleted']);
  });

  test('a remote user without an office: required members null, optional ones absent', async () => {
    const { userId } = await person(2);
    await store({ userId, day: DAY, plan: 'r' });
    expect(await client.attendance(DAY)).toEqual([
      {
        userId,
        primaryLocationId: null,
        primaryLocationName: null,
        day: '2026-03-09T00:00:00.000Z',
        plan: 'r',
      },
    ]);
  });

  test("a user's primary group, by id and name", async () => {
    const groupId = id(9);
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query('INSERT INTO groups (tenant_id, group_id, group_type, name) VALUES ($1, $2, $3, $4)', [
        tenantId,
        groupId,
        'team',
        'Data',
      ]);
      await tx.query('UPDATE users SET primary_group_id = $3 WHERE tenant_id = $1 AND user_id = $2', [
        tenantId,
        user.userId,
        groupId,
      ]);
    });
    await store({ userId: user.userId, day: DAY, plan: 'r' });
    expect(await client.attendance(DAY)).toEqual([
      expect.objectContaining({ primaryGroupId: groupId, primaryGroupName: 'Data' }),
    ]);
  });

  test('depth 1 is a booking of the office, and depth 2 one of a zone', async () => {
    const { userId } = await person(2);
    await store(
      { userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId },
      {
        userId,
        day: DAY,
        plan: 'o',
        locationId: paris.locationId,
        booking: { nodeId: paris.zoneId, kind: 'zone', zoneId: paris.zoneId },
      },
    );
    const [office, zone] = await client.attendance(DAY);
    expect(office).toMatchObject({ bookingDepth: 1, bookingLocationId: london.locationId });
    for (const kind of ['Level', 'Zone', 'Place']) expect(office).not.toHaveProperty(`booking${kind}Id`);
    expect(zone).toMatchObject({
      bookingDepth: 2,
      bookingLocationId: paris.locationId,
      bookingLevelId: paris.levelId,
      bookingZoneId: paris.zoneId,
    });
    expect(zone).not.toHaveProperty('bookingPlaceId');
  });

  test('retired users and offices keep their rows', async () => {
    await store({ userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId });
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query("UPDATE users SET status = 'inactive' WHERE tenant_id = $1", [tenantId]);
      await tx.query("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1", [tenantId]);
    });
    expect(brief(await client.attendance(DAY))).toEqual(['1 o unconfirmed london']);
  });
});

describe('rows and types', () => {
  test('planned at one office and detected at another is two rows, and the booking is on the first', async () => {
    const { userId } = await person(2);
    await store({ userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId });
    await client.submit([
      { userId: user.userId, nodeId: paris.spaceId, kind: 'space', at: AT_NOON },
      { userId, nodeId: london.locationId, at: AT_NOON },
    ]);
    const rows = await client.attendance(DAY);
    expect(brief(rows).sort()).toEqual(['1 o noShow london', '1 o walkIn paris', '2 a walkIn london']);
    const walkIn = rows.find((row) => row.attendanceLocationId === paris.locationId);
    expect(Object.keys(walkIn ?? {}).filter((name) => name.startsWith('booking'))).toEqual([]);
  });

  test('remote and detected: the row of the plan, and that of the walk-in', async () => {
    await store({ userId: user.userId, day: DAY, plan: 'r' });
    await client.submit([{ userId: user.userId, nodeId: london.levelId, kind: 'level', at: AT_NOON }]);
    expect(brief(await client.attendance(DAY))).toEqual(['1 r - -', '1 r walkIn london']);
  });

  test('a plan that presence made is one row, a walkIn, with its booking', async () => {
    await store({
      userId: user.userId,
      day: DAY,
      plan: 'o',
      setBy: 'presence',
      locationId: london.locationId,
      booking: { nodeId: london.placeId, kind: 'place', zoneId: london.zoneId, setBy: 'presence' },
    });
    await client.submit([{ userId: user.userId, nodeId: london.placeId, kind: 'place', at: AT_NOON }]);
    const rows = await client.attendance(DAY);
    expect(brief(rows)).toEqual(['1 o walkIn london']);
    expect(rows[0]).toMatchObject({ bookingDepth: 3, bookingPlaceId: london.placeId });
  });

  test('with a desk that presence booked, a user with a plan for the office stays confirmed', async () => {
    await store({
      userId: user.userId,
      day: DAY,
      plan: 'o',
      locationId: london.locationId,
      booking: { nodeId: london.placeId, kind: 'place', zoneId: london.zoneId, setBy: 'presence' },
    });
    await client.submit([{ userId: user.userId, nodeId: london.placeId, kind: 'place', at: AT_NOON }]);
    expect(brief(await client.attendance(DAY))).toEqual(['1 o confirmed london']);
  });

  test.each([
    ['detect', 'unconfirmed', 'noShow'],
    ['always', 'noShow', 'noShow'],
    ['never', 'unconfirmed', 'unconfirmed'],
  ] as const)('reporting %s: %s without any event, %s with one', async (reporting, silent, spoken) => {
    const { userId } = await person(2);
    await setReporting(server.db.owner, tenantId, london.locationId, reporting);
    await store({ userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId });
    await client.submit([
      { userId, nodeId: paris.locationId, at: AT_NOON },
      { userId, nodeId: london.locationId, at: '2026-03-08T12:00:00Z' },
    ]);
    expect(brief(await client.attendance(DAY))).toContain(`1 o ${silent} london`);
    await client.submit([{ userId, nodeId: london.locationId, at: AT_NOON }]);
    expect(brief(await client.attendance(DAY))).toContain(`1 o ${spoken} london`);
  });

  test('today, a plan without presence has no type until the office day ends, and a detected user is shown at once', async () => {
    const { userId } = await person(2);
    const { userId: guest } = await person(3);
    await store(
      { userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId },
      { userId, day: DAY, plan: 'o', locationId: london.locationId },
    );
    server.clock.nowMs = Date.parse('2026-03-09T23:59:59.999Z');
    await client.submit([
      { userId, nodeId: london.locationId, at: AT_NOON },
      { userId: guest, nodeId: london.locationId, at: AT_NOON },
    ]);
    const others = ['2 o confirmed london', '3 a walkIn london'];
    expect(brief(await client.attendance(DAY))).toEqual(['1 o - london', ...others]);
    server.clock.nowMs += 1;
    expect(brief(await client.attendance(DAY))).toEqual(['1 o noShow london', ...others]);
  });

  test('a future day has its plans, without a type', async () => {
    await setReporting(server.db.owner, tenantId, london.locationId, 'always');
    await store({ userId: user.userId, day: '2026-03-20', plan: 'o', locationId: london.locationId });
    expect(brief(await client.attendance('2026-03-20'))).toEqual(['1 o - london']);
  });
});

describe('an answer', () => {
  test('is ordered by day, user and office, the row without an office first', async () => {
    const { userId } = await person(2);
    await store(
      { userId, day: '2026-03-08', plan: 'a' },
      { userId: user.userId, day: DAY, plan: 'r' },
      { userId, day: DAY, plan: 'o', locationId: paris.locationId },
    );
    await client.submit(
      [london, paris].flatMap(({ locationId: nodeId }) =>
        [user.userId, userId].map((each) => ({ userId: each, nodeId, at: AT_NOON })),
      ),
    );
    const rows = await client.attendance('2026-03-07', DAY);
    const offices = [london.locationId, paris.locationId].sort();
    expect(rows.map((row) => [row.day.slice(0, 10), row.userId, row.attendanceLocationId])).toEqual([
      ['2026-03-08', userId, undefined],
      [DAY, user.userId, undefined],
      ...offices.map((office) => [DAY, user.userId, office]),
      ...offices.map((office) => [DAY, userId, office]),
    ]);
  });

  test("with locationId has the users' offices of plan or detection, else their primary location", async () => {
    const { userId: ofParis } = await person(2, paris.locationId);
    const { userId: ofNone } = await person(3);
    await store(
      { userId: user.userId, day: DAY, plan: 'o', locationId: paris.locationId },
      { userId: ofParis, day: DAY, plan: 'r' },
      { userId: ofNone, day: DAY, plan: 'a' },
    );
    await client.submit([
      { userId: ofParis, nodeId: london.locationId, at: AT_NOON },
      { userId: ofNone, nodeId: paris.locationId, at: AT_NOON },
    ]);
    expect(brief(await client.attendance(DAY, DAY, london.locationId))).toEqual(['2 r walkIn london']);
    expect(brief(await client.attendance(DAY, DAY, paris.locationId.toUpperCase()))).toEqual([
      '1 o noShow paris',
      '2 r - -',
      '3 a walkIn paris',
    ]);
    expect(brief(await client.attendance(DAY))).toHaveLength(5);
  });

  test.each([id(9), 'nowhere'])('with the unknown locationId %s selects nothing', async (locationId) => {
    await store({ userId: user.userId, day: DAY, plan: 'r' });
    expect(await client.attendance(DAY, DAY, locationId)).toEqual([]);
  });

  test('is for any key with access to the warehouse, by Bearer and by Basic, and no cache may keep it', async () => {
    await store({ userId: user.userId, day: DAY, plan: 'r' });
    const query = `startDate=${DAY}&endDate=20260309`;
    const replies = await Promise.all([
      server.app.inject({
        url: `/v1/analytics/user-booking-attendance?${query}`,
        headers: { authorization: `Bearer ${await server.token(key)}` },
      }),
      server.app.inject({
        url: `/v1/analytics/user-booking-attendance/basic/?${query}`,
        headers: { authorization: basic(key) },
      }),
    ]);
    for (const reply of replies) {
      expect(reply.json()).toHaveLength(1);
      expect(reply.headers['cache-control']).toBe('private, no-cache');
    }
  });

  test.each(['', 'startDate=2026-03-01', 'startDate=2026-03-01&endDate=2026-04-01'])(
    'without a window of at most 31 dates is a 400: %j',
    async (query) => {
      const reply = await server.app.inject({
        url: `/v1/analytics/user-booking-attendance/basic?${query}`,
        headers: { authorization: basic(key) },
      });
      expect(reply.statusCode).toBe(400);
    },
  );

  test('can include the last possible day', async () => {
    await store({ userId: user.userId, day: '9999-12-31', plan: 'o', locationId: london.locationId });
    expect(brief(await client.attendance('9999-12-30', '9999-12-31'))).toEqual(['1 o - london']);
  });

  test('has rows of its own organisation only', async () => {
    await store({ userId: user.userId, day: DAY, plan: 'o', locationId: london.locationId });
    const other = new AttendanceClient(server, await server.key(await server.organisation()));
    expect(await other.attendance(DAY)).toEqual([]);
    expect(await other.attendance(DAY, DAY, london.locationId)).toEqual([]);
  });

  test('with more than one batch of rows is complete and in order, even if a filter leaves only parts of the batches', async () => {
    await store({ userId: user.userId, day: DAY, plan: 'r' });
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id)
         SELECT $1, gen_random_uuid(), 'many ' || n, 'many ' || n, $2 FROM generate_series(1, 600) n`,
        [tenantId, london.locationId],
      );
      await tx.query(
        `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
         SELECT tenant_id, user_id, day, 'o', $2, 'week' FROM users, unnest('{2026-03-08,2026-03-10}'::date[]) day
         WHERE tenant_id = $1`,
        [tenantId, paris.locationId],
      );
      await tx.query(
        `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
         SELECT tenant_id, user_id, day, location_id, location_id, 'location', 'engine' FROM day_plans
         WHERE tenant_id = $1 AND plan = 'o'`,
        [tenantId],
      );
    });
    const all = await client.attendance('2026-03-08', '2026-03-10');
    const keys = all.map((row) => `${row.day} ${row.userId}`);
    expect(keys).toHaveLength(601 + 1 + 601);
    expect(keys).toEqual([...new Set(keys)].sort());
    // Primary location here and plan elsewhere: before and after the one user, hundreds have no row of this office.
    const ofLondon = await client.attendance('2026-03-08', '2026-03-10', london.locationId);
    expect(brief(ofLondon)).toEqual(['1 r - -']);
  });

  test('with more users than one read of the database has each once, wherever the read ends', async () => {
    const people = 3_000;
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
         SELECT $1, gen_random_uuid(), 'many ' || n, 'many ' || n FROM generate_series(2, $2::integer) n`,
        [tenantId, people],
      );
      await tx.query(
        `INSERT INTO day_plans (tenant_id, user_id, day, plan, set_by)
         SELECT tenant_id, user_id, $2, 'r', 'week' FROM users WHERE tenant_id = $1`,
        [tenantId, DAY],
      );
      await tx.query(
        `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                      event_id, source_id, received_at)
         SELECT tenant_id, $2, gen_random_uuid(), $3, user_id, office, office, user_name, 'door', $2
         FROM users, unnest($4::uuid[]) office WHERE tenant_id = $1`,
        [tenantId, AT_NOON, DAY, [london.locationId, paris.locationId]],
      );
    });
    const keys = (await client.attendance(DAY)).map(
      (row) => `${row.userId} ${row.attendanceLocationId ?? ''}`,
    );
    expect(keys).toHaveLength(people * 3);
    expect(keys).toEqual([...new Set(keys)].sort());
  });
});
