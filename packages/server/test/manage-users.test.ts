import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { directoryClient } from './support/groups.ts';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { storeDays } from './support/workday.ts';
import { readDay, readLog } from './workday/support.ts';

let server: TestServer;
let client: ManageClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
let ada: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = await makeLondon(client);
  ada = await client.make('users', {
    userName: 'Ada',
    email: 'Ada@example.com',
    firstName: 'Ada',
    lastName: 'Lovelace',
    onboarded: true,
    primaryLocationId: london.locationId,
  });
});
afterAll(() => server.close());

test('a row has all members of a user', async () => {
  const { postAttributes, tenantId } = await directoryClient(server);
  const attributed = await manageClient(server, tenantId);
  await attributed.patch('organisation', { primaryGroupAttribute: 'team' });
  const userId = await attributed.make('users', { userName: 'grace' });
  await postAttributes([{ userName: 'grace', attributes: { team: 'Engines', floor: 3, remote: false } }]);
  expect(await attributed.get(`users/${userId}`)).toEqual({
    userId,
    userName: 'grace',
    email: null,
    firstName: null,
    lastName: null,
    onboarded: false,
    status: 'active',
    primaryLocationId: null,
    primaryLocationName: null,
    primaryGroupId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    primaryGroupName: 'Engines',
    attributes: { team: 'Engines', floor: 3, remote: false },
    assignedDeskIds: [],
    externalId: null,
    deleted: false,
    deletedAt: null,
  });
  await client.put(`desks/${london.deskId}/assignment`, { userId: ada });
  expect(await client.get(`users/${ada.toUpperCase()}`)).toMatchObject({
    userName: 'Ada',
    email: 'Ada@example.com',
    onboarded: true,
    primaryLocationId: london.locationId,
    primaryLocationName: 'London',
    assignedDeskIds: [london.deskId],
  });
});

test('a list can be filtered by primary location, by userName and e-mail in any case, and by status', async () => {
  const grace = await client.make('users', { userName: 'grace', status: 'inactive' });
  const found = async (query: string) => (await client.list(`users?${query}`)).map(({ userId }) => userId);
  expect((await found('')).toSorted()).toEqual([ada, grace].toSorted());
  expect(await found(`locationId=${london.locationId}`)).toEqual([ada]);
  expect(await found('userName=ADA')).toEqual([ada]);
  expect(await found('email=ada@EXAMPLE.com')).toEqual([ada]);
  expect(await found('status=inactive')).toEqual([grace]);
  expect(await found('userName=ada&status=inactive')).toEqual([]);
  for (const nobody of ['userName=%00', 'email=x', `locationId=${randomUUID()}`, 'locationId=x']) {
    expect(await found(nobody)).toEqual([]);
  }
});

interface Page {
  items: { userName: string }[];
  next: string | null;
}

describe('search', () => {
  const search = async (text: string, more = '') =>
    (await client.list(`users?search=${encodeURIComponent(text)}${more}`)).map(({ userName }) => userName);

  test('finds users by parts of their names and addresses, in any case', async () => {
    await client.make('users', {
      userName: 'emil',
      firstName: 'Émil',
      lastName: 'van der Love',
      status: 'inactive',
    });
    await client.make('users', { userName: 'x_love%1', email: 'other@example.org' });
    for (const [text, found] of [
      ['lovelace', ['Ada']],
      ['ELAC', ['Ada']],
      ['ada love', ['Ada']],
      ['love  a', ['Ada', 'emil', 'x_love%1']],
      ['da Lo', ['Ada']],
      ['@EXAMPLE.com', ['Ada']],
      // Composed or not, and in upper case.
      ['E\u0301MIL', ['emil']],
      ['der love', ['emil']],
      ['_love%', ['x_love%1']],
      ['e%l', []],
      ['nobody', []],
    ] as const)
      expect((await search(text)).sort(), text).toEqual([...found].sort());
  });

  test('finds users in the order of their ids, however long their names are', async () => {
    for (const length of [10, 480, 500, 1000])
      await client.make('users', {
        userName: `long${length}`,
        firstName: 'é'.repeat(length),
        lastName: 'Longfellow',
      });
    const items = await client.list('users?search=longfellow%20%C3%89');
    expect(items.map(({ userName }) => userName).sort()).toEqual([
      'long10',
      'long1000',
      'long480',
      'long500',
    ]);
    const ids = items.map(({ userId }) => userId as string);
    expect(ids).toEqual([...ids].sort());
  });

  test('narrows other filters, has pages, and sees the own organisation only', async () => {
    await client.make('users', { userName: 'lovely', status: 'inactive' });
    expect(await search('love', '&status=active')).toEqual(['Ada']);
    expect(await search('love', '&status=inactive')).toEqual(['lovely']);
    const first = (await client.get('users?search=love&limit=1')) as unknown as Page;
    const second = (await client.get(`users?search=love&limit=1&after=${first.next}`)) as unknown as Page;
    expect([...first.items, ...second.items].map(({ userName }) => userName).sort()).toEqual([
      'Ada',
      'lovely',
    ]);
    expect(second.next).toBeNull();
    client = await manageClient(server);
    expect(await search('love')).toEqual([]);
  });

  test.each(['', '%20', 'a%20b%20c%20d%20e%20f', 'x'.repeat(101)])('refuses search=%s', async (text) => {
    const reply = await client.send('GET', `users?search=${text}`);
    expectProblem(reply, 400);
    expect(reply.body).toContain('search');
  });
});

describe('bulk', () => {
  test('creates users, matches them by id or else by userName in any case, and refuses names that are taken', async () => {
    const results = await client.bulk('users', [
      { userName: 'grace', email: 'grace@example.com', primaryLocationName: 'London' },
      { userName: 'ADA', lastName: 'King' },
      { userName: 'alan', email: 'Ada@example.com' },
      { userId: ada, status: 'inactive' },
      { userId: randomUUID(), status: 'inactive' },
      { firstName: 'Nobody' },
      { userName: 'joan', primaryLocationId: randomUUID() },
      { userName: 'joan', status: 'active', onboarded: null, email: '' },
    ]);
    expect(results.map(({ result, message }) => (result === 'refused' ? message : result))).toEqual([
      'created',
      'updated',
      'email "Ada@example.com" already belongs to /items/1',
      expect.stringContaining('was already given in /items/1, with other values'),
      expect.stringMatching(/^userId .* is not known$/),
      'userName is empty',
      expect.stringMatching(/^primaryLocationId .* is not known$/),
      'created',
    ]);
    expect(results[1]?.id).toBe(ada);
    expect(await client.get(`users/${ada}`)).toMatchObject({
      userName: 'ADA',
      lastName: 'King',
      status: 'active',
    });
    expect(await client.get(`users/${results[0]?.id}`)).toMatchObject({ primaryLocationName: 'London' });
  });

  test('accepts a row as it was read, and changes nothing', async () => {
    await client.make('users', { userName: 'grace' });
    expect(await client.outcomes('users', await client.list('users'))).toEqual(['unchanged', 'unchanged']);
  });
});

describe('PATCH', () => {
  test('changes the members that it names, and null empties', async () => {
    const change = { email: null, firstName: null, lastName: null, primaryLocationId: null };
    expect(await client.patch(`users/${ada}`, change)).toMatchObject({
      userName: 'Ada',
      ...change,
      primaryLocationName: null,
      onboarded: true,
    });
    expect(await client.patch(`users/${ada}`, { userName: 'ada.king', onboarded: false })).toMatchObject({
      userName: 'ada.king',
      onboarded: false,
    });
    const away = { primaryLocationName: 'London' };
    expect(await client.patch(`users/${ada}`, away)).toMatchObject({ primaryLocationId: london.locationId });
  });

  test('is a 409 if a name or an address is taken, also on reactivation, and a 400 if a value is wrong', async () => {
    const grace = await client.make('users', { userName: 'grace', email: 'g@example.com' });
    const alan = await client.make('users', { userName: 'alan', email: 'g@example.com', status: 'inactive' });
    const refused = async (id: string, change: object, status: number) =>
      expectProblem(await client.send('PATCH', `users/${id}`, change), status);
    expect(await refused(grace, { userName: 'ADA' }, 409)).toContain('userName "ADA" already belongs to');
    expect(await refused(grace, { email: 'Ada@example.com' }, 409)).toContain('email');
    expect(await refused(alan, { status: 'active' }, 409)).toContain('email "g@example.com"');
    expect(await refused(grace, { primaryLocationId: london.deskId }, 400)).toContain('primaryLocationId');
    expect(await refused(grace, { primaryLocationId: null, primaryLocationName: 'London' }, 400)).toContain(
      'primaryLocationId',
    );
    for (const change of [{ userName: null }, { userName: '' }, { onboarded: null }, { email: ' ' }]) {
      expect(await refused(grace, change, 400)).toContain(Object.keys(change)[0]);
    }
    expect(await client.get(`users/${grace}`)).toMatchObject({ userName: 'grace', email: 'g@example.com' });
  });

  test("that deactivates a user frees the user's bookings, and the log names the key", async () => {
    const { tenantId } = client;
    await storeDays(server.db.owner, tenantId, [
      { userId: ada, day: '2026-03-09', plan: 'o', locationId: london.locationId },
      { userId: ada, day: '2026-03-11', plan: 'o', locationId: london.locationId },
    ]);
    await client.patch(`users/${ada}`, { status: 'inactive' });
    expect(await readDay(server.db.owner, tenantId, ada, '2026-03-09')).toMatchObject({ plan: 'o' });
    expect(await readDay(server.db.owner, tenantId, ada, '2026-03-11')).toMatchObject({ plan: undefined });
    expect(await readLog(server.db.owner, tenantId)).toMatchObject([
      { action: 'deleted', changedBy: 'admin', changedByName: client.apiKey, reason: 'Person deactivated' },
      { action: 'cancelled', day: '2026-03-11' },
    ]);
  });
});
