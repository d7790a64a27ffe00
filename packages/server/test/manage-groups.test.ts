import { afterAll, beforeAll, expect, test } from 'vitest';
import { directoryClient, under } from './support/groups.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** A client of an organisation with groups of these names, at the top. */
async function clientWith(names: string[]): Promise<ManageClient> {
  const directory = await directoryClient(server);
  const { statusCode } = await directory.putRelationships(names.map((name) => under(name, null)));
  expect(statusCode).toBe(200);
  return manageClient(server, directory.tenantId);
}
const namesOf = async (client: ManageClient, query: string) =>
  (await client.list(`groups?${query}`)).map(({ groupName }) => groupName);

test('groups are listed by name, with type, parent and status', async () => {
  const directory = await directoryClient(server);
  await directory.putRelationships([under('zulu', null), under('gone', null)]);
  await directory.putRelationships([under('Alpha', 'zulu'), under('beta', 'zulu')]);
  const client = await manageClient(server, directory.tenantId);
  const rows = await client.list('groups');
  const group = { groupId: expect.any(String), groupType: 'team', parentGroupId: null, status: 'active' };
  const zulu = rows.at(-1)?.groupId;
  expect(rows).toEqual([
    { ...group, groupName: 'Alpha', parentGroupId: zulu },
    { ...group, groupName: 'beta', parentGroupId: zulu },
    { ...group, groupName: 'gone', status: 'inactive' },
    { ...group, groupName: 'zulu' },
  ]);
  expect(await namesOf(client, 'status=inactive')).toEqual(['gone']);
  expect(expectProblem(await client.send('GET', 'groups?status=gone'), 400)).toContain('status');
});

test('a search finds each of thousands of groups first by its whole name', async () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `Team ${index + 1}`);
  // Many names have this one in them.
  const client = await clientWith([...names, 'Old Team 1', 'A team 1 of old']);
  for (const name of ['Team 1', 'Team 9', 'team 4999', 'TEAM 500', 'Old Team 1'])
    expect(
      String((await namesOf(client, `search=${encodeURIComponent(name)}&limit=100`))[0]).toLowerCase(),
    ).toBe(name.toLowerCase());
  expect(await namesOf(client, 'search=eam%20499&limit=100')).toEqual([
    'Team 1499',
    'Team 2499',
    'Team 3499',
    'Team 4499',
    'Team 499',
    ...Array.from({ length: 10 }, (_, index) => `Team 499${index}`),
  ]);
});

test('a search finds names with all words, in any case, and no wildcards', async () => {
  const client = await clientWith(['Ärger 100%', 'arge', 'N_1', 'North west']);
  expect(await namesOf(client, `search=${encodeURIComponent('ÄRGE 0%')}`)).toEqual(['Ärger 100%']);
  expect(await namesOf(client, 'search=%25')).toEqual(['Ärger 100%']);
  expect(await namesOf(client, 'search=_')).toEqual(['N_1']);
  expect(await namesOf(client, 'search=west%20NOR')).toEqual(['North west']);
  expect(await namesOf(client, 'search=%00')).toEqual([]);
  expect(expectProblem(await client.send('GET', 'groups?search=a%20b%20c%20d%20e%20f'), 400)).toContain(
    'search',
  );
});

test('groups come in pages, also those of a search', async () => {
  const client = await clientWith(['b', 'B', 'xb', 'a', 'bc', 'ab', 'c']);
  for (const search of ['', 'search=b&']) {
    const all = await client.list(`groups?${search}`);
    const paged: unknown[] = [];
    for (let after: unknown; after !== null; ) {
      const { items, next } = await client.get(`groups?${search}limit=2${after ? `&after=${after}` : ''}`);
      expect((items as unknown[]).length).toBeLessThanOrEqual(2);
      paged.push(...(items as unknown[]));
      after = next;
    }
    expect(paged).toEqual(all);
  }
  expect((await namesOf(client, 'search=b')).map((name) => String(name).toLowerCase())).toEqual([
    'b',
    'b',
    'bc',
    'ab',
    'xb',
  ]);
  expect(await namesOf(client, `after=${UNKNOWN}`)).toEqual([]);
});

test('one group is read by its id', async () => {
  const client = await clientWith(['A', 'B']);
  const [, b] = await client.list('groups');
  expect(await client.get(`groups/${String(b?.groupId).toUpperCase()}`)).toEqual(b);
  for (const id of [UNKNOWN, 'x'])
    expect(expectProblem(await client.send('GET', `groups/${id}`), 404)).toContain('no group');
});

test('groups are those of the organisation', async () => {
  const client = await clientWith(['A']);
  const other = await manageClient(server);
  const [group] = await client.list('groups');
  expect(await other.list('groups')).toEqual([]);
  expect(await other.list('groups?search=a')).toEqual([]);
  expectProblem(await other.send('GET', `groups/${group?.groupId}`), 404);
});
