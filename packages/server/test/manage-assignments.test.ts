import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { storeDays } from './support/workday.ts';
import { change, office, readDay, TUESDAY } from './workday/support.ts';

let server: TestServer;
let client: ManageClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
let ada: string;
let grace: string;
let gone: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = await makeLondon(client);
  ada = await client.make('users', { userName: 'ada', email: 'Ada@example.com' });
  grace = await client.make('users', { userName: 'grace' });
  gone = await client.make('users', { userName: 'gone', status: 'inactive' });
});
afterAll(() => server.close());

const desk = (deskName: string) => client.make('desks', { deskName, zoneId: london.zoneId });

test('a desk can be assigned to a user, to another user, and to nobody', async () => {
  const { deskId, zoneId, levelId, locationId } = london;
  const path = `desks/${deskId.toUpperCase()}/assignment`;
  const row = {
    deskId,
    deskName: 'N1',
    zoneId,
    zoneName: 'North',
    levelId,
    levelName: 'L3',
    locationId,
    locationName: 'London',
    userId: ada,
    userName: 'ada',
    inEffect: true,
  };
  expect(await client.put(path, { userId: ada.toUpperCase() })).toEqual(row);
  expect(await client.list('desk-assignments')).toEqual([row]);
  expect(await client.get(`desks/${deskId}`)).toMatchObject({ assignedUserId: ada });
  expect(await client.put(path, { userName: 'GRACE' })).toMatchObject({ userId: grace });
  const nobodys = { ...row, userId: null, userName: null, inEffect: false };
  expect((await client.send('DELETE', path)).json()).toEqual(nobodys);
  expect((await client.send('DELETE', path)).json()).toEqual(nobodys);
  expect(await client.list('desk-assignments')).toEqual([]);
  expect(await client.put(path, { userId: ada })).toMatchObject({ userId: ada });
  expect(await client.put(path, { userId: null })).toEqual(nobodys);
});

test('in bulk, items apply in order, and a refused item stops no other', async () => {
  const { deskId, zoneId } = london;
  const [second, retired] = [await desk('N2'), await desk('N3')];
  await client.patch(`desks/${retired}`, { status: 'inactive' });
  const elsewhere = await manageClient(server);
  const theirs = await makeLondon(elsewhere);
  const stranger = await elsewhere.make('users', { userName: 'stranger' });
  const results = await client.bulk('desk-assignments', [
    { deskId, userId: ada },
    { deskId: second, userName: 'ada@EXAMPLE.com' },
    { deskId: second, userId: grace, userName: 'grace' },
    { deskId: second, userId: grace },
    { deskId: retired, userId: ada },
    { deskId: retired, userId: null },
    { deskId, userId: gone },
    { deskId, userId: stranger },
    { deskId, userId: ada, userName: 'grace' },
    { deskId, userName: 'nobody' },
    { deskId: theirs.deskId, userId: ada },
    { deskId: zoneId, userId: ada },
    { deskId: 'x', userId: ada },
    { deskId },
    { deskId, userName: null },
    { deskId, userId: 'x' },
    { deskId, userName: 'a\0' },
  ]);
  expect(results.map(({ result, message }) => (result === 'refused' ? message : result))).toEqual([
    'created',
    'created',
    'updated',
    'unchanged',
    `deskId "${retired}" is retired, or is in a retired node`,
    'unchanged',
    `userId "${gone}" does not belong to an active user`,
    `userId "${stranger}" does not belong to an active user`,
    `userId "${ada}" and userName "grace" belong to different users`,
    'userName "nobody" does not belong to an active user',
    `deskId "${theirs.deskId}" is not known`,
    `deskId "${zoneId}" is not known`,
    'deskId "x" is not a GUID',
    'userId and userName are both missing: a userId of null unassigns the desk',
    'userId and userName are both missing: a userId of null unassigns the desk',
    'userId "x" is not a GUID',
    'userName "a\\u0000" contains a NUL',
  ]);
  expect(results[0]?.id).toBe(deskId);
  const owners = (await client.list('desk-assignments')).map((row) => [row.deskId, row.userId]);
  expect(Object.fromEntries(owners)).toEqual({ [deskId]: ada, [second]: grace });
  expect(await client.list(`desk-assignments?userId=${grace}`)).toMatchObject([{ deskId: second }]);
  expect(await client.list(`desk-assignments?locationId=${theirs.locationId}`)).toEqual([]);
  expect(await client.list(`desk-assignments?locationId=${london.locationId}&limit=1`)).toHaveLength(1);
  expect(await elsewhere.list('desk-assignments')).toEqual([]);
});

test('an unknown desk is a 404, a retired one a 409, and an unknown user a 400', async () => {
  const theirs = await makeLondon(await manageClient(server));
  for (const id of [theirs.deskId, london.zoneId, randomUUID(), 'x']) {
    expectProblem(await client.send('PUT', `desks/${id}/assignment`, { userId: ada }), 404);
    expectProblem(await client.send('DELETE', `desks/${id}/assignment`), 404);
  }
  const path = `desks/${london.deskId}/assignment`;
  expect(expectProblem(await client.send('PUT', path, { userId: gone }), 400)).toContain('userId');
  expect(expectProblem(await client.send('PUT', path, {}), 400)).toContain('userId');
  await client.patch(`zones/${london.zoneId}`, { status: 'inactive' });
  expect(expectProblem(await client.send('PUT', path, { userId: ada }), 409)).toContain('deskId');
});

test('assigned desks are downloaded as a file that the import takes', async () => {
  const quoted = await desk('=Desk, "by the door"');
  const retired = await desk('Retired');
  for (const deskId of [london.deskId, quoted, retired])
    await client.put(`desks/${deskId}/assignment`, { userId: ada });
  await client.patch(`desks/${retired}`, { status: 'inactive' });
  const reply = await client.send('GET', 'desk-assignments?format=csv');
  expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
  expect(reply.headers['content-disposition']).toBe('attachment; filename="desk-assignments.csv"');
  const lines = reply.body.trimEnd().split('\r\n');
  expect(lines[0]).toBe('deskId,deskName,zoneName,levelName,locationName,userId,userName');
  // The import refuses desks that are not in use, so the file leaves them out.
  const rows = [
    `${london.deskId},N1,North,L3,London,${ada},ada`,
    `${quoted},"'=Desk, ""by the door""",North,L3,London,${ada},ada`,
  ];
  expect(lines.slice(1).toSorted()).toEqual(rows.toSorted());
  await client.send('DELETE', `desks/${quoted}/assignment`);
  const token = await server.token(await server.key(client.tenantId));
  const imported = await server.app.inject({
    method: 'POST',
    url: '/v1/manage/imports/desk-assignments',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
    payload: reply.body,
  });
  expect(imported.json()).toMatchObject({ created: 1, unchanged: 1, refused: 0 });
  expect(await client.list('desk-assignments')).toHaveLength(3);
  const none = await client.send('GET', 'desk-assignments?format=csv&locationId=x');
  expect(none.body).toBe(`${lines[0]}\r\n`);
  expectProblem(await client.send('GET', 'desk-assignments?format=xml'), 400);
});

test('an assignment outlives its desk and its user, without effect', async () => {
  await client.put(`desks/${london.deskId}/assignment`, { userId: ada });
  await client.patch(`users/${ada}`, { status: 'inactive' });
  expect(await client.list('desk-assignments')).toMatchObject([{ userId: ada, inEffect: false }]);
  await client.patch(`users/${ada}`, { status: 'active' });
  await client.patch(`levels/${london.levelId}`, { status: 'inactive' });
  expect(await client.list('desk-assignments')).toMatchObject([{ userId: ada, inEffect: false }]);
});

test('a user who has booked the desk keeps those days, and other days belong to the owner', async () => {
  const { tenantId } = client;
  const { locationId, deskId, zoneId } = london;
  await storeDays(server.db.owner, tenantId, [
    {
      userId: grace,
      day: TUESDAY,
      plan: 'o',
      locationId,
      booking: { nodeId: deskId, kind: 'place', zoneId },
    },
  ]);
  await client.put(`desks/${deskId}/assignment`, { userId: ada });
  expect(await readDay(server.db.owner, tenantId, grace, TUESDAY)).toMatchObject({ bookedNodeId: deskId });
  const outcomes = await change(server.db.restricted, tenantId, [
    office(grace, '2026-03-04', locationId, deskId),
    office(ada, '2026-03-04', locationId),
  ]);
  expect(outcomes).toEqual(['not-bookable', 'changed']);
  expect(await readDay(server.db.owner, tenantId, ada, '2026-03-04')).toMatchObject({ bookedNodeId: deskId });
});

test('concurrent assignments, bookings and retirements return no write conflict', async () => {
  const desks = await Promise.all(['A', 'B', 'C', 'D'].map(desk));
  const assign = (round: number) =>
    client.bulk(
      'desk-assignments',
      desks.map((deskId, n) => ({ deskId, userId: [ada, grace][(n + round) % 2] })),
    );
  const book = (round: number) =>
    change(server.db.restricted, client.tenantId, [
      office(ada, '2026-03-12', london.locationId, desks[round % 4]),
      office(grace, '2026-03-12', london.locationId, desks[(round + 1) % 4]),
    ]);
  const retire = (round: number) =>
    client.patch(`desks/${desks[round % 4]}`, { status: round % 3 ? 'active' : 'inactive' });
  await Promise.all(
    Array.from({ length: 12 }, (_, round) => [assign(round), book(round), retire(round)]).flat(),
  );
  const owners = (await client.list('desk-assignments')).map((row) => row.userId);
  expect(owners.every((userId) => userId === ada || userId === grace)).toBe(true);
});
