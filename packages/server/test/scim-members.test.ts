import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { expectScimError, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { addUsers } from './workday/support.ts';

let server: TestServer;
let idp: ScimClient;
let people: string[];
let id: string;
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
  people = (await addUsers(server.db.owner, idp.tenantId, 6)).toSorted();
});
beforeEach(async () => {
  ({ id } = await idp.createGroup('Engines', people.slice(0, 2)));
});
afterAll(() => server.close());

const person = (index: number) => people[index] as string;
const value = (...indexes: number[]) => indexes.map((index) => ({ value: person(index) }));
async function members(): Promise<number[]> {
  const { members } = (await idp.get(`/Groups/${id}`)).json();
  return members.map((member: { value: string }) => people.indexOf(member.value));
}

/** Requests as identity providers send them. Users 0 and 1 are members before. */
const DIALECTS: [what: string, operations: () => object[], expected: number[]][] = [
  ['Entra ID adds', () => [{ op: 'Add', path: 'members', value: value(2, 3) }], [0, 1, 2, 3]],
  ['Entra ID adds a member again', () => [{ op: 'Add', path: 'members', value: value(1, 1, 2) }], [0, 1, 2]],
  ['Entra ID removes by value', () => [{ op: 'Remove', path: 'members', value: value(0, 3) }], [1]],
  ['Entra ID removes by filter', () => [{ op: 'Remove', path: `members[value eq "${person(0)}"]` }], [1]],
  [
    'one filter removes several',
    () => [
      { op: 'remove', path: `members[value eq "${person(0)}" or value eq "${person(1).toUpperCase()}"]` },
    ],
    [],
  ],
  [
    'the removal of a user who is no member',
    () => [{ op: 'remove', path: 'members[value eq "nobody"]' }],
    [0, 1],
  ],
  ['Okta replaces', () => [{ op: 'replace', path: 'members', value: value(2, 1) }], [1, 2]],
  ['Okta replaces all by none', () => [{ op: 'replace', path: 'members', value: [] }], []],
  ['all go', () => [{ op: 'remove', path: 'members' }], []],
  [
    'members come without a path',
    () => [{ op: 'add', value: { members: value(2), displayName: 'Engines' } }],
    [0, 1, 2],
  ],
  ['members are replaced without a path', () => [{ op: 'replace', value: { members: value(2) } }], [2]],
  ['a single member without a list', () => [{ op: 'add', path: 'members', value: value(2)[0] }], [0, 1, 2]],
  ['Okta renames', () => [{ op: 'replace', value: { id, displayName: 'Motors' } }], [0, 1]],
];
test.each(DIALECTS)('%s', async (_what, operations, expected) => {
  const reply = await idp.patch(`/Groups/${id}`, ...operations());
  expect([reply.statusCode, reply.body]).toEqual([204, '']);
  expect(await members()).toEqual(expected);
  const { displayName } = (await idp.get(`/Groups/${id}`)).json();
  expect(displayName).toBe(_what === 'Okta renames' ? 'Motors' : 'Engines');
  await idp.call('DELETE', `/Groups/${id}`);
});

async function addManyUsers(count: number): Promise<string[]> {
  const { rows } = await server.db.owner.inTenant(idp.tenantId, (tx) =>
    tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
       SELECT $1, gen_random_uuid(), 'many ' || n, 'many ' || n FROM generate_series(1, $2) AS n
       RETURNING user_id AS "userId"`,
      [idp.tenantId, count],
    ),
  );
  return rows.map(({ userId }) => userId);
}

describe('any order of operations', () => {
  const indexes = fc.array(fc.nat({ max: 5 }), { maxLength: 6 });
  const operation = fc.oneof(
    indexes.map((given) => ({ op: 'add', given })),
    indexes.map((given) => ({ op: 'remove', given })),
    indexes.map((given) => ({ op: 'replace', given })),
    fc.nat({ max: 5 }).map((given) => ({ op: 'filter', given: [given] })),
    fc.constant({ op: 'clear', given: [] as number[] }),
  );
  const asSent = ({ op, given }: { op: string; given: number[] }) => {
    if (op === 'filter') return { op: 'remove', path: `members[value eq "${person(given[0] ?? 0)}"]` };
    if (op === 'clear') return { op: 'remove', path: 'members' };
    return { op, path: 'members', value: value(...given) };
  };
  const apply = (set: Set<number>, { op, given }: { op: string; given: number[] }) => {
    if (op === 'replace' || op === 'clear') set.clear();
    for (const each of given) {
      if (op === 'add' || op === 'replace') set.add(each);
      else set.delete(each);
    }
  };

  test('leaves the members that a set would have, in any split of the operations into requests', async () => {
    const calls = fc.array(fc.array(operation, { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(calls, async (requests) => {
        await idp.patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: value(0, 1) });
        const model = new Set([0, 1]);
        for (const operations of requests) {
          const before = (await idp.get(`/Groups/${id}`)).headers.etag;
          const wasSo = [...model].toSorted();
          const reply = await idp.patch(`/Groups/${id}`, ...operations.map(asSent));
          expect(reply.statusCode).toBe(204);
          for (const each of operations) apply(model, each);
          const isSame = JSON.stringify([...model].toSorted()) === JSON.stringify(wasSo);
          expect(reply.headers.etag === before).toBe(isSame);
        }
        expect(await members()).toEqual([...model].toSorted());
      }),
      { numRuns: 25 },
    );
    await idp.call('DELETE', `/Groups/${id}`);
  });
});

describe('a PATCH of a group is refused, and changes nothing,', () => {
  test.each([
    [
      'if a member is unknown',
      { op: 'add', path: 'members', value: [{ value: '00000000-0000-4000-8000-000000000000' }] },
      'invalidValue',
    ],
    ['if a member has no id', { op: 'add', path: 'members', value: [{ display: 'x' }] }, 'invalidValue'],
    [
      'if it changes a member',
      { op: 'replace', path: 'members[value eq "x"].display', value: 'y' },
      'mutability',
    ],
    [
      'if it selects members by display name',
      { op: 'remove', path: 'members[display eq "x"]' },
      'invalidFilter',
    ],
    ['if it removes the name', { op: 'remove', path: 'displayName' }, 'invalidValue'],
    ['if it changes the id', { op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    ['if its path is invalid', { op: 'add', path: 'members[', value: 'x' }, 'invalidPath'],
  ])('%s', async (_what, operation, scimType) => {
    const { id: group } = await idp.createGroup(`Refused ${_what}`, people.slice(0, 2));
    const rename = { op: 'replace', value: { displayName: 'never' } };
    expectScimError(await idp.patch(`/Groups/${group}`, rename, operation), 400, scimType);
    const after = (await idp.get(`/Groups/${group}`)).json();
    expect([after.displayName, after.members.length]).toEqual([`Refused ${_what}`, 2]);
    await idp.call('DELETE', `/Groups/${id}`);
  });
});

test('10,000 members are replaced, added and removed in few round trips to the database', async () => {
  const many = await addManyUsers(10_000);
  const asMembers = (from: number, to: number) => many.slice(from, to).map((each) => ({ value: each }));
  const cost = await costOf(async () => {
    const replace = { op: 'replace', path: 'members', value: asMembers(0, 9_000) };
    expect((await idp.patch(`/Groups/${id}`, replace)).statusCode).toBe(204);
    const put = await idp.call('PUT', `/Groups/${id}`, {
      displayName: 'Engines',
      members: asMembers(0, 10_000),
    });
    expect(put.json().members).toHaveLength(10_000);

    for (let from = 0; from < 3_000; from += 1_000) {
      const part = asMembers(from, from + 1_000).map((each) => ({
        op: 'Remove',
        path: 'members',
        value: [each],
      }));
      expect((await idp.patch(`/Groups/${id}`, ...part)).statusCode).toBe(204);
    }

    expect((await idp.get(`/Groups/${id}`)).json().members).toHaveLength(7_000);
  });
  expect(cost.roundTrips).toBeLessThan(500);
});
