import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { directoryClient, listGroups, type Relationship, under } from './support/groups.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: Awaited<ReturnType<typeof directoryClient>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await directoryClient(server);
});
afterAll(() => server.close());

const stored = () => listGroups(server.db.owner, client.tenantId);

test('a hierarchy takes effect at once, with its parents, and the answer has the number of relationships', async () => {
  const reply = await client.putRelationships([
    { group: 'Sales', groupType: 'department', parent: 'Commercial', parentType: 'division' },
    { group: 'Commercial', groupType: 'division', parent: null, parentType: null },
    { group: 'Sales', groupType: 'cost centre', parent: 'Sales', parentType: 'department' },
  ]);
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toEqual({ timestamp: '2026-03-10T12:00:00.000Z', relationships: 3 });
  expect(await stored()).toMatchObject({
    'department/Sales': { parent: 'division/Commercial', status: 'active' },
    'division/Commercial': { parent: null, status: 'active' },
    'cost centre/Sales': { parent: 'department/Sales', status: 'active' },
  });
});

test('the route accepts a token, a trailing slash, and rows without parent', async () => {
  const token = await server.token(await server.key(client.tenantId, { authentication: 'hmac' }));
  const reply = await server.app.inject({
    method: 'PUT',
    url: '/v1/directory-management/group-relationships/',
    headers: { authorization: `Bearer ${token}` },
    payload: { groupRelationships: [{ group: 'A', groupType: 'team', colour: 'red' }] },
  });
  expect(reply.statusCode).toBe(200);
  expect(await stored()).toMatchObject({ 'team/A': { parent: null } });
});

test.each(['submitting-events', 'visitor-only', 'data-warehouse'] as const)(
  'a key with the role %s may send neither relationships nor attributes',
  async (role) => {
    const authorization = basic(await server.key(client.tenantId, { role }));
    for (const [method, path] of [
      ['PUT', 'group-relationships'],
      ['POST', 'user-attributes'],
    ] as const) {
      const reply = await server.app.inject({
        method,
        url: `/v1/directory-management/${path}/basic`,
        headers: { authorization },
        payload: {},
      });
      expect(reply.statusCode).toBe(403);
    }
  },
);

test('a parent without a row of its own has no parent, even if it had one before', async () => {
  await client.putRelationships([under('B', 'C'), under('C', null)]);
  await client.putRelationships([under('A', 'B'), under('X', 'Y')]);
  expect(await stored()).toMatchObject({
    'team/A': { parent: 'team/B', status: 'active' },
    'team/B': { parent: null, status: 'active' },
    'team/Y': { parent: null, status: 'active' },
    'team/C': { parent: null, status: 'inactive' },
  });
});

test('remaining groups keep their ids, missing ones retire, and named ones become active again', async () => {
  await client.putRelationships([under('A', 'B'), under('B', 'C'), under('C', null)]);
  const before = await stored();
  await client.putRelationships([under('A', null)]);
  const retired = await stored();
  expect(retired).toMatchObject({
    'team/A': { id: before['team/A']?.id, parent: null, status: 'active' },
    'team/B': { id: before['team/B']?.id, parent: null, status: 'inactive' },
    'team/C': { id: before['team/C']?.id, parent: null, status: 'inactive' },
  });
  await client.putRelationships([under('B', 'A')]);
  expect(await stored()).toMatchObject({
    'team/B': { id: before['team/B']?.id, parent: 'team/A', status: 'active' },
    'team/C': { id: before['team/C']?.id, status: 'inactive', xid: retired['team/C']?.xid },
  });
});

test('an empty list retires the whole hierarchy', async () => {
  await client.putRelationships([under('A', 'B')]);
  expect((await client.putRelationships([])).json()).toMatchObject({ relationships: 0 });
  expect(Object.values(await stored()).map(({ status }) => status)).toEqual(['inactive', 'inactive']);
});

test('the same list again writes nothing, and another list writes only its differences', async () => {
  const rows = [under('A', 'B'), under('B', 'C'), under('D', null), under('E', 'F')];
  await client.putRelationships(rows);
  const before = await stored();
  await client.putRelationships(rows.toReversed());
  expect(await stored()).toEqual(before);
  await client.putRelationships([...rows.slice(0, 3), under('E', 'C')]);
  const after = await stored();
  const changed = Object.keys(before).filter((key) => before[key]?.xid !== after[key]?.xid);
  expect(changed).toEqual(['team/E', 'team/F']);
});

test('identical rows are accepted and count once', async () => {
  const reply = await client.putRelationships([under('A', 'B'), under('A', 'B'), under('B', null)]);
  expect(reply.json()).toMatchObject({ relationships: 2 });
});

test('a list of one organisation never changes the groups of another', async () => {
  await client.putRelationships([under('A', 'B')]);
  const before = await stored();
  const other = await directoryClient(server);
  await other.putRelationships([under('A', null)]);
  await other.putRelationships([]);
  expect(await stored()).toEqual(before);
});

test('texts of 1,024 characters of four bytes are stored', async () => {
  const long = (letter: string) => letter.repeat(1_024);
  const row = { group: long('𝒢'), groupType: long('𝒯'), parent: long('𝒫'), parentType: long('𝒯') };
  expect((await client.putRelationships([row])).statusCode).toBe(200);
  expect((await client.putRelationships([row])).statusCode).toBe(200);
  expect(Object.keys(await stored())).toHaveLength(2);
});

describe('a broken rule refuses the whole list, and the answer names the rows', () => {
  const good = [under('Kept', 'Root')];

  async function refused(rows: unknown[]): Promise<string[]> {
    await client.putRelationships(good);
    const before = await stored();
    const reply = await client.putRelationships(rows);
    expect(reply.statusCode).toBe(400);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(await stored()).toEqual(before);
    return reply.json().errors.map(({ path }: { path: string }) => path.replace('/groupRelationships/', ''));
  }

  test.each<[string, unknown[], string[]]>([
    [
      'a parent without its type',
      [under('A', null), { ...under('B', 'A'), parentType: null }],
      ['1/parentType'],
    ],
    ['a type without its parent', [{ ...under('B', 'A'), parent: null }], ['0/parent']],
    ['a second parent', [under('A', 'B'), under('C', null), under('A', 'C')], ['2/parent']],
    ['a top-level row beside one with a parent', [under('A', 'B'), under('A', null)], ['1/parent']],
    ['a group that is its own parent', [under('B', null), under('A', 'A')], ['1/parent']],
    [
      'a cycle: all its rows, and no others',
      [
        under('in', 'a'),
        under('a', 'b'),
        under('b', 'c'),
        under('top', null),
        under('c', 'a'),
        under('a', 'b'),
      ],
      ['1/parent', '2/parent', '4/parent', '5/parent'],
    ],
    [
      'two cycles',
      [under('a', 'b'), under('b', 'a'), under('c', 'd'), under('d', 'c')],
      ['0/parent', '1/parent', '2/parent', '3/parent'],
    ],
    [
      'values that cannot be stored',
      [
        under('', null),
        under('A\0', null),
        under('\ud800', null),
        under('A', 'x'.repeat(1_025)),
        { group: 'A', groupType: '', parent: '', parentType: 'team' },
      ],
      ['0/group', '1/group', '2/group', '3/parent', '4/groupType', '4/parent'],
    ],
    ['a member of the wrong type', [under('A', null), { ...under('B', null), group: 7 }], ['1/group']],
    ['a missing member', [{ group: 'A' }], ['0/groupType']],
  ])('%s', async (_, rows, paths) => {
    expect(await refused(rows)).toEqual(paths);
  });

  test('a cycle does not hide other faults, and faults come in the order of the rows', async () => {
    const rows = [under('a', 'b'), under('', null), under('b', 'a'), under('a', 'z')];
    expect(await refused(rows)).toEqual(['0/parent', '1/group', '2/parent', '3/parent']);
  });

  test('the answer names at most a hundred faults, and the detail has the number of faulty rows', async () => {
    const reply = await client.putRelationships(Array.from({ length: 5_000 }, () => under('', null)));
    expect(reply.json().errors).toHaveLength(100);
    expect(reply.json().detail).toContain('5000 of 5000 rows');
  });
});

describe('10,000 relationships', () => {
  const chain = Array.from({ length: 10_000 }, (_, n) => under(`g${n}`, n === 0 ? null : `g${n - 1}`));

  test('in one chain take few round trips to the database and little processor time: new, unchanged and inverted', async () => {
    for (const rows of [chain, chain, turnedOver(chain), []]) {
      const cost = await costOf(async () => {
        const reply = await client.putRelationships(rows);
        expect(reply.json()).toMatchObject({ relationships: rows.length });
      });
      expect(cost.roundTrips).toBeLessThan(200);
      expect(cost.processorMs).toBeLessThan(10_000);
    }
  });

  test('in one cycle are refused', async () => {
    const reply = await client.putRelationships([...chain.slice(1), under('g0', 'g9999')]);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().detail).toContain('10000 of 10000 rows');
  });

  function turnedOver(rows: Relationship[]): Relationship[] {
    return [
      ...rows.slice(1).map((row) => under(row.parent ?? '', row.group)),
      under(rows.at(-1)?.group ?? '', null),
    ];
  }
});
