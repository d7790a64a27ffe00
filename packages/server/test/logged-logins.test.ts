import { afterAll, describe, expect, test } from 'vitest';
import { login, startTestServer } from './support/server.ts';
import { addAccount, browserWithPassword, linkFor, redeem, SAME_ORIGIN, signIn } from './support/sessions.ts';

const server = await startTestServer({ trustProxy: true });
afterAll(() => server.close());
const tenantId = await server.organisation();
const key = await server.key(tenantId);
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
await addAccount(server, tenantId, EMAIL, 'planner');
const browser = await browserWithPassword(server, { email: EMAIL, password: PASSWORD });
const { accountId } = (await server.app.inject({ url: '/v1/session', headers: browser })).json().account;

const from = { 'x-forwarded-for': '203.0.113.7' };
const address = '203.0.113.7';

/** The last line of an answer that `ask` causes. */
async function lineOf(ask: () => Promise<{ statusCode: number; payload: string }>): Promise<object> {
  const since = server.logs.length;
  const { statusCode, payload } = await ask();
  expect([statusCode, payload]).toEqual([expect.toSatisfy((status: number) => status < 300), payload]);
  const lines = server.logs.slice(since);
  expect(lines.join('')).not.toContain('ada@');
  const answered = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ msg }) => msg === 'answered');
  return answered ?? {};
}

describe('The log names who proved', () => {
  test('a key by HMAC, from where', async () => {
    const payload = login(key, server.clock.nowS);
    const post = () => server.app.inject({ method: 'POST', url: '/v1/auth', headers: from, payload });
    expect(await lineOf(post)).toMatchObject({ route: '/v1/auth', by: 'HMAC', apiKey: key.apiKey, address });
  });

  test('a key by client credentials, from where', async () => {
    const payload = { client_id: key.apiKey, client_secret: key.secret };
    const post = () => server.app.inject({ method: 'POST', url: '/v1/auth/token', headers: from, payload });
    expect(await lineOf(post)).toMatchObject({ by: 'client credentials', apiKey: key.apiKey, address });
  });

  test('an account by a password, from where', async () => {
    const post = () => signIn(server, { email: EMAIL, password: PASSWORD }, { ...SAME_ORIGIN, ...from });
    expect(await lineOf(post)).toMatchObject({ by: 'password', accountId, address });
  });

  test('an account by a link, from where', async () => {
    const token = await linkFor(server, EMAIL);
    const post = () => redeem(server, { token }, { ...SAME_ORIGIN, ...from });
    expect(await lineOf(post)).toMatchObject({ by: 'link', accountId, address });
  });
});

test('the log names the account of a request about its own session', async () => {
  const get = () => server.app.inject({ url: '/v1/session/sessions', headers: browser });
  expect(await lineOf(get)).toMatchObject({ route: '/v1/session/sessions', accountId });
  const signOut = () => server.app.inject({ method: 'DELETE', url: '/v1/session', headers: browser });
  expect(await lineOf(signOut)).toMatchObject({ method: 'DELETE', accountId });
});

test('no other line has an address or a way to log in', async () => {
  const token = await server.token(key);
  const get = () =>
    server.app.inject({ url: '/v1/analytics/users', headers: { ...from, authorization: `Bearer ${token}` } });
  const line = await lineOf(get);
  expect(line).toMatchObject({ apiKey: key.apiKey });
  expect(line).not.toHaveProperty('address');
  expect(line).not.toHaveProperty('by');
});
