import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { addUser } from './support/directory.ts';
import { directoryClient, type Relationship, under } from './support/groups.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

interface GroupRow {
  groupId: string;
  groupName: string;
  groupType: string;
  parentGroupId: string | null;
  status: string;
}

test('the dataset has every group with its parent and status, ordered by id', async () => {
  const client = await directoryClient(server);
  await client.putRelationships([under('Gone', null), under('B', null)]);
  await client.putRelationships([under('A', 'B')]);
  const rows = (await client.export('groups')) as unknown as GroupRow[];
  const b = rows.find((row) => row.groupName === 'B');
  expect(rows.map((row) => row.groupId)).toEqual(rows.map((row) => row.groupId).toSorted());
  expect(rows.toSorted((x, y) => (x.groupName < y.groupName ? -1 : 1))).toEqual([
    {
      groupId: expect.any(String),
      groupName: 'A',
      groupType: 'team',
      parentGroupId: b?.groupId,
      status: 'active',
    },
    { groupId: b?.groupId, groupName: 'B', groupType: 'team', parentGroupId: null, status: 'active' },
    {
      groupId: expect.any(String),
      groupName: 'Gone',
      groupType: 'team',
      parentGroupId: null,
      status: 'inactive',
    },
  ]);
});

test('keys with access to the warehouse can read it, with a token too, and never the rows of another organisation', async () => {
  const client = await directoryClient(server);
  await client.putRelationships([under('A', null)]);
  const other = await directoryClient(server);
  const reader = await server.key(client.tenantId, { role: 'data-warehouse' });
  const read = await server.app.inject({
    url: '/v1/analytics/groups/',
    headers: { authorization: `Bearer ${await server.token(reader)}` },
  });
  expect(read.json()).toMatchObject([{ groupName: 'A' }]);
  expect(read.headers['cache-control']).toBe('private, no-cache');
  expect(await other.export('groups')).toEqual([]);
  const submitter = await server.key(client.tenantId, { role: 'submitting-events' });
  const refused = await server.app.inject({
    url: '/v1/analytics/groups/basic',
    headers: { authorization: basic(submitter) },
  });
  expect(refused.statusCode).toBe(403);
});

test('users name their primary group', async () => {
  const client = await directoryClient(server);
  const ada = await addUser(server.db.owner, client.tenantId, { userName: 'ada' });
  const grace = await addUser(server.db.owner, client.tenantId, { userName: 'grace' });
  await server.db.restricted.inTenant(client.tenantId, (tx) =>
    setDirectorySettings(tx, client.tenantId, { groupAttributes: [], primaryGroupAttribute: 'department' }),
  );
  await client.postAttributes([{ userName: 'ada', attributes: { department: 'R&D' } }]);
  const [group] = (await client.export('groups')) as unknown as GroupRow[];
  expect(group).toMatchObject({ groupName: 'R&D', groupType: 'department' });
  const users = Object.fromEntries(
    (await client.export('users')).map((user) => [user.userId, user.primaryGroupId]),
  );
  expect(users).toEqual({ [ada.userId]: group?.groupId, [grace.userId]: null });
});

describe('any hierarchy', () => {
  /** Two names, each with two types, so that some groups differ only by type. */
  const groupOf = (n: number) => ({ name: `g${n >> 1}`, groupType: n % 2 === 0 ? 'team' : 'site' });
  /** A forest: the parent of each group is an earlier group, or none. */
  const forest = fc
    .array(fc.option(fc.nat({ max: 1_000 }), { freq: 3 }), { minLength: 1, maxLength: 40 })
    .map((parents) =>
      parents.map((parent, n): Relationship => {
        const above = parent === null || n === 0 ? null : groupOf(parent % n);
        const { name, groupType } = groupOf(n);
        return { group: name, groupType, parent: above?.name ?? null, parentType: above?.groupType ?? null };
      }),
    );
  const key = (type: string, name: string) => `${type}/${name}`;

  /** The active hierarchy in the export: each group's parent, by type and name. */
  function toParents(rows: GroupRow[]): Record<string, string | null> {
    const byId = new Map(rows.map((row) => [row.groupId, key(row.groupType, row.groupName)]));
    const active = rows.filter(({ status }) => status === 'active');
    return Object.fromEntries(
      active.map((row) => [
        key(row.groupType, row.groupName),
        row.parentGroupId === null ? null : (byId.get(row.parentGroupId) ?? 'unknown'),
      ]),
    );
  }

  test('comes out as it went in, for any order of its rows and any hierarchy before it', async () => {
    const client = await directoryClient(server);
    await fc.assert(
      fc.asyncProperty(
        forest.chain((rows) =>
          fc.record({
            rows: fc.constant(rows),
            shuffled: fc.shuffledSubarray(rows, { minLength: rows.length }),
            repeated: fc.subarray(rows),
          }),
        ),
        async ({ rows, shuffled, repeated }) => {
          const first = await client.putRelationships(rows);
          expect(first.json()).toMatchObject({ relationships: rows.length });
          const exported = (await client.export('groups')) as unknown as GroupRow[];
          expect(toParents(exported)).toEqual(
            Object.fromEntries(
              rows.map((row) => [
                key(row.groupType, row.group),
                row.parent === null ? null : key(row.parentType ?? '', row.parent),
              ]),
            ),
          );
          const second = await client.putRelationships([...shuffled, ...repeated]);
          expect(second.json()).toMatchObject({ relationships: rows.length });
          expect(await client.export('groups')).toEqual(exported);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is refused with a row that closes a cycle, at any position of the row', async () => {
    const client = await directoryClient(server);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }).chain((length) =>
          fc.record({
            cycle: fc.shuffledSubarray(
              Array.from({ length }, (_, n) => under(`c${n}`, `c${(n + 1) % length}`)),
              { minLength: length },
            ),
            forest: forest,
          }),
        ),
        async ({ cycle, forest }) => {
          const reply = await client.putRelationships([...forest, ...cycle]);
          expect(reply.statusCode).toBe(400);
          expect(reply.json().errors.map(({ path }: { path: string }) => path)).toEqual(
            cycle.map((_, n) => `/groupRelationships/${forest.length + n}/parent`),
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});
