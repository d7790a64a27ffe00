import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { storeAttributes } from '../src/directory/user-attributes.ts';
import { addUser, type TestUser } from './support/directory.ts';
import { directoryClient, listGroups, membershipOf, under } from './support/groups.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: Awaited<ReturnType<typeof directoryClient>>;
let ada: TestUser;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await directoryClient(server);
  ada = await add('ada');
});
afterAll(() => server.close());

const add = (userName: string) => addUser(server.db.owner, client.tenantId, { userName });
const choose = (groupAttributes: string[], primaryGroupAttribute: string | null) =>
  server.db.restricted.inTenant(client.tenantId, (tx) =>
    setDirectorySettings(tx, client.tenantId, { groupAttributes, primaryGroupAttribute }),
  );
const groupsOf = async (user: TestUser) => {
  const { groups, primary } = await membershipOf(server.db.owner, client.tenantId, user.userId);
  return { groups, primary };
};

test('groups are derived from the attributes that the organisation has chosen, and from no others', async () => {
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'R&D', hobby: 'chess' } }]);
  expect(await groupsOf(ada)).toEqual({ groups: [], primary: null });
  await choose(['department', 'site'], 'department');
  expect(await groupsOf(ada)).toEqual({ groups: ['department/R&D'], primary: 'department/R&D' });
});

test('derived groups change with their attributes, in the same call, and membership ends with the attribute', async () => {
  await choose(['department', 'floor', 'remote'], 'department');
  await client.postAttributes([
    { userName: 'ada', attributes: { department: 'R&D', floor: 3, remote: true } },
  ]);
  expect(await groupsOf(ada)).toEqual({
    groups: ['department/R&D', 'floor/3', 'remote/true'],
    primary: 'department/R&D',
  });
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'Sales', remote: null } }]);
  expect(await groupsOf(ada)).toEqual({
    groups: ['department/Sales', 'floor/3'],
    primary: 'department/Sales',
  });
  await client.postAttributes([{ userName: 'ada', attributes: { department: null, floor: '' } }]);
  expect(await groupsOf(ada)).toEqual({ groups: [], primary: null });
  expect(Object.keys(await listGroups(server.db.owner, client.tenantId))).toHaveLength(4);
});

test('an attribute can name a group of the hierarchy, whose id and parent stay', async () => {
  await client.putRelationships([under('R&D', 'All', 'department')]);
  const before = await listGroups(server.db.owner, client.tenantId);
  await choose(['department'], null);
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'R&D' } }]);
  expect(await groupsOf(ada)).toEqual({ groups: ['department/R&D'], primary: null });
  expect(await listGroups(server.db.owner, client.tenantId)).toEqual(before);
});

test('membership continues while its group is retired, and an attribute that names the group makes it active again', async () => {
  await choose(['department'], null);
  await client.putRelationships([under('R&D', 'All', 'department')]);
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'R&D' } }]);
  await client.putRelationships([]);
  const retired = await listGroups(server.db.owner, client.tenantId);
  expect(retired).toMatchObject({ 'department/R&D': { status: 'inactive' } });
  expect((await groupsOf(ada)).groups).toEqual(['department/R&D']);
  await add('grace');
  await client.postAttributes([{ userName: 'grace', attributes: { department: 'R&D' } }]);
  expect(await listGroups(server.db.owner, client.tenantId)).toMatchObject({
    'department/R&D': { id: retired['department/R&D']?.id, status: 'active', parent: null },
    'department/All': { status: 'inactive' },
  });
});

test('a group that only attributes name is not retired by a list without it', async () => {
  await choose(['department'], null);
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'R&D' } }]);
  const before = await listGroups(server.db.owner, client.tenantId);
  await client.putRelationships([under('A', null)]);
  expect(await listGroups(server.db.owner, client.tenantId)).toMatchObject(before);
});

test('a new choice derives the groups of all users again, and ends memberships by attributes that are no longer chosen', async () => {
  const people = [ada, await add('grace'), await add('left')];
  await client.postAttributes(
    people.map(({ userName }, n) => ({ userName, attributes: { team: `t${n % 2}`, site: 'HQ' } })),
  );
  await choose(['team'], 'site');
  expect(await Promise.all(people.map(groupsOf))).toEqual(
    ['t0', 't1', 't0'].map((team) => ({ groups: [`team/${team}`], primary: 'site/HQ' })),
  );
  await choose(['site'], 'team');
  expect(await Promise.all(people.map(groupsOf))).toEqual(
    ['t0', 't1', 't0'].map((team) => ({ groups: ['site/HQ'], primary: `team/${team}` })),
  );
  await choose([], null);
  expect(await Promise.all(people.map(groupsOf))).toEqual(people.map(() => ({ groups: [], primary: null })));
});

test('the same choice again writes nothing', async () => {
  await client.postAttributes([{ userName: 'ada', attributes: { team: 'a' } }]);
  const everything = async () => [
    await membershipOf(server.db.owner, client.tenantId, ada.userId),
    await listGroups(server.db.owner, client.tenantId),
    await server.db.owner.inTenant(client.tenantId, async (tx) => {
      const { rows } = await tx.query(
        `SELECT written_xid::text FROM organisation_settings WHERE tenant_id = $1
         UNION ALL SELECT written_xid::text FROM group_members WHERE tenant_id = $1`,
        [client.tenantId],
      );
      return rows;
    }),
  ];
  await choose(['team', 'team'], 'team');
  const before = await everything();
  await choose(['team'], 'team');
  await client.postAttributes([{ userName: 'ada', attributes: { team: 'a' } }]);
  expect(await everything()).toEqual(before);
});

test('groups of one organisation are independent of any other', async () => {
  await choose(['team'], 'team');
  const other = await directoryClient(server);
  const stranger = await addUser(server.db.owner, other.tenantId, { userName: 'ada' });
  await other.postAttributes([{ userName: 'ada', attributes: { team: 'a' } }]);
  await client.postAttributes([{ userName: 'ada', attributes: { team: 'a' } }]);
  expect(await groupsOf(ada)).toEqual({ groups: ['team/a'], primary: 'team/a' });
  expect(await membershipOf(server.db.owner, other.tenantId, stranger.userId)).toMatchObject({
    groups: [],
    primary: null,
  });
});

test('a choice with an impossible attribute name is refused', async () => {
  await expect(choose(['', 'ok', 'a\0'], 'x'.repeat(1_025))).rejects.toMatchObject({
    status: 400,
    errors: [
      { path: '/groupAttributes/0' },
      { path: '/groupAttributes/2' },
      { path: '/primaryGroupAttribute' },
    ],
  });
});

test('texts of 1,024 characters are stored, and can name a group', async () => {
  const long = '𝒳'.repeat(1_024);
  await choose([long], long);
  const reply = await client.postAttributes([{ userName: 'ada', attributes: { [long]: long } }]);
  expect(reply.json().results).toMatchObject([{ resultCode: 0 }]);
  expect(await membershipOf(server.db.owner, client.tenantId, ada.userId)).toMatchObject({
    groups: [`${long}/${long}`],
    primary: `${long}/${long}`,
  });
});

test('concurrent writers of several replicas make one group, with all its users', async () => {
  await choose(['team'], 'team');
  const people = await Promise.all(Array.from({ length: 8 }, (_, n) => add(`person ${n}`)));
  await Promise.all(
    people.map(({ userName }) =>
      server.db.restricted.inTenant(client.tenantId, (tx) =>
        storeAttributes(tx, client.tenantId, [{ userName, attributes: { team: 'new' } }], new Date()),
      ),
    ),
  );
  expect(await Promise.all(people.map(groupsOf))).toEqual(
    people.map(() => ({ groups: ['team/new'], primary: 'team/new' })),
  );
});
