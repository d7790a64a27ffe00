import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { importFile } from './support/import.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
let admin: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  idp = await scimClient(server);
  admin = await manageClient(server, idp.tenantId);
});
afterAll(() => server.close());

const PAGE = 5;

/** The ids of all pages. `between` runs after each page. */
async function readPages(path: string, between: (page: number) => Promise<unknown>): Promise<string[]> {
  const ids: string[] = [];
  for (let page = 0; ; page++) {
    const found = await idp.list(`${path}?startIndex=${ids.length + 1}&count=${PAGE}`);
    if (found.length === 0) return ids;
    ids.push(...found.map(({ id }) => String(id)));
    await between(page);
  }
}

/** All users, once, in one page. */
const idsOf = async (path: string) => (await idp.list(`${path}?count=1000`)).map(({ id }) => String(id));

const deletedUser = async (userName: string) => {
  const { id } = await idp.createUser(userName);
  await idp.call('DELETE', `/Users/${id}`);
};

test('users who are added between two pages, in any way, come after all others', async () => {
  for (let n = 0; n < 5; n++) await deletedUser(`back ${n}`);
  for (let n = 0; n < 20; n++) await idp.createUser(`first ${n}`);
  const before = await idsOf('/Users');
  const read = await readPages('/Users', async (page) => {
    if (page >= 4) return;
    // A clock that goes back puts no user before others.
    server.clock.advanceS(page === 1 ? -86_400 : 60);
    await idp.createUser(`posted ${page}`);
    await idp.createUser(`back ${page}`);
    await admin.make('users', { userName: `managed ${page}` });
    await importFile(server.db.owner, idp.tenantId, 'users', ['userName', `imported ${page}`]);
  });
  await importFile(server.db.owner, idp.tenantId, 'users', ['userName,status', 'back 4,active']);
  expect(read.slice(0, before.length)).toEqual(before);
  expect(read).toHaveLength(before.length + 4 * 4);
  expect(new Set(read).size).toBe(read.length);
  expect((await idsOf('/Users')).slice(0, read.length)).toEqual(read);
});

test('pages during the creation of many users have each user once', async () => {
  for (let n = 0; n < 20; n++) await idp.createUser(`first ${n}`);
  const before = await idsOf('/Users');
  const added = Promise.all(Array.from({ length: 60 }, (_, n) => idp.createUser(`new ${n}`)));
  const read = await readPages('/Users', async () => undefined);
  const addedIds = (await added).map(({ id }) => id);
  const rest = await readPages('/Users', async () => undefined);
  expect(read.slice(0, before.length)).toEqual(before);
  expect(new Set(read).size).toBe(read.length);
  expect(rest.slice(0, read.length)).toEqual(read);
  expect(rest.toSorted()).toEqual([...before, ...addedIds].toSorted());
});

test('groups that are created, created again or taken over between two pages come after all others', async () => {
  for (const name of ['back 0', 'back 1']) {
    const { id } = await idp.createGroup(name);
    await idp.call('DELETE', `/Groups/${id}`);
  }
  await admin.put('provisioning', { groupType: 'team' });
  const token = await server.token(await server.key(idp.tenantId));
  await server.app.inject({
    method: 'PUT',
    url: '/v1/directory-management/group-relationships',
    headers: { authorization: `Bearer ${token}` },
    payload: {
      groupRelationships: [0, 1].map((n) => ({
        group: `taken over ${n}`,
        groupType: 'team',
        parent: null,
        parentType: null,
      })),
    },
  });
  for (let n = 0; n < 12; n++) await idp.createGroup(`first ${n}`);
  const before = await idsOf('/Groups');
  const read = await readPages('/Groups', async (page) => {
    if (page >= 2) return;
    await idp.createGroup(`new ${page}`);
    await idp.createGroup(`back ${page}`);
    await idp.createGroup(`taken over ${page}`);
    // A change keeps the position.
    await idp.patch(`/Groups/${before[0]}`, { op: 'replace', value: { displayName: `renamed ${page}` } });
  });
  expect(read.slice(0, before.length)).toEqual(before);
  expect(read).toHaveLength(before.length + 2 * 3);
  expect(new Set(read).size).toBe(read.length);
});
