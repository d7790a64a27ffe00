import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { whileLocked } from './support/locks.ts';
import { ENTERPRISE, expectScimError, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
let neighbour: ScimClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  [idp, neighbour] = [await scimClient(server), await scimClient(server)];
});
afterAll(() => server.close());

const post = (client: ScimClient, person: object) => client.call('POST', '/Users', person);

const namesOf = async () => (await idp.list('/Users')).map(({ userName }) => String(userName)).toSorted();

/** The answers to concurrent requests. The database writes nothing before all of them have arrived. */
const together = <T>(send: () => Promise<T>) => whileLocked(server.db.target, 'users', 'SHARE', send);

test('users who are created at the same time share commits, and each request has its own answer', async () => {
  const people = Array.from({ length: 40 }, (_, n) => ({
    userName: `p${n}`,
    externalId: `x${n}`,
    emails: [
      { value: `p${n}@example.com`, type: 'work', primary: true },
      { value: `p${n}@home.example`, type: 'home' },
    ].slice(n % 2),
    [ENTERPRISE]: { department: `D${n % 3}` },
  }));
  const replies = await together(() => Promise.all(people.map((person) => post(idp, person))));
  for (const [n, reply] of replies.entries()) {
    expect([reply.statusCode, reply.json()]).toEqual([201, expect.objectContaining(people[n] as object)]);
    expect((await idp.get(`/Users/${reply.json().id}`)).json()).toEqual(reply.json());
  }
  const { rows } = await seeingAll(server.db.target, (client) =>
    client.query(
      'SELECT count(*)::int AS people, count(DISTINCT written_xid)::int AS commits FROM users WHERE tenant_id = $1',
      [idp.tenantId],
    ),
  );
  expect(rows[0].people).toBe(40);
  expect(rows[0].commits).toBeLessThan(5);
});

test('a request that cannot create its user prevents no other, and gets the reason', async () => {
  await idp.createUser({ userName: 'there', emails: ['there@example.com'] });
  const people = [
    { userName: 'a' },
    { userName: 'THERE' },
    { displayName: 'nobody' },
    { userName: 'b', emails: ['there@example.com'] },
    { userName: 'c' },
  ];
  const replies = await together(() =>
    Promise.all([...people.map((person) => post(idp, person)), post(neighbour, { userName: 'there' })]),
  );
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 409, 400, 409, 201, 201]);
  expect(await namesOf()).toEqual(['a', 'c', 'there']);
});

test.each([
  ['userName', { userName: 'ada' }, { userName: 'Ada' }],
  [
    'e-mail address',
    { userName: 'a', emails: ['ada@example.com'] },
    { userName: 'b', emails: ['ada@example.com'] },
  ],
])(
  'of two with one %s, one is created, and the answer for the other has its id',
  async (_what, ...people: object[]) => {
    const others = Array.from({ length: 5 }, (_, n) => ({ userName: `other ${n}` }));
    const replies = await together(() =>
      Promise.all([...people, ...others].map((person) => post(idp, person))),
    );
    const [created, refused] = replies.slice(0, 2).toSorted((a, b) => a.statusCode - b.statusCode) as [
      LightMyRequestResponse,
      LightMyRequestResponse,
    ];
    expect(expectScimError(refused, 409, 'uniqueness')).toContain(
      `already belongs to user ${created.json().id}.`,
    );
    expect(await namesOf()).toHaveLength(6);
  },
);

test('a user whom the database refuses is tried alone, and the others are created', async () => {
  await seeingAll(server.db.target, (client) =>
    client.query(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'poison'; END $$;
      GRANT EXECUTE ON FUNCTION refuse_poison() TO PUBLIC;
      CREATE TRIGGER refuse_poison BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.user_name = 'poison')
        EXECUTE FUNCTION refuse_poison()`),
  );
  const names = ['a', 'poison', 'b', 'c'];
  const replies = await together(() => Promise.all(names.map((userName) => post(idp, { userName }))));
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 500, 201, 201]);
  expect(await idp.list('/Users')).toHaveLength(3);
});

test('a deleted user comes back once, also for two concurrent requests', async () => {
  const { id } = await idp.createUser({ userName: 'ada', externalId: 'x' });
  await idp.call('DELETE', `/Users/${id}`);
  const replies = await together(() =>
    Promise.all(['ada', 'Ada', 'bob'].map((userName) => post(idp, { userName, externalId: 'x' }))),
  );
  expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 201, 409]);
  const created = replies.flatMap((reply) => (reply.statusCode === 201 ? [reply.json()] : []));
  const isAda = (user: { userName: string }) => user.userName.toLowerCase() === 'ada';
  expect(created.map((user) => [isAda(user), user.id === id]).toSorted()).toEqual([
    [false, false],
    [true, true],
  ]);
});
