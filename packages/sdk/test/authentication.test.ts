import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AuthenticationError, PermissionError, Rollcall } from '../src/index.ts';
import { eventsOf, type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

const expirationIn = (body: string, change: (expiration: number) => number) => {
  const reply = JSON.parse(body);
  return JSON.stringify({ ...reply, expiration: change(reply.expiration) });
};

describe.each([
  { authentication: 'hmac', login: '/v1/auth' },
  { authentication: 'client-credentials', login: '/v1/auth/token' },
] as const)('$authentication', ({ authentication, login }) => {
  test('concurrent calls, and calls after them, share one login', async () => {
    const client = setup.client({ authentication });
    await Promise.all(Array.from({ length: 20 }, () => client.analytics.users()));
    await client.analytics.users();
    expect(setup.proxy.count(login)).toBe(1);
    expect(setup.proxy.count('/v1/analytics/users')).toBe(21);
  });

  test('a refused token is replaced once, also for concurrent calls', async () => {
    const client = setup.client({ authentication });
    await client.analytics.users();
    const [{ headers: { authorization: first } = {} } = {}] = setup.proxy.seen.slice(-1);
    setup.proxy.fate = ({ headers }) => (headers.authorization === first ? { status: 401 } : 'pass');
    // A login within the same minute may receive the same token.
    setup.server.clock.advanceS(90);
    const replies = await Promise.all(Array.from({ length: 5 }, () => client.analytics.locations()));
    setup.server.clock.nowMs = Date.now();
    expect(replies.map((rows) => rows.length)).toEqual([1, 1, 1, 1, 1]);
    expect(setup.proxy.count(login)).toBe(2);
  });

  test('a second 401 is an AuthenticationError', async () => {
    const client = setup.client({ authentication });
    setup.proxy.fate = ({ path }) => (path === login ? 'pass' : { status: 401 });
    await expect(client.analytics.users()).rejects.toBeInstanceOf(AuthenticationError);
    expect(setup.proxy.count('/v1/analytics/users')).toBe(2);
  });

  test("a wrong secret is an AuthenticationError with the server's message, and the client does not retry", async () => {
    const client = setup.client({ authentication, secret: 'wrong' });
    const failure = await client.analytics.users().then(
      () => Promise.reject(new Error('It did not fail.')),
      (error: AuthenticationError) => error,
    );
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(failure).toMatchObject({ name: 'AuthenticationError', status: 401, detail: expect.any(String) });
    expect(setup.proxy.seen.map(({ path }) => path)).toEqual([login]);
    expect(setup.proxy.seen[0]?.headers.correlationid).toBe(failure.correlationId);
    expect(failure.message).toContain(failure.correlationId);
  });
});

test.each([
  ['seconds', (expiration: number) => expiration],
  ['milliseconds', (expiration: number) => expiration * 1000],
])('the client reads an expiration in %s', async (_, change) => {
  setup.proxy.fate = ({ path }) =>
    path === '/v1/auth' ? { rewrite: (body) => expirationIn(body, change) } : 'pass';
  const client = setup.client();
  await client.analytics.users();
  await client.analytics.users();
  expect(setup.proxy.count('/v1/auth')).toBe(1);
});

test('the client renews a token before it expires', async () => {
  const lives: number[] = [30, 3600];
  setup.proxy.fate = ({ path }) =>
    path === '/v1/auth'
      ? { rewrite: (body) => expirationIn(body, () => Date.now() + 1000 * (lives.shift() ?? 0)) }
      : 'pass';
  const client = setup.client();
  const realNow = Date.now;
  await client.analytics.users();
  await client.analytics.users();
  expect(setup.proxy.count('/v1/auth')).toBe(1);
  try {
    Date.now = () => realNow() + 28_000;
    await client.analytics.users();
    expect(setup.proxy.count('/v1/auth')).toBe(2);
  } finally {
    Date.now = realNow;
  }
});

describe('basic', () => {
  test('sends key and secret to the /basic paths, without a login', async () => {
    const client = setup.client({ authentication: 'basic' });
    await client.analytics.users();
    const { refused } = await client.presence.submit('door', eventsOf(setup, 1));
    expect(refused).toEqual([]);
    expect(setup.proxy.seen.map(({ path }) => path)).toEqual([
      '/v1/analytics/users/basic',
      '/v1/presence/basic',
    ]);
  });

  test('throws an error that names the alternative if a route has no /basic path', async () => {
    const client = setup.client({ authentication: 'basic' });
    await expect(client.manage.organisation()).rejects.toThrow(/organisation.*HTTP Basic.*hmac/);
    await expect(client.manage.organisation()).rejects.toBeInstanceOf(AuthenticationError);
    expect(setup.proxy.seen).toEqual([]);
  });
});

test('a session sends no credentials of its own', async () => {
  const client = setup.client({ authentication: 'session', apiKey: '', secret: '' });
  await expect(client.analytics.users()).rejects.toBeInstanceOf(AuthenticationError);
  expect(setup.proxy.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('a key without the role is a PermissionError', async () => {
  const { apiKey, secret } = await setup.server.key(setup.site.tenantId, { role: 'visitor-only' });
  await expect(setup.client({ apiKey, secret }).analytics.users()).rejects.toBeInstanceOf(PermissionError);
});

test('the client reads missing options from the environment, and names those that are missing there', async () => {
  const kept = { ...process.env };
  try {
    process.env.ROLLCALL_BASE_URL = `${setup.proxy.baseUrl}/`;
    process.env.ROLLCALL_API_KEY = setup.site.key.apiKey;
    process.env.ROLLCALL_SECRET = setup.site.key.secret;
    process.env.ROLLCALL_AUTHENTICATION = 'client-credentials';
    process.env.ROLLCALL_REGION = 'ause1';
    await new Rollcall().analytics.users();
    expect(setup.proxy.seen.map(({ path }) => path)).toEqual(['/v1/auth/token', '/v1/analytics/users']);
    expect(setup.proxy.seen[1]?.headers['x-calven-region']).toBe('ause1');
    delete process.env.ROLLCALL_SECRET;
    expect(() => new Rollcall()).toThrow(/ROLLCALL_SECRET/);
    delete process.env.ROLLCALL_BASE_URL;
    expect(() => new Rollcall()).toThrow(/ROLLCALL_BASE_URL/);
    expect(() => new Rollcall({ authentication: 'magic' as never })).toThrow(/authentication/);
  } finally {
    process.env = kept;
  }
});
