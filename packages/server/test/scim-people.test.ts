import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { card, sendUpdates, storedCards, updateOf } from './support/credentials.ts';
import { membershipOf } from './support/groups.ts';
import { counts, importFile } from './support/import.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { ENTERPRISE, expectScimError, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Result, Workplace } from './support/submissions.ts';

let server: TestServer;
let workplace: Workplace;
let idp: ScimClient;
let admin: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await Workplace.open(server);
  idp = await scimClient(server, workplace.tenantId);
  admin = await manageClient(server, workplace.tenantId);
});
afterAll(() => server.close());

const EMAIL = 'joan@example.com';
const JOAN = { userName: EMAIL, externalId: 'x1', emails: [{ value: EMAIL, type: 'work', primary: true }] };

/** Creates and deletes a user over SCIM, and returns the id. */
async function deleted(person: object = JOAN): Promise<string> {
  const { id } = await idp.createUser(person);
  expect((await idp.call('DELETE', `/Users/${id}`)).statusCode).toBe(204);
  return id;
}

/** The user for whom an event with this name or card is stored. Undefined: the event is refused. */
async function presenceOf(
  who: { userEmail: string } | { sourceUserId: string },
  eventId: string,
): Promise<unknown> {
  const event = {
    eventId,
    timestamp: '2026-03-10T09:00:00Z',
    locationId: workplace.office.placeId,
    locationType: 'place',
    ...who,
  };
  const { results } = await workplace.submit<{ results: Result[] }>('presence', {
    sourceId: 'door',
    presenceEvents: [event],
  });
  if (results[0]?.resultCode !== 0) return undefined;
  return (await workplace.exported('presence')).find((row) => row.eventId === eventId)?.userId;
}

const exportedUser = async (userId: string) =>
  (await workplace.exported('users', '')).find((row) => row.userId === userId);

describe('an externalId', () => {
  test('may belong to two users: a filter finds both, and both can be written', async () => {
    const one = await idp.createUser({ userName: 'one', externalId: 'x' });
    const two = await idp.createUser({ userName: 'two', externalId: 'x' });
    const three = await idp.createUser({ userName: 'three' });
    const patch = await idp.patch(`/Users/${three.id}`, { op: 'add', path: 'externalId', value: 'x' });
    expect(patch.json()).toMatchObject({ id: three.id, externalId: 'x' });
    const found = await idp.list('/Users?filter=externalId%20eq%20%22x%22');
    expect(found.map(({ id }) => id)).toEqual([one.id, two.id, three.id]);
  });
});

describe('a userName of an existing user', () => {
  test.each([true, false])('is a 409 that has the id, with active: %s', async (active) => {
    const { id } = await idp.createUser({ userName: 'Joan', active });
    const { id: other } = await idp.createUser('other');
    const second = { userName: 'JOAN', externalId: 'another' };
    for (const reply of [
      await idp.call('POST', '/Users', second),
      await idp.call('PUT', `/Users/${other}`, second),
      await idp.patch(`/Users/${other}`, { op: 'replace', path: 'userName', value: 'JOAN' }),
    ]) {
      expect(expectScimError(reply, 409, 'uniqueness')).toBe(
        `userName "JOAN" already belongs to user ${id}.`,
      );
    }
  });

  test('an e-mail address of an active user is a 409 that has the id', async () => {
    const { id } = await idp.createUser(JOAN);
    const reply = await idp.call('POST', '/Users', { ...JOAN, userName: 'other' });
    expect(expectScimError(reply, 409, 'uniqueness')).toContain(
      `email "${EMAIL}" already belongs to user ${id}`,
    );
  });
});

describe('a deleted user who is created again', () => {
  test.each([
    ['with the same externalId', JOAN, JOAN],
    ['without an externalId', JOAN, { userName: EMAIL }],
    ['with an externalId that they did not have', { userName: EMAIL }, JOAN],
    ['in another case, and inactive', JOAN, { ...JOAN, userName: EMAIL.toUpperCase(), active: false }],
  ])('%s is the same user', async (_how, before, after) => {
    const id = await deleted(before);
    const again = await idp.createUser(after);
    expect(again).toMatchObject({ id, ...after, active: !('active' in after) });
    expect((await idp.get(`/Users/${id}`)).json()).toEqual(again);
    expect(await idp.list('/Users?filter=externalId%20pr')).toHaveLength('externalId' in after ? 1 : 0);
  });

  test('with another externalId is a new user, to whom the name in events and files now belongs', async () => {
    const id = await deleted();
    const { id: newId } = await idp.createUser({ ...JOAN, externalId: 'x2' });
    expect(newId).not.toBe(id);
    expect(await presenceOf({ userEmail: EMAIL }, 'e1')).toBe(newId);
    expect(await exportedUser(newId)).toMatchObject({ userName: EMAIL, email: EMAIL, status: 'active' });
    expect(await exportedUser(id)).toMatchObject({
      userName: `${EMAIL} (deleted ${id})`,
      email: EMAIL,
      status: 'inactive',
    });
    const file = ['userName,firstName', `${EMAIL},Joan`];
    expect(counts(await importFile(server.db.owner, workplace.tenantId, 'users', file))).toEqual([
      0, 1, 0, 0,
    ]);
    expect(await exportedUser(newId)).toMatchObject({ firstName: 'Joan' });
    expect(await exportedUser(id)).toMatchObject({ firstName: null });
    expectScimError(await idp.get(`/Users/${id}`), 404);
  });

  test('is recognised by the externalId even after other users with the same userName', async () => {
    const ids = [];
    for (const externalId of ['x1', 'x2', 'x3']) ids.push(await deleted({ ...JOAN, externalId }));
    expect(new Set(ids).size).toBe(3);
    expect((await idp.createUser({ ...JOAN, externalId: 'x2' })).id).toBe(ids[1]);
    expect(await exportedUser(ids[1] as string)).toMatchObject({ userName: EMAIL, status: 'active' });
    expect(await exportedUser(ids[2] as string)).toMatchObject({ userName: `${EMAIL} (deleted ${ids[2]})` });
  });

  test('has no former cards, groups or attributes, but the history', async () => {
    await server.db.restricted.inTenant(idp.tenantId, (tx) =>
      setDirectorySettings(tx, idp.tenantId, {
        groupAttributes: ['department'],
        primaryGroupAttribute: 'department',
      }),
    );
    const person = { ...JOAN, [ENTERPRISE]: { department: 'Engines', employeeNumber: '7' } };
    const { id } = await idp.createUser(person);
    const group = await idp.createGroup('Pilots', [id]);
    await sendUpdates(workplace, updateOf({ email: EMAIL }, card({ scanData: ['door card'] })));
    expect(await presenceOf({ sourceUserId: 'door card' }, 'before')).toBe(id);
    await idp.call('DELETE', `/Users/${id}`);

    const again = await idp.createUser(JOAN);
    expect(again).toMatchObject({ id });
    expect(again).not.toHaveProperty(['groups']);
    expect(again).not.toHaveProperty([ENTERPRISE]);
    expect(await membershipOf(server.db.owner, idp.tenantId, id)).toMatchObject({
      groups: [],
      primary: null,
      attributes: {},
    });
    expect((await idp.get(`/Groups/${group.id}`)).json().members).toEqual([]);
    expect(await presenceOf({ sourceUserId: 'door card' }, 'after')).toBeUndefined();
    expect((await storedCards(workplace)).map(({ active }) => active)).toEqual([false]);
    expect(await workplace.exported('presence')).toMatchObject([{ eventId: 'before', userId: id }]);
  });
});

describe('a deleted user does not block a user', () => {
  test.each([
    ['PATCH', (id: string) => idp.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: EMAIL })],
    ['PUT', (id: string) => idp.call('PUT', `/Users/${id}`, { userName: EMAIL, externalId: 'other' })],
    ['management', (id: string) => admin.send('PATCH', `users/${id}`, { userName: EMAIL, email: EMAIL })],
  ])('who is renamed to the same userName: %s', async (_how, rename) => {
    const id = await deleted();
    const { id: other } = await idp.createUser({ userName: 'other', externalId: 'other' });
    const reply = await rename(other);
    expect(reply.statusCode, reply.body).toBe(200);
    expect((await idp.get(`/Users/${other}`)).json()).toMatchObject({ id: other, userName: EMAIL });
    expect(await exportedUser(id)).toMatchObject({ userName: `${EMAIL} (deleted ${id})` });
    // The deleted user keeps the externalId, and the name belongs to the existing user.
    expect(expectScimError(await idp.call('POST', '/Users', JOAN), 409, 'uniqueness')).toContain(other);
  });

  test('who is new in a file or in management, with another id and the same userName and address', async () => {
    const ids = [await deleted()];
    for (const [index, make] of [
      (userId: string) => admin.outcomes('users', [{ userId, userName: EMAIL, email: EMAIL }]),
      async (userId: string) => {
        const file = ['userId,userName,email', `${userId},${EMAIL},${EMAIL}`];
        return counts(await importFile(server.db.owner, workplace.tenantId, 'users', file));
      },
    ].entries()) {
      const userId = `00000000-0000-4000-8000-00000000000${index}`;
      expect(await make(userId)).toEqual(index === 0 ? ['created'] : [1, 0, 0, 0]);
      expect(await exportedUser(userId)).toMatchObject({ userName: EMAIL, email: EMAIL, status: 'active' });
      await idp.call('DELETE', `/Users/${userId}`);
      ids.push(userId);
    }
    expect(new Set((await workplace.exported('users', '')).map(({ userName }) => userName)).size).toBe(4);
    expect((await admin.list('users?deleted=true')).map(({ userId }) => userId).toSorted()).toEqual(
      ids.toSorted(),
    );
  });

  test('who gets the same e-mail address, in any way', async () => {
    const id = await deleted();
    await idp.createUser({ userName: 'scim', emails: JOAN.emails });
    await idp.call('DELETE', `/Users/${(await idp.list('/Users?filter=userName%20eq%20%22scim%22'))[0]?.id}`);
    await admin.make('users', { userName: 'managed', email: EMAIL });
    await admin.outcomes('users', [{ userName: 'managed', status: 'inactive' }]);
    const file = ['userName,email', `imported,${EMAIL}`];
    expect(counts(await importFile(server.db.owner, workplace.tenantId, 'users', file))).toEqual([
      1, 0, 0, 0,
    ]);
    expect(await presenceOf({ userEmail: EMAIL }, 'e1')).not.toBe(id);
    expect(await exportedUser(id)).toMatchObject({ userName: EMAIL, email: EMAIL, status: 'inactive' });
  });

  test('an import of an export changes nothing, also with several users of one userName in it', async () => {
    await deleted();
    await idp.createUser({ ...JOAN, externalId: 'x2' });
    const rows = await workplace.exported('users', '');
    const file = [
      'userId,userName,status',
      ...rows.map((row) => `${row.userId},${row.userName},${row.status}`),
    ];
    const report = await importFile(server.db.owner, workplace.tenantId, 'users', file);
    expect(counts(report)).toEqual([0, 0, rows.length, 0]);
  });

  test('a name too long to be stored with an id beside it is freed, too', async () => {
    const userName = 'n'.repeat(1_024);
    const id = await deleted({ userName, externalId: 'x1' });
    const { id: newId } = await idp.createUser({ userName, externalId: 'x2' });
    expect(await exportedUser(id)).toMatchObject({ userName: `(deleted ${id})` });
    await idp.call('DELETE', `/Users/${newId}`);
    expect((await idp.createUser({ userName, externalId: 'x1' })).id).toBe(id);
  });
});

describe('an administrator', () => {
  test('can see which users were deleted, when, and with which externalId', async () => {
    const id = await deleted();
    const { id: other } = await idp.createUser({ ...JOAN, externalId: 'x2' });
    expect(await admin.list('users?deleted=true')).toMatchObject([
      { userId: id, externalId: 'x1', deleted: true, deletedAt: new Date(server.clock.nowMs).toISOString() },
    ]);
    const others = await admin.list('users?deleted=false');
    expect(others.map(({ userId }) => userId).toSorted()).toEqual([workplace.user.userId, other].toSorted());
    expect(others.find(({ userId }) => userId === other)).toMatchObject({
      externalId: 'x2',
      deleted: false,
      deletedAt: null,
    });
    expect((await admin.send('GET', 'users?deleted=maybe')).statusCode).toBe(400);
  });

  test('can reactivate a deleted user who had been created anew under another id', async () => {
    const id = await deleted();
    const { id: wrong } = await idp.createUser({ ...JOAN, externalId: 'x2' });
    expect((await admin.send('PATCH', `users/${id}`, { userName: EMAIL, status: 'active' })).statusCode).toBe(
      409,
    );
    await idp.call('DELETE', `/Users/${wrong}`);
    expect(await admin.patch(`users/${id}`, { userName: EMAIL, status: 'active' })).toMatchObject({
      userName: EMAIL,
      status: 'active',
      deleted: false,
      deletedAt: null,
    });
    expect(await idp.list(`/Users?filter=userName%20eq%20%22${EMAIL}%22`)).toMatchObject([
      { id, active: true },
    ]);
    expect(await presenceOf({ userEmail: EMAIL }, 'e1')).toBe(id);
  });

  test('can separate a returning user from the former user', async () => {
    const id = await deleted({ userName: EMAIL });
    expect((await idp.createUser(JOAN)).id).toBe(id);
    await admin.patch(`users/${id}`, { userName: 'joan (until 2025)', email: null });
    await idp.call('DELETE', `/Users/${id}`);
    const { id: newId } = await idp.createUser(JOAN);
    expect(newId).not.toBe(id);
    expect(await exportedUser(id)).toMatchObject({ userName: 'joan (until 2025)', status: 'inactive' });
  });
});

const MANY = [
  { value: EMAIL, type: 'work', primary: true },
  { value: 'home@example.com', type: 'home', display: 'Joan' },
];

test.each([
  ['the identity provider', () => idp.createUser({ ...JOAN, emails: [EMAIL] })],
  ['management', (id: string) => admin.patch(`users/${id}`, { status: 'active' })],
])('a user whom %s brings back has no other former address', async (_who, bringBack) => {
  const id = await deleted({ ...JOAN, emails: MANY });
  await bringBack(id);
  expect((await idp.get(`/Users/${id}`)).json()).toMatchObject({ id, emails: JOAN.emails });
  expect(await idp.list('/Users?filter=emails%20eq%20%22home@example.com%22')).toEqual([]);
});

test('a returning user has all addresses of the request', async () => {
  const id = await deleted();
  expect(await idp.createUser({ ...JOAN, emails: MANY })).toMatchObject({ id, emails: MANY });
  expect(await idp.list('/Users?filter=emails%20eq%20%22home@example.com%22')).toMatchObject([{ id }]);
});

test('a user whom a file reactivates has no former card', async () => {
  const { id } = await idp.createUser(JOAN);
  await sendUpdates(workplace, updateOf({ email: EMAIL }, card()));
  await idp.call('DELETE', `/Users/${id}`);
  const file = ['userName,status', `${EMAIL},active`];
  expect(counts(await importFile(server.db.owner, workplace.tenantId, 'users', file))).toEqual([0, 1, 0, 0]);
  expect((await idp.get(`/Users/${id}`)).json()).toMatchObject({ id, active: true });
  expect((await storedCards(workplace)).map(({ active }) => active)).toEqual([false]);
});
