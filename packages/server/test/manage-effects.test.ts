import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockDirectory } from '../src/store/connections/directory-lock.ts';
import { untilAllWait } from './support/locks.ts';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { change, office, readLog, readStored } from './workday/support.ts';

/** The clock of the tests: noon in London. */
const TODAY = '2026-03-10';
const YESTERDAY = '2026-03-09';
const TOMORROW = '2026-03-11';

let server: TestServer;
let client: ManageClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
let users: string[];
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = await makeLondon(client);
  users = (await client.bulk('users', [{ userName: 'ada' }, { userName: 'grace' }])).map(
    ({ id }) => id ?? '',
  );
});
afterAll(() => server.close());

const book = (day: string, ...nodeIds: string[]) =>
  change(
    server.db.restricted,
    client.tenantId,
    nodeIds.map((nodeId, index) => office(users[index] ?? '', day, london.locationId, nodeId)),
  );
const effects = async (path: string, patch: object) =>
  (await client.send('POST', `${path}/effects`, patch)).json();
const entry = (
  day: string,
  bookings: number,
  toLocationId: string | null,
  toLocationName: string | null,
) => ({
  day,
  bookings,
  toLocationId,
  toLocationName,
});
const NONE = { rebooked: 0, removed: 0, made: 0, days: [] };

describe('the effects of a change', () => {
  test('are those that the change then has, and asking for them stores nothing', async () => {
    const { locationId, levelId, zoneId, deskId } = london;
    for (const day of [YESTERDAY, TODAY, TOMORROW]) await book(day, deskId, zoneId);
    const before = await readStored(server.db.owner, client.tenantId);
    const log = await readLog(server.db.owner, client.tenantId);
    const retired = { status: 'inactive' };
    const one = [entry(TODAY, 1, locationId, 'London'), entry(TOMORROW, 1, locationId, 'London')];
    const both = one.map((each) => ({ ...each, bookings: 2 }));
    expect(await effects(`desks/${deskId}`, retired)).toEqual({ ...NONE, rebooked: 2, days: one });
    expect(await effects(`zones/${zoneId}`, retired)).toEqual({ ...NONE, rebooked: 4, days: both });
    expect(await effects(`levels/${levelId}`, retired)).toEqual({ ...NONE, rebooked: 4, days: both });
    expect(await effects(`locations/${locationId}`, retired)).toEqual({
      ...NONE,
      removed: 4,
      days: [entry(TODAY, 2, null, null), entry(TOMORROW, 2, null, null)],
    });
    expect(await effects(`users/${users[0]}`, retired)).toMatchObject({
      ...NONE,
      removed: 2,
      days: [{}, {}],
    });
    expect(await effects(`desks/${deskId}`, { deskName: 'N2' })).toEqual(NONE);
    expect(await readStored(server.db.owner, client.tenantId)).toEqual(before);
    expect(await readLog(server.db.owner, client.tenantId)).toEqual(log);
    expect(await client.get(`desks/${deskId}`)).toMatchObject({ deskName: 'N1', status: 'active' });

    await client.patch(`zones/${zoneId}`, retired);
    const { bookings } = await readStored(server.db.owner, client.tenantId);
    const moved = bookings.filter(({ nodeId }) => nodeId === locationId);
    expect(moved.map(({ day }) => day).toSorted()).toEqual([TODAY, TODAY, TOMORROW, TOMORROW]);
  });

  test('of a move count the bookings that the new zone has no room for, and those left in the former office', async () => {
    const { locationId, levelId, deskId } = london;
    const south = await client.make('zones', { zoneName: 'South', levelId, capacity: 1 });
    await book(TODAY, deskId, south);
    await book(TOMORROW, deskId);
    expect(await effects(`desks/${deskId}`, { zoneId: south })).toEqual({
      ...NONE,
      rebooked: 1,
      days: [entry(TODAY, 1, locationId, 'London')],
    });
    const paris = await client.make('locations', { locationName: 'Paris', timeZone: 'Europe/Paris' });
    expect(await effects(`levels/${levelId}`, { locationId: paris })).toMatchObject({
      rebooked: 3,
      removed: 0,
    });
  });

  test('of a change that is refused are its refusal', async () => {
    const { zoneId, deskId } = london;
    await client.make('desks', { deskName: 'N2', zoneId });
    expectProblem(await client.send('POST', `desks/${deskId}/effects`, { deskName: 'N2' }), 409);
    expectProblem(await client.send('POST', `desks/${deskId}/effects`, { status: 'gone' }), 400);
    expectProblem(await client.send('POST', `desks/${zoneId}/effects`, { status: 'inactive' }), 404);
  });
});

describe('the version of a row', () => {
  const send = (
    method: 'GET' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    payload?: object,
    headers: Record<string, string> = {},
  ) =>
    server.token(key).then((token) =>
      server.app.inject({
        method,
        url: `/v1/manage/${path}`,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(payload && { payload }),
      }),
    );
  let key: { apiKey: string; secret: string };
  beforeEach(async () => {
    key = await server.key(client.tenantId);
  });

  test('lets a PATCH change only that version; a PATCH without If-Match changes any', async () => {
    const path = `zones/${london.zoneId}`;
    const first = (await send('GET', path)).headers.etag as string;
    expect(first).toMatch(/^"[\w-]{22}"$/);
    const changed = await send('PATCH', path, { capacity: 5 }, { 'if-match': first });
    expect([changed.statusCode, changed.headers.etag]).toEqual([200, (await send('GET', path)).headers.etag]);
    expect(changed.headers.etag).not.toBe(first);
    const stale = await send('PATCH', path, { capacity: 9 }, { 'if-match': first });
    expect(expectProblem(stale, 412)).toContain('read it again');
    expect(await client.get(path)).toMatchObject({ capacity: 5 });
    expect((await send('PATCH', path, { capacity: 6 })).statusCode).toBe(200);
    expect((await send('PATCH', path, { capacity: 7 }, { 'if-match': '*' })).statusCode).toBe(200);
  });

  test('lets only one of two people assign a desk', async () => {
    const etag = (await send('GET', `desks/${london.deskId}`)).headers.etag as string;
    const path = `desks/${london.deskId}/assignment`;
    const [ada = '', grace = ''] = users;
    const replies = await Promise.all(
      [ada, grace].map((userId) => send('PUT', path, { userId }, { 'if-match': etag })),
    );
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412]);
    expectProblem(await send('DELETE', path, undefined, { 'if-match': etag }), 412);
    expect((await send('DELETE', path)).statusCode).toBe(200);
  });

  test.each([
    ['zones', () => `zones/${london.zoneId}`, { capacity: 9 }],
    ['settings', () => `locations/${london.locationId}/settings`, { horizonDays: 9 }],
  ] as const)('holds against a writer of another process: %s', async (_what, pathOf, patch) => {
    const path = pathOf();
    const etag = (await send('GET', path)).headers.etag as string;
    const { locationId, zoneId } = london;
    let reply: ReturnType<typeof send> | undefined;
    await server.db.owner.inTenant(client.tenantId, async (tx) => {
      await lockDirectory(tx, client.tenantId);
      reply = send('PATCH', path, patch, { 'if-match': etag });
      await untilAllWait(server.db.target);
      await tx.query('UPDATE nodes SET capacity = 5 WHERE node_id = $1', [zoneId]);
      await tx.query(
        'INSERT INTO office_settings (tenant_id, location_id, horizon_days) VALUES ($1, $2, 5)',
        [client.tenantId, locationId],
      );
    });
    expect((await reply)?.statusCode).toBe(412);
  });

  test('lets exactly one of two changes of the same version through', async () => {
    const path = `zones/${london.zoneId}`;
    const etag = (await send('GET', path)).headers.etag as string;
    const replies = await Promise.all(
      [1, 2].map((capacity) => send('PATCH', path, { capacity }, { 'if-match': etag })),
    );
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412]);
  });
});
