import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { addUser } from './support/directory.ts';
import { listGroups, membershipOf, under } from './support/groups.ts';
import { expectProblem } from './support/problems.ts';
import { expectScimError, GROUP, INSTANT, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
let [ada, grace, joan]: [string, string, string] = ['', '', ''];
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  idp = await scimClient(server);
  const ids = await Promise.all(
    ['ada', 'grace', 'joan'].map(async (name) => (await idp.createUser(name)).id),
  );
  [ada, grace, joan] = ids.toSorted() as [string, string, string];
});
afterAll(() => server.close());

const stored = () => listGroups(server.db.owner, idp.tenantId);
const manage = async (method: 'GET' | 'PUT', payload?: object) => {
  const key = await server.key(idp.tenantId);
  const headers = { authorization: `Bearer ${await server.token(key)}` };
  return server.app.inject({
    method,
    url: '/v1/manage/provisioning',
    headers,
    ...(payload ? { payload } : {}),
  });
};
const putHierarchy = async (...groupRelationships: object[]) => {
  const token = await server.token(await server.key(idp.tenantId));
  const reply = await server.app.inject({
    method: 'PUT',
    url: '/v1/directory-management/group-relationships',
    headers: { authorization: `Bearer ${token}` },
    payload: { groupRelationships },
  });
  expect(reply.statusCode).toBe(200);
};
const membersOf = async (id: string): Promise<string[]> =>
  ((await idp.get(`/Groups/${id}`)).json().members ?? []).map(({ value }: { value: string }) => value);

describe('a group', () => {
  test('is created with its members, and is read as it was created; its users show it', async () => {
    const reply = await idp.call('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'Engines',
      externalId: 'g1',
      members: [{ value: grace, display: 'whoever' }, { value: ada.toUpperCase() }, { value: grace }],
    });
    expect(reply.statusCode).toBe(201);
    const group = reply.json();
    const base = '/scim/v2';
    const location = `${base}/Groups/${group.id}`;
    expect(group).toEqual({
      schemas: [GROUP],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      externalId: 'g1',
      displayName: 'Engines',
      members: [ada, grace].map((value) => ({
        value,
        $ref: `${base}/Users/${value}`,
        display: expect.stringMatching(/^(ada|grace|joan)$/),
        type: 'User',
      })),
      meta: {
        resourceType: 'Group',
        created: expect.stringMatching(INSTANT),
        lastModified: expect.stringMatching(INSTANT),
        location,
        version: reply.headers.etag,
      },
    });
    expect(reply.headers.location).toBe(location);
    expect((await idp.get(`/Groups/${group.id}`)).json()).toEqual(group);
    expect((await idp.get(`/Users/${ada}`)).json().groups).toEqual([
      { value: group.id, $ref: location, display: 'Engines', type: 'direct' },
    ]);
    expect(await stored()).toMatchObject({
      'SCIM/Engines': { id: group.id, status: 'active', parent: null },
    });
  });

  test('that is replaced has the sent members, and no others', async () => {
    const { id } = await idp.createGroup('Engines', [ada, grace], { externalId: 'g1' });
    const put = (body: object) => idp.call('PUT', `/Groups/${id}`, body);
    const reply = await put({ id, displayName: 'Motors', members: [{ value: grace }, { value: joan }] });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({
      id,
      displayName: 'Motors',
      members: [{ value: grace }, { value: joan }],
    });
    expect(reply.json().externalId).toBeUndefined();
    expect((await put({ displayName: 'Motors' })).json().members).toEqual([]);
    expect(Object.keys(await stored())).toEqual(['SCIM/Motors']);
  });

  test('may share its externalId with another group, and a filter finds both', async () => {
    const one = await idp.createGroup('Engines', [], { externalId: 'g1' });
    const two = await idp.createGroup('Motors', [], { externalId: 'g1' });
    const found = await idp.list('/Groups?filter=externalId%20eq%20%22g1%22');
    expect(found.map(({ id }) => id)).toEqual([one.id, two.id]);
  });

  test('has a name that is unique in its type', async () => {
    const { id } = await idp.createGroup('Engines', [], { externalId: 'g1' });
    const other = await idp.createGroup('engines');
    expectScimError(await idp.call('POST', '/Groups', { displayName: 'Engines' }), 409, 'uniqueness');
    for (const path of ['displayName', undefined]) {
      const value = path ? 'Engines' : { displayName: 'Engines' };
      const operation = { op: 'replace', ...(path ? { path } : {}), value };
      expectScimError(await idp.patch(`/Groups/${other.id}`, operation), 409, 'uniqueness');
    }
    await idp.call('DELETE', `/Groups/${id}`);
    const rename = await idp.patch(`/Groups/${other.id}`, {
      op: 'replace',
      value: { displayName: 'Engines' },
    });
    expect(expectScimError(rename, 409, 'uniqueness')).toContain(id);
  });

  test('needs a name, and members that exist', async () => {
    const gone = await idp.createUser('gone');
    await idp.call('DELETE', `/Users/${gone.id}`);
    for (const body of [
      {},
      { displayName: ' ' },
      { displayName: 'x', members: [{ value: 'ada' }] },
      { displayName: 'x', members: [{ display: 'ada' }] },
      { displayName: 'x', members: [{ value: idp.tenantId }] },
      { displayName: 'x', members: [{ value: ada }, { value: gone.id }] },
    ]) {
      expectScimError(await idp.call('POST', '/Groups', body), 400, 'invalidValue');
    }
    expect(await stored()).toEqual({});
  });

  test('loses deleted members, and keeps inactive ones', async () => {
    const { id, meta } = await idp.createGroup('Engines', [ada, grace]);
    await idp.patch(`/Users/${ada}`, { op: 'replace', value: { active: false } });
    await idp.call('DELETE', `/Users/${grace}`);
    expect(await membersOf(id)).toEqual([ada]);
    expect((await idp.get(`/Groups/${id}`)).json().meta.version).not.toBe(meta.version);
  });

  test('is unknown to another organisation, and so are its users', async () => {
    const { id } = await idp.createGroup('Engines', [ada]);
    const other = await scimClient(server);
    expectScimError(await other.get(`/Groups/${id}`), 404);
    expectScimError(await other.patch(`/Groups/${id}`, { op: 'remove', path: 'members' }), 404);
    expectScimError(
      await other.call('POST', '/Groups', { displayName: 'x', members: [{ value: ada }] }),
      400,
      'invalidValue',
    );
    expect(await other.list('/Groups')).toEqual([]);
    expect(await membersOf(id)).toEqual([ada]);
  });
});

describe('a group that is deleted', () => {
  test('is retired without members, and comes back with its id', async () => {
    const { id } = await idp.createGroup('Engines', [ada], { externalId: 'g1' });
    expect((await idp.call('DELETE', `/Groups/${id}`)).statusCode).toBe(204);
    for (const method of ['GET', 'DELETE'] as const)
      expectScimError(await idp.call(method, `/Groups/${id}`), 404);
    expectScimError(await idp.call('PUT', `/Groups/${id}`, { displayName: 'Engines' }), 404);
    expectScimError(await idp.patch(`/Groups/${id}`, { op: 'remove', path: 'members' }), 404);
    expect(await idp.list('/Groups')).toEqual([]);
    expect((await idp.get(`/Users/${ada}`)).json().groups).toBeUndefined();
    expect(await stored()).toMatchObject({ 'SCIM/Engines': { id, status: 'inactive' } });

    expect(await idp.createGroup('Engines', [grace])).toMatchObject({ id, members: [{ value: grace }] });
    expect(await stored()).toMatchObject({ 'SCIM/Engines': { id, status: 'active' } });
  });

  test('leaves the hierarchy, and its child groups move up', async () => {
    const { id } = await idp.createGroup('B');
    await putHierarchy(under('A', null, 'SCIM'), under('B', 'A', 'SCIM'), under('C', 'B', 'SCIM'));
    await idp.call('DELETE', `/Groups/${id}`);
    expect(await stored()).toMatchObject({
      'SCIM/B': { parent: null, status: 'inactive' },
      'SCIM/C': { parent: 'SCIM/A', status: 'active' },
    });
  });
});

describe('groups that SCIM did not make', () => {
  test('are hidden, and the identity provider takes one over when it creates a group of the same name', async () => {
    await putHierarchy(under('Engines', 'All', 'SCIM'), under('All', null, 'SCIM'));
    expect(await idp.list('/Groups')).toEqual([]);
    const before = (await stored())['SCIM/Engines'];
    expectScimError(await idp.get(`/Groups/${before?.id}`), 404);
    expect(await idp.createGroup('Engines', [ada])).toMatchObject({
      id: before?.id,
      members: [{ value: ada }],
    });
    expect(await stored()).toMatchObject({ 'SCIM/Engines': { parent: 'SCIM/All', status: 'active' } });
  });

  test('stay after a takeover when a new hierarchy no longer has them', async () => {
    const { id } = await idp.createGroup('Engines', [ada]);
    await putHierarchy(under('Engines', 'All', 'SCIM'));
    await putHierarchy(under('All', null, 'SCIM'));
    expect((await idp.get(`/Groups/${id}`)).json()).toMatchObject({ members: [{ value: ada }] });
    expect(await stored()).toMatchObject({ 'SCIM/Engines': { parent: null, status: 'active' } });
  });
});

describe('the type of provisioned groups', () => {
  test('is SCIM until another one is chosen, which existing groups then get', async () => {
    expect((await manage('GET')).json()).toEqual({ groupType: 'SCIM' });
    const { id } = await idp.createGroup('Engines', [ada]);
    const retired = await idp.createGroup('Old');
    await idp.call('DELETE', `/Groups/${retired.id}`);
    const reply = await manage('PUT', { groupType: ' team ' });
    expect([reply.statusCode, reply.json()]).toEqual([200, { groupType: 'team' }]);
    expect((await manage('GET')).json()).toEqual({ groupType: 'team' });
    await idp.createGroup('New');
    expect(await stored()).toMatchObject({
      'team/Engines': { id },
      'team/New': {},
      'team/Old': { id: retired.id },
    });
    expect(await membershipOf(server.db.owner, idp.tenantId, ada)).toMatchObject({
      groups: ['team/Engines'],
    });
    expect(await idp.createGroup('Old')).toMatchObject({ id: retired.id });
  });

  test('cannot be one in which another group has the same name, nor one of derived groups', async () => {
    await idp.createGroup('Engines');
    await putHierarchy(under('Engines', null, 'team'));
    expect(expectProblem(await manage('PUT', { groupType: 'team' }), 409)).toContain('"Engines"');
    await server.db.restricted.inTenant(idp.tenantId, (tx) =>
      setDirectorySettings(tx, idp.tenantId, {
        groupAttributes: ['site'],
        primaryGroupAttribute: 'department',
      }),
    );
    for (const groupType of ['site', 'department']) {
      expect(expectProblem(await manage('PUT', { groupType }), 409)).toContain('attribute');
    }
    expect(expectProblem(await manage('PUT', { groupType: ' ' }), 400)).toContain('groupType');
    expect((await manage('GET')).json()).toEqual({ groupType: 'SCIM' });
  });

  test('cannot be a type of derived groups either', async () => {
    await expect(
      server.db.restricted.inTenant(idp.tenantId, (tx) =>
        setDirectorySettings(tx, idp.tenantId, { groupAttributes: ['SCIM'], primaryGroupAttribute: null }),
      ),
    ).rejects.toThrow('/groupAttributes/0 is the type of provisioned groups');
    await addUser(server.db.owner, idp.tenantId);
  });
});
