import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { importFile } from './support/import.ts';
import { expectScimError, PATCH_OP, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
let user: { id: string; meta: { version: string } };
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  idp = await scimClient(server);
  user = await idp.createUser('ada');
});
afterAll(() => server.close());

const versionOf = async (path: string) => {
  const reply = await idp.get(path);
  expect(reply.headers.etag).toMatch(/^W\/"[^"]+"$/);
  expect(reply.json().meta.version).toBe(reply.headers.etag);
  return reply.headers.etag as string;
};
const patchBody = (value: object) => ({ schemas: [PATCH_OP], Operations: [{ op: 'replace', value }] });

test("the version of a user changes with the user and with the user's groups, and with nothing else", async () => {
  const path = `/Users/${user.id}`;
  const seen = [await versionOf(path)];
  expect(seen[0]).toBe(user.meta.version);
  const changes: (() => Promise<unknown>)[] = [
    () => idp.patch(path, { op: 'replace', value: { externalId: 'x' } }),
    () => idp.patch(path, { op: 'replace', value: { displayName: 'A' } }),
    () => importFile(server.db.owner, idp.tenantId, 'users', ['userName,firstName', 'ada,Ada']),
    () => idp.createGroup('G', [user.id]),
  ];
  for (const change of changes) {
    await change();
    const version = await versionOf(path);
    expect(seen).not.toContain(version);
    seen.push(version);
  }
  await idp.createUser('grace');
  await idp.patch(path, { op: 'replace', value: { displayName: 'A', active: true, title: 'x' } });
  await idp.call('PUT', path, {
    userName: 'ada',
    externalId: 'x',
    displayName: 'A',
    name: { givenName: 'Ada' },
  });
  expect(await versionOf(path)).toBe(seen.at(-1));
});

test('the version of a group changes with the group and with its members', async () => {
  const group = await idp.createGroup('G');
  const path = `/Groups/${group.id}`;
  const seen = [group.meta.version];
  for (const operation of [
    { op: 'add', path: 'members', value: [{ value: user.id }] },
    { op: 'replace', value: { displayName: 'H' } },
    { op: 'remove', path: `members[value eq "${user.id}"]` },
  ]) {
    const reply = await idp.patch(path, operation);
    const version = await versionOf(path);
    expect([reply.statusCode, reply.headers.etag]).toEqual([204, version]);
    expect(seen).not.toContain(version);
    seen.push(version);
  }
  await idp.patch(path, { op: 'remove', path: 'members' }, { op: 'add', value: { displayName: 'H' } });
  expect(await versionOf(path)).toBe(seen.at(-1));
});

test('If-None-Match is a 304 if it names the current version', async () => {
  for (const path of [`/Users/${user.id}`, `/Groups/${(await idp.createGroup('G')).id}`]) {
    const etag = await versionOf(path);
    for (const known of [etag, etag.slice(2), `"x", ${etag}`, '*']) {
      const reply = await idp.get(path, { 'if-none-match': known });
      expect([known, reply.statusCode, reply.body, reply.headers.etag]).toEqual([known, 304, '', etag]);
    }
    expect((await idp.get(path, { 'if-none-match': 'W/"x"' })).statusCode).toBe(200);
  }
});

test('If-Match is a 412, and nothing changes, unless it names the current version', async () => {
  const group = await idp.createGroup('G');
  for (const [path, body] of [
    [`/Users/${user.id}`, { userName: 'ada', displayName: 'New' }],
    [`/Groups/${group.id}`, { displayName: 'New' }],
  ] as const) {
    const before = (await idp.get(path)).json();
    const { version } = before.meta;
    for (const stale of ['W/"1"', `${version}x`, '""']) {
      expectScimError(await idp.call('PUT', path, body, { 'if-match': stale }), 412);
      expectScimError(
        await idp.call('PATCH', path, patchBody({ displayName: 'x' }), { 'if-match': stale }),
        412,
      );
      expectScimError(await idp.call('DELETE', path, undefined, { 'if-match': stale }), 412);
    }
    expect((await idp.get(path)).json()).toEqual(before);
    expect((await idp.call('PUT', path, body, { 'if-match': version })).statusCode).toBe(200);
    expectScimError(await idp.call('DELETE', path, undefined, { 'if-match': version }), 412);
    expect((await idp.call('DELETE', path, undefined, { 'if-match': '*' })).statusCode).toBe(204);
    expectScimError(await idp.call('DELETE', path, undefined, { 'if-match': '*' }), 404);
  }
});

test('of two writers with the same version, the second gets a 412', async () => {
  const path = `/Users/${user.id}`;
  const write = (displayName: string) =>
    idp.call('PATCH', path, patchBody({ displayName }), { 'if-match': user.meta.version });
  const replies = await Promise.all(['a', 'b', 'c', 'd'].map(write));
  expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412, 412, 412]);
});
