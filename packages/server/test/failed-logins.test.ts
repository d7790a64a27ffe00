import { afterAll, expect, test } from 'vitest';
import { generateScimToken } from '../src/auth/scim-tokens.ts';
import { basic, login, startTestServer } from './support/server.ts';

const server = await startTestServer({ trustProxy: true });
afterAll(() => server.close());
const tenantId = await server.organisation();
const key = await server.key(tenantId);

const SECRET = 'a secret that no line may show';
const STRANGE_ID = `line\nbreak \u001b[31m ${'x'.repeat(500)}`;
const headers = { 'x-forwarded-for': '203.0.113.7' };

const attempts: [string, string | undefined, () => Promise<{ statusCode: number }>][] = [
  [
    'HMAC',
    key.apiKey,
    () =>
      server.app.inject({
        method: 'POST',
        url: '/v1/auth',
        headers,
        payload: login({ apiKey: key.apiKey, secret: SECRET }, server.clock.nowS),
      }),
  ],
  [
    'HMAC',
    key.apiKey,
    () =>
      server.app.inject({
        method: 'POST',
        url: '/v1/auth',
        headers,
        payload: login(key, server.clock.nowS - 3_600),
      }),
  ],
  [
    'client credentials',
    'nobody',
    () =>
      server.app.inject({
        method: 'POST',
        url: '/v1/auth/token',
        headers,
        payload: { client_id: 'nobody', client_secret: SECRET },
      }),
  ],
  [
    'Basic',
    key.apiKey,
    () =>
      server.app.inject({
        url: '/v1/analytics/users/basic',
        headers: { ...headers, authorization: basic({ ...key, secret: SECRET }) },
      }),
  ],
  [
    'SCIM token',
    undefined,
    () =>
      server.app.inject({
        url: '/scim/v2/Users',
        headers: { ...headers, authorization: `Bearer ${generateScimToken()}` },
      }),
  ],
];

test.each(attempts)('a failed login by %s is logged with its id and address', async (by, id, attempt) => {
  const since = server.logs.length;
  expect((await attempt()).statusCode).toBe(401);
  const lines = server.logs.slice(since);
  expect(lines.join('')).not.toMatch(/no line may show|rcs_/);
  const failed = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'a login failed');
  expect(failed).toEqual([
    {
      level: 'warn',
      time: expect.any(String),
      correlationId: expect.any(String),
      msg: 'a login failed',
      by,
      address: '203.0.113.7',
      ...(id === undefined ? {} : { attemptedApiKey: id }),
    },
  ]);
});

test('a long or unusual id is logged short and without control characters, and a successful login is not logged', async () => {
  const since = server.logs.length;
  const ask = (who: { apiKey: string; secret: string }) =>
    server.app.inject({ url: '/v1/analytics/users/basic', headers: { authorization: basic(who) } });
  expect((await ask(key)).statusCode).toBe(200);
  expect((await ask({ apiKey: STRANGE_ID, secret: SECRET })).statusCode).toBe(401);
  const failed = server.logs.slice(since).filter((line) => line.includes('a login failed'));
  expect(failed).toHaveLength(1);
  const { attemptedApiKey } = JSON.parse(failed[0] ?? '') as { attemptedApiKey: string };
  expect(attemptedApiKey).toBe(
    STRANGE_ID.slice(0, 128).replaceAll('\n', '\ufffd').replaceAll('\u001b', '\ufffd'),
  );
});

test('of thousands of failed logins from one network, the log has the first ones of each second and the number of the others', async () => {
  const MANY = 200;
  const since = server.logs.length;
  const guess = (turn: number) =>
    server.app.inject({
      url: '/v1/analytics/users/basic',
      headers: {
        authorization: basic({ apiKey: `nobody ${turn}`, secret: SECRET }),
        'x-forwarded-for': '203.0.113.99',
      },
    });
  await Promise.all(Array.from({ length: MANY }, (_, turn) => guess(turn)));
  const linesSaying = (message: string) =>
    server.logs
      .slice(since)
      .map((line) => JSON.parse(line) as { msg: string; address?: string; failures?: number })
      .filter(({ msg, address }) => msg === message && address === '203.0.113.99');
  const counted = () =>
    linesSaying('more logins failed').reduce((sum, { failures = 0 }) => sum + failures, 0);
  await expect.poll(() => linesSaying('a login failed').length + counted()).toBe(MANY);
  expect(linesSaying('a login failed').length).toBeLessThan(MANY / 2);
});
