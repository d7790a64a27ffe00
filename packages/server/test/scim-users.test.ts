import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { addNode, addUser } from './support/directory.ts';
import { membershipOf } from './support/groups.ts';
import { importFile } from './support/import.ts';
import { ENTERPRISE, expectScimError, INSTANT, type ScimClient, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  idp = await scimClient(server);
});
afterAll(() => server.close());

const ADA = {
  schemas: [USER, ENTERPRISE],
  externalId: '00u1',
  userName: 'Ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace', middleName: 'King' },
  displayName: 'Countess Ada',
  active: true,
  emails: [
    { value: 'home@example.org', type: 'home' },
    { value: 'Ada@Example.com', type: 'work', primary: true },
  ],
  title: 'Countess',
  phoneNumbers: [{ value: '1', type: 'work' }],
  [ENTERPRISE]: {
    employeeNumber: '1815',
    costCenter: 'C1',
    organization: 'O',
    division: 'D',
    department: 'Engines',
    manager: { value: 'm1', displayName: 'Charles' },
  },
};

/** The exported users of the organisation. */
async function exported(): Promise<Record<string, unknown>[]> {
  const key = await server.key(idp.tenantId);
  const headers = { authorization: `Bearer ${await server.token(key)}` };
  return (await server.app.inject({ url: '/v1/analytics/users', headers })).json();
}

async function attributesOf(userId: string) {
  return (await membershipOf(server.db.owner, idp.tenantId, userId)).attributes;
}

describe('a user', () => {
  test('is created with all stored attributes, and is read as it was created', async () => {
    const reply = await idp.call('POST', '/Users', ADA);
    expect(reply.statusCode).toBe(201);
    expect(reply.headers['content-type']).toMatch(/^application\/scim\+json/);
    const user = reply.json();
    const location = `/scim/v2/Users/${user.id}`;
    expect(reply.headers.location).toBe(location);
    expect(user).toEqual({
      schemas: [USER, ENTERPRISE],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      externalId: '00u1',
      userName: 'Ada@example.com',
      name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' },
      displayName: 'Countess Ada',
      active: true,
      emails: ADA.emails,
      [ENTERPRISE]: { ...ADA[ENTERPRISE], manager: { value: 'm1' } },
      meta: {
        resourceType: 'User',
        created: expect.stringMatching(INSTANT),
        lastModified: expect.stringMatching(INSTANT),
        location,
        version: reply.headers.etag,
      },
    });
    const read = await idp.get(`/Users/${user.id}/`);
    expect([read.statusCode, read.json()]).toEqual([200, user]);
    expect(read.headers['cache-control']).toBe('private, no-cache');
    expect(await exported()).toMatchObject([
      {
        userId: user.id,
        userName: 'Ada@example.com',
        email: 'Ada@Example.com',
        firstName: 'Ada',
        status: 'active',
      },
    ]);
    expect(await attributesOf(user.id)).toEqual({ ...ADA[ENTERPRISE], manager: 'm1' });
  });

  test('needs only a userName, which then is the display name', async () => {
    const user = await idp.createUser('ada');
    expect(user).toMatchObject({ schemas: [USER], displayName: 'ada', active: true });
    expect(Object.keys(user).toSorted()).toEqual([
      'active',
      'displayName',
      'id',
      'meta',
      'schemas',
      'userName',
    ]);
  });

  test('is created with attribute names in any case, and null counts as absent', async () => {
    const user = await idp.createUser({
      USERNAME: 'ada',
      Name: { GivenName: 'Ada', familyName: null },
      emails: null,
    });
    expect(user).toMatchObject({ userName: 'ada', name: { formatted: 'Ada', givenName: 'Ada' } });
  });

  test('from outside SCIM is found, too, with its attributes', async () => {
    const { userId } = await addUser(server.db.owner, idp.tenantId, {
      userName: 'grace',
      status: 'inactive',
    });
    expect((await idp.get(`/Users/${userId}`)).json()).toMatchObject({
      id: userId,
      userName: 'grace',
      active: false,
    });
  });

  test('loses on replacement all attributes that are not sent, except the office and attributes outside the extensions', async () => {
    const primaryLocationId = await addNode(server.db.owner, idp.tenantId, { kind: 'location' });
    const { userId } = await addUser(server.db.owner, idp.tenantId, { userName: 'ada', primaryLocationId });
    await idp.call('PUT', `/Users/${userId}`, { ...ADA, userName: 'ada' });
    const reply = await idp.call('PUT', `/Users/${userId}`, { schemas: [USER], userName: 'ADA' });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({
      schemas: [USER, ENTERPRISE],
      id: userId,
      userName: 'ADA',
      displayName: 'ADA',
      active: true,
      [ENTERPRISE]: { ...ADA[ENTERPRISE], manager: { value: 'm1' } },
      meta: expect.anything(),
    });
    expect(await exported()).toMatchObject([
      { email: null, firstName: null, lastName: null, primaryLocationId },
    ]);
    await idp.call('PUT', `/Users/${userId}`, { userName: 'ADA', [ENTERPRISE]: { department: 'Math' } });
    expect(await attributesOf(userId)).toEqual({ department: 'Math' });
  });

  test('keeps attributes from outside SCIM unchanged, a number too, until a request changes them', async () => {
    const { id } = await idp.createUser('ada');
    const token = await server.token(await server.key(idp.tenantId));
    await server.app.inject({
      method: 'POST',
      url: '/v1/directory-management/user-attributes',
      headers: { authorization: `Bearer ${token}` },
      payload: {
        userAttributes: [{ userName: 'ada', attributes: { costCenter: 7, floor: 3, department: 'D' } }],
      },
    });
    const reply = await idp.patch(`/Users/${id}`, {
      op: 'replace',
      path: `${ENTERPRISE}:department`,
      value: 'E',
    });
    expect(reply.json()[ENTERPRISE]).toEqual({ costCenter: '7', department: 'E' });
    expect(await attributesOf(id)).toEqual({ costCenter: 7, floor: 3, department: 'E' });
  });

  test('belongs to the group that is derived from the department', async () => {
    await server.db.restricted.inTenant(idp.tenantId, (tx) =>
      setDirectorySettings(tx, idp.tenantId, {
        groupAttributes: ['department'],
        primaryGroupAttribute: 'department',
      }),
    );
    const { id } = await idp.createUser(ADA);
    const membership = () => membershipOf(server.db.owner, idp.tenantId, id);
    expect(await membership()).toMatchObject({
      groups: ['department/Engines'],
      primary: 'department/Engines',
    });
    await idp.patch(`/Users/${id}`, { op: 'remove', path: `${ENTERPRISE}:department` });
    expect(await membership()).toMatchObject({ groups: [], primary: null });
  });
});

describe('a unique value', () => {
  beforeEach(async () => {
    await idp.createUser(ADA);
  });

  test.each([
    ['userName, in any case', { userName: 'ADA@EXAMPLE.COM' }],
    ['the e-mail address of an active user', { userName: 'b', emails: [{ value: 'Ada@Example.com' }] }],
  ])('%s: a second user is a 409', async (_what, second) => {
    expectScimError(await idp.call('POST', '/Users', second), 409, 'uniqueness');
    const { id } = await idp.createUser('other');
    expectScimError(
      await idp.call('PUT', `/Users/${id}`, { ...{ userName: 'other' }, ...second }),
      409,
      'uniqueness',
    );
    expectScimError(await idp.patch(`/Users/${id}`, { op: 'replace', value: second }), 409, 'uniqueness');
    expect(await idp.list('/Users')).toHaveLength(2);
  });

  test('any number of inactive users may have the same address', async () => {
    const { id } = await idp.createUser({ userName: 'b', active: false, emails: ADA.emails });
    expectScimError(
      await idp.patch(`/Users/${id}`, { op: 'replace', value: { active: true } }),
      409,
      'uniqueness',
    );
  });
});

describe('a user who is deleted', () => {
  test('is inactive in the warehouse, and unknown to SCIM', async () => {
    const { id } = await idp.createUser(ADA);
    const reply = await idp.call('DELETE', `/Users/${id}`);
    expect([reply.statusCode, reply.body]).toEqual([204, '']);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
      const body = method === 'PUT' ? { userName: 'x' } : { schemas: [], Operations: [] };
      const again = await idp.call(
        method,
        `/Users/${id}`,
        method === 'GET' || method === 'DELETE' ? undefined : body,
      );
      if (method !== 'PATCH') expectScimError(again, 404);
    }
    expectScimError(await idp.patch(`/Users/${id}`, { op: 'replace', value: { active: true } }), 404);
    expect(await idp.list('/Users')).toEqual([]);
    expect(await idp.list('/Users?filter=userName%20eq%20%22ada@example.com%22')).toEqual([]);
    expect(await exported()).toMatchObject([{ userId: id, status: 'inactive' }]);
  });

  test('comes back with the same id on a new creation', async () => {
    const { id } = await idp.createUser(ADA);
    await idp.call('DELETE', `/Users/${id}`);
    const user = await idp.createUser({
      userName: 'ada@EXAMPLE.com',
      externalId: '00u1',
      name: { givenName: 'A' },
    });
    expect(user).toMatchObject({ id, userName: 'ada@EXAMPLE.com', externalId: '00u1', active: true });
    expect(user.emails).toBeUndefined();
    expect(await exported()).toMatchObject([{ userId: id, status: 'active', lastName: null }]);
  });

  test('exists again after another way of reactivation, and stays in SCIM after a deactivation', async () => {
    const { id } = await idp.createUser(ADA);
    await idp.call('DELETE', `/Users/${id}`);
    for (const status of ['active', 'inactive']) {
      await importFile(server.db.owner, idp.tenantId, 'users', [
        'userName,status',
        `Ada@example.com,${status}`,
      ]);
      expect((await idp.get(`/Users/${id}`)).json()).toMatchObject({ id, active: status === 'active' });
    }
  });
});

test('users of another organisation can be neither read nor changed', async () => {
  const { id } = await idp.createUser(ADA);
  const other = await scimClient(server);
  expectScimError(await other.get(`/Users/${id}`), 404);
  expectScimError(await other.call('DELETE', `/Users/${id}`), 404);
  expect(await other.list('/Users')).toEqual([]);
  expect(await other.createUser(ADA)).toMatchObject({ userName: ADA.userName });
  expect((await idp.get(`/Users/${id}`)).statusCode).toBe(200);
});
