import { afterAll, describe, expect, test, vi } from 'vitest';
import { changeKey } from '../src/auth/manage-keys.ts';
import { untilWaiting, whileKeyIsLocked } from './support/locks.ts';
import { expectProblem } from './support/problems.ts';
import { basic, login, replicaOf, startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { answersWithinASecond, until } from './support/waiting.ts';

// Only the servers' storing of requests runs on this clock.
vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
const server = await startTestServer();
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});
const { app, clock, db, logs } = server;
const tenantId = await server.organisation();
const administrator = await browserWithRole(server, tenantId, 'administrator');

const INSIDE = '203.0.113.9';
const OUTSIDE = '198.51.100.1';
const bind = (apiKey: string, networks: string[] | null) =>
  changeKey(apiKey, { networks }, { owner: db.owner, clock: clock.read });
const boundKey = async (networks = ['203.0.113.0/24']) => {
  const key = await server.key(tenantId);
  await bind(key.apiKey, networks);
  return key;
};
type Key = { apiKey: string; secret: string };
const logIn = (key: Key, remoteAddress: string, on = app) =>
  on.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS), remoteAddress });
const logInByOAuth = ({ apiKey, secret }: Key, remoteAddress: string) =>
  app.inject({
    method: 'POST',
    url: '/v1/auth/token',
    payload: { client_id: apiKey, client_secret: secret },
    remoteAddress,
  });
const callByBasic = (key: Key, remoteAddress: string, on = app) =>
  on.inject({
    url: '/v1/analytics/locations/basic',
    headers: { authorization: basic(key) },
    remoteAddress,
  });
const callByToken = (token: string, remoteAddress: string, on = app) =>
  on.inject({
    url: '/v1/analytics/locations',
    headers: { authorization: `Bearer ${token}` },
    remoteAddress,
  });
const tokenOf = async (key: Key) => (await logIn(key, INSIDE)).json().token as string;

test('an operator who changes a limit of a key does not undo what an administrator binds it to meanwhile', async () => {
  const { apiKey } = await server.key(tenantId);
  const changed = await whileKeyIsLocked(db.target, apiKey, async (client) => {
    const afterwards = changeKey(apiKey, { limits: { reads: 5 } }, { owner: db.owner, clock: clock.read });
    await untilWaiting(db.target, 1);
    await client.query("UPDATE api_keys SET networks = '{203.0.113.0/24}' WHERE api_key = $1", [apiKey]);
    return { afterwards };
  });
  expect(changed).toMatchObject({ limits: { reads: 5 }, networks: ['203.0.113.0/24'] });
});

describe('a key that is bound to networks', () => {
  test('works from them', async () => {
    const key = await boundKey();
    expect((await logIn(key, INSIDE)).statusCode).toBe(200);
    expect((await logInByOAuth(key, INSIDE)).statusCode).toBe(200);
    expect((await callByBasic(key, INSIDE)).statusCode).toBe(200);
    expect((await callByToken(await tokenOf(key), INSIDE)).statusCode).toBe(200);
  });

  test('is refused elsewhere by every login, and so is a token of it', async () => {
    const key = await boundKey();
    const token = await tokenOf(key);
    const refused = new RegExp(`may not be used from your address, ${OUTSIDE}`);
    const byHash = await logIn(key, OUTSIDE);
    expect([byHash.statusCode, byHash.json()]).toEqual([
      403,
      {
        authenticated: false,
        message: expect.stringMatching(refused),
        correlationId: byHash.headers.correlationid,
      },
    ]);
    const byOAuth = await logInByOAuth(key, OUTSIDE);
    expect([byOAuth.statusCode, byOAuth.json().error]).toEqual([403, 'unauthorized_client']);
    expect(expectProblem(await callByBasic(key, OUTSIDE), 403)).toMatch(refused);
    expect(expectProblem(await callByToken(token, OUTSIDE), 403)).toMatch(refused);
    // The answers do not name the networks.
    expect(byHash.body + byOAuth.body).not.toContain('203.0.113');
  });

  test('does not differ from an unknown key for callers without the secret', async () => {
    const { apiKey } = await boundKey();
    const secret = 'wrong';
    const texts = await Promise.all(
      [
        { apiKey, secret },
        { apiKey: 'nobody', secret },
      ].flatMap((key) =>
        [logIn, logInByOAuth, callByBasic].map(async (by) => {
          const { statusCode, body, headers } = await by(key, OUTSIDE);
          return `${statusCode} ${body.replaceAll(String(headers.correlationid), '')}`;
        }),
      ),
    );
    expect(texts.slice(0, 3)).toEqual(texts.slice(3));
    expect(texts.every((text) => text.startsWith('401'))).toBe(true);
  });

  test('has a line in the log for each refusal, with the address', async () => {
    const key = await boundKey();
    await logIn(key, '198.51.100.77');
    await callByToken(await tokenOf(key), '198.51.100.77');
    const lines = logs.map((line) => JSON.parse(line)).filter(({ address }) => address === '198.51.100.77');
    expect(lines).toEqual(
      ['HMAC', 'Bearer token'].map((by) =>
        expect.objectContaining({
          msg: 'a login failed',
          by,
          attemptedApiKey: key.apiKey,
          wrongNetwork: true,
        }),
      ),
    );
  });

  test('shows refused logins and requests in the log of requests, with the reason', async () => {
    const key = await boundKey();
    const token = await tokenOf(key);
    await logIn(key, OUTSIDE);
    await callByToken(token, OUTSIDE);
    const list = async () => {
      const { items } = (
        await app.inject({ url: `/v1/manage/requests?caller=${key.apiKey}`, headers: administrator })
      ).json();
      return items.map(({ route, status, refusal }: Record<string, unknown>) => [route, status, refusal]);
    };
    vi.advanceTimersByTime(5_000);
    await until(async () => (await list()).length >= 2);
    expect((await list()).sort()).toEqual([
      ['/v1/analytics/locations', 403, 'network'],
      ['/v1/auth', 403, 'network'],
    ]);
  });

  test('is refused elsewhere by every replica within a second after it was bound', async () => {
    const key = await server.key(tenantId);
    const token = await tokenOf(key);
    const other = await replicaOf(server);
    const answers = async (on: typeof app) => [
      (await callByToken(token, OUTSIDE, on)).statusCode,
      (await callByBasic(key, OUTSIDE, on)).statusCode,
    ];
    try {
      expect([await answers(app), await answers(other)]).toEqual([
        [200, 200],
        [200, 200],
      ]);
      await bind(key.apiKey, ['203.0.113.0/24']);
      await Promise.all([app, other].map((on) => answersWithinASecond(() => answers(on), [403, 403])));
      await bind(key.apiKey, null);
      await Promise.all([app, other].map((on) => answersWithinASecond(() => answers(on), [200, 200])));
    } finally {
      await other.close();
    }
  });

  test.each([
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:DB8:0::/32', '2001:db9::1', false],
    ['::1', '::1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '203.0.113.9', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', 'not an address', false],
  ])('%s and the address %s: %s', async (network, address, isWithin) => {
    const key = await server.key(tenantId);
    const reply = await app.inject({
      method: 'PATCH',
      url: `/v1/manage/keys/${key.apiKey}`,
      headers: administrator,
      payload: { networks: [network] },
    });
    expect(reply.statusCode, reply.body).toBe(200);
    await expect.poll(async () => (await callByBasic(key, address)).statusCode).toBe(isWithin ? 200 : 403);
  });

  test('is judged by the address that a trusted proxy names', async () => {
    const behind = await replicaOf(server, { config: { trustProxy: '127.0.0.1' } });
    const key = await boundKey();
    const status = async (remoteAddress: string, forwarded: string) =>
      (
        await behind.inject({
          url: '/v1/analytics/locations/basic',
          headers: { authorization: basic(key), 'x-forwarded-for': forwarded },
          remoteAddress,
        })
      ).statusCode;
    try {
      expect(await status('127.0.0.1', INSIDE)).toBe(200);
      expect(await status('127.0.0.1', OUTSIDE)).toBe(403);
      expect(await status(OUTSIDE, INSIDE)).toBe(403);
    } finally {
      await behind.close();
    }
  });
});

test('a login from elsewhere does not make its network known to the key', async () => {
  const key = await boundKey();
  const wrong = { apiKey: key.apiKey, secret: 'wrong' };
  await callByBasic(key, OUTSIDE);
  for (let attempt = 0; attempt < 20; attempt++) await callByBasic(wrong, OUTSIDE);
  expect((await callByBasic(key, OUTSIDE)).statusCode).toBe(429);
  expect((await callByBasic(key, INSIDE)).statusCode).toBe(200);
});
