import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addUser, type TestUser } from './support/directory.ts';
import { directoryClient, membershipOf } from './support/groups.ts';
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

const add = (userName: string, user: Partial<TestUser> & { status?: string } = {}) =>
  addUser(server.db.owner, client.tenantId, { userName, ...user });
const attributesOf = async (user: TestUser) =>
  (await membershipOf(server.db.owner, client.tenantId, user.userId)).attributes;

/** The result codes of a call. */
async function codes(userAttributes: unknown[]): Promise<number[]> {
  const reply = await client.postAttributes(userAttributes);
  expect(reply.statusCode).toBe(200);
  return reply.json().results.map(({ resultCode }: { resultCode: number }) => resultCode);
}

/** The message of the only result of a call with these attributes for Ada. */
async function messageFor(attributes: object): Promise<string> {
  const reply = await client.postAttributes([{ userName: 'ada', attributes }]);
  expect(reply.json().results).toMatchObject([{ userName: 'ada', resultCode: 3 }]);
  return reply.json().results[0].message;
}

test('each user has a result, in order, and a refused one stops no other', async () => {
  const grace = await add('grace');
  const reply = await client.postAttributes([
    { userName: 'nobody', attributes: { team: 'x' } },
    { userName: 'grace', attributes: { team: ['x'] } },
    { userName: 'ada', attributes: { team: 'Engines', floor: 3, remote: false } },
  ]);
  expect(reply.json()).toEqual({
    timestamp: '2026-03-10T12:00:00.000Z',
    results: [
      { userName: 'nobody', resultCode: 1, message: 'userName: no active user matches' },
      {
        userName: 'grace',
        resultCode: 3,
        message: 'attributes: "team" must be a string, a number or a boolean',
      },
      { userName: 'ada', resultCode: 0, message: 'Success' },
    ],
  });
  expect(await attributesOf(ada)).toEqual({ team: 'Engines', floor: 3, remote: false });
  expect(await attributesOf(grace)).toEqual({});
});

test('the route accepts a token and a trailing slash', async () => {
  const token = await server.token(await server.key(client.tenantId));
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/directory-management/user-attributes/',
    headers: { authorization: `Bearer ${token}` },
    payload: { userAttributes: [] },
  });
  expect(reply.json()).toEqual({ timestamp: '2026-03-10T12:00:00.000Z', results: [] });
});

test('named attributes are merged, null removes one, and others stay', async () => {
  await codes([{ userName: 'ada', attributes: { a: 1, b: 'two', c: true } }]);
  await codes([{ userName: 'ada', attributes: { b: 'zwei', c: null, unknown: null, d: '' } }]);
  expect(await attributesOf(ada)).toEqual({ a: 1, b: 'zwei', d: '' });
});

test('values that are already stored are not written', async () => {
  await codes([{ userName: 'ada', attributes: { a: 1, b: 'x' } }]);
  const before = await membershipOf(server.db.owner, client.tenantId, ada.userId);
  await codes([{ userName: 'ada', attributes: { b: 'x', none: null } }]);
  expect(await membershipOf(server.db.owner, client.tenantId, ada.userId)).toEqual(before);
});

test('two entries for one user in a request apply in order', async () => {
  const request = [
    { userName: 'ada', attributes: { a: 1, b: 1, c: 1 } },
    { userName: 'ADA@example.com', attributes: { a: 2, b: null } },
    { userName: 'ada', attributes: { b: 3, c: null } },
  ];
  expect(await codes(request)).toEqual([0, 0, 0]);
  expect(await attributesOf(ada)).toEqual({ a: 2, b: 3 });
});

describe('users are matched', () => {
  test('by exact e-mail, else by exact userName, before values that differ by case', async () => {
    const email = await add('first', { email: 'Grace' });
    const userName = await add('second', { email: 'HOPPER@example.com' });
    const other = await add('grace', { email: 'hopper@example.com' });
    const request = [
      { userName: 'Grace', attributes: { by: 'e-mail' } },
      { userName: 'grace', attributes: { by: 'userName' } },
      { userName: 'HOPPER@example.com', attributes: { by: 'exact e-mail' } },
    ];
    expect(await codes(request)).toEqual([0, 0, 0]);
    expect(await attributesOf(email)).toEqual({ by: 'e-mail' });
    expect(await attributesOf(other)).toEqual({ by: 'userName' });
    expect(await attributesOf(userName)).toEqual({ by: 'exact e-mail' });
  });

  test('without regard to case if one user fits, also by userName and e-mail at once', async () => {
    const both = await add('both@example.com', { email: 'Both@example.com' });
    const accented = await add('Zoë');
    expect(
      await codes([
        { userName: 'BOTH@EXAMPLE.COM', attributes: { x: 1 } },
        { userName: 'ADA@Example.com', attributes: { x: 2 } },
        { userName: 'ZOE\u0308', attributes: { x: 3 } },
      ]),
    ).toEqual([0, 0, 0]);
    expect(await attributesOf(both)).toEqual({ x: 1 });
    expect(await attributesOf(ada)).toEqual({ x: 2 });
    expect(await attributesOf(accented)).toEqual({ x: 3 });
  });

  test('by nothing if several fit: code 1, and the message says so', async () => {
    const people = [await add('one', { email: 'shared@x.com' }), await add('SHARED@x.com')];
    const reply = await client.postAttributes([{ userName: 'Shared@x.com', attributes: { x: 1 } }]);
    expect(reply.json().results).toMatchObject([
      { resultCode: 1, message: expect.stringContaining('2 active users match') },
    ]);
    for (const person of people) expect(await attributesOf(person)).toEqual({});
  });

  test('among the active users of the organisation only', async () => {
    await add('left', { status: 'inactive' });
    await add('back', { status: 'inactive', email: 'x@example.com' });
    const back = await add('back2', { email: 'X@example.com' });
    const elsewhere = await directoryClient(server);
    await addUser(server.db.owner, elsewhere.tenantId, { userName: 'stranger' });
    const names = ['left', 'stranger', 'x@example.com', ''];
    expect(await codes(names.map((userName) => ({ userName, attributes: { x: 1 } })))).toEqual([1, 1, 0, 1]);
    expect(await attributesOf(back)).toEqual({ x: 1 });
  });
});

describe('an unacceptable value is code 3; the message names the member, and nothing of that user is stored', () => {
  test.each<[string, object]>([
    ['an object', { bad: { a: 1 } }],
    ['a list', { bad: [] }],
    ['a NUL', { bad: 'a\0' }],
    ['half a surrogate pair', { bad: '\udc00' }],
    ['1,025 characters', { bad: 'x'.repeat(1_025) }],
    ['digits that would be lost', { bad: 2 ** 53 }],
    ['a NUL in the name', { 'bad\0': 1 }],
    ['half a surrogate pair in the name', { 'bad\ud800': 1 }],
    ['a name of 1,025 characters', { ['bad'.repeat(342)]: 1 }],
  ])('%s', async (_, attributes) => {
    expect(await messageFor({ good: 1, ...attributes })).toContain('"bad');
    expect(await attributesOf(ada)).toEqual({});
  });

  test('a number beyond the range of JSON readers', async () => {
    const payload = `{"userAttributes":[{"userName":"ada","attributes":{"bad":1e400}}]}`;
    const reply = await server.app.inject({
      method: 'POST',
      url: '/v1/directory-management/user-attributes/basic',
      headers: { authorization: client.authorization, 'content-type': 'application/json' },
      payload,
    });
    expect(reply.json().results).toMatchObject([{ resultCode: 3 }]);
  });

  test('an empty name, and an impossible userName', async () => {
    expect(await messageFor({ '': 1 })).toContain('attributes');
    const names = ['a\0', '\ud800', 'x'.repeat(1_025)];
    const reply = await client.postAttributes(names.map((userName) => ({ userName, attributes: {} })));
    expect(reply.json().results).toMatchObject(
      names.map(() => ({ resultCode: 3, message: expect.stringMatching(/^userName /) })),
    );
  });
});

test('__proto__ and constructor are not attributes', async () => {
  const payload = `{"userAttributes":[{"userName":"ada","attributes":
    {"__proto__":"x","constructor":"x","toString":"y"}}]}`;
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/directory-management/user-attributes/basic',
    headers: { authorization: client.authorization, 'content-type': 'application/json' },
    payload,
  });
  expect(reply.json().results).toMatchObject([{ resultCode: 0 }]);
  expect(await attributesOf(ada)).toEqual({ toString: 'y' });
});

describe('a request is malformed if it has a fault at', () => {
  test.each<[string, unknown]>([
    ['/userAttributes', {}],
    ['/userAttributes/0/userName', { userAttributes: [{ attributes: {} }] }],
    ['/userAttributes/0/attributes', { userAttributes: [{ userName: 'ada' }] }],
    ['/userAttributes/0/attributes', { userAttributes: [{ userName: 'ada', attributes: 'x' }] }],
    ['/userAttributes', { userAttributes: Array(1_001).fill({ userName: 'ada', attributes: {} }) }],
  ])('%s', async (path, payload) => {
    const reply = await server.app.inject({
      method: 'POST',
      url: '/v1/directory-management/user-attributes/basic',
      headers: { authorization: client.authorization },
      payload: payload as object,
    });
    expect(reply.statusCode).toBe(400);
    expect(reply.json().errors).toMatchObject([{ path }]);
  });
});

test('a body of 15 MiB is read, one of 17 MiB is refused', async () => {
  const attributes = (mebibytes: number) =>
    Object.fromEntries(Array.from({ length: mebibytes * 1_024 }, (_, n) => [`a${n}`, 'x'.repeat(1_010)]));
  expect(await codes([{ userName: 'nobody', attributes: attributes(15) }])).toEqual([1]);
  const reply = await client.postAttributes([{ userName: 'ada', attributes: attributes(17) }]);
  expect(reply.statusCode).toBe(413);
});

test('concurrent calls for the same user lose nothing', async () => {
  const replies = await Promise.all(
    Array.from({ length: 24 }, (_, n) =>
      client.postAttributes([{ userName: 'ada', attributes: { [`a${n}`]: n } }]),
    ),
  );
  expect(replies.every(({ statusCode }) => statusCode === 200)).toBe(true);
  expect(Object.keys(await attributesOf(ada))).toHaveLength(24);
});
