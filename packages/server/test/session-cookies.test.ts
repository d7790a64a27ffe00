import { afterAll, describe, expect, test } from 'vitest';
import { renewInstance } from '../src/auth/manage-signing-keys.ts';
import { expectProblem } from './support/problems.ts';
import { replicaOf, startTestServer } from './support/server.ts';
import {
  addAccount,
  browserOf,
  browserWithPassword,
  browserWithRole,
  linkFor,
  redeem,
  SAME_ORIGIN,
  signIn,
} from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app } = server;
const tenantId = await server.organisation({ slug: 'acme' });

const PASSWORD = 'correct horse battery';
const session = (headers: Record<string, string>, on = app) => on.inject({ url: '/v1/session', headers });
const places = (headers: Record<string, string>) => app.inject({ url: '/v1/manage/locations', headers });
let people = 0;
const newPerson = () => `person-${people++}@example.com`;

describe('The cookie', () => {
  const cookieOf = async (headers: Record<string, string>, on = server) => {
    const email = newPerson();
    await addAccount(on, tenantId, email, 'viewer');
    return redeem(on, { token: await linkFor(on, email) }, { ...SAME_ORIGIN, ...headers });
  };

  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080'])(
    'on this machine, at %s, names the instance',
    async (host) => {
      const header = String((await cookieOf({ host })).headers['set-cookie']);
      expect(header).toMatch(
        /^rollcall-[0-9a-f]{8}=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/,
      );
    },
  );

  test('over TLS belongs to the host', async () => {
    const behindProxy = await replicaOf(server, { config: { trustProxy: true } });
    try {
      const headers = { host: 'rollcall.example.com', 'x-forwarded-proto': 'https' };
      const reply = await cookieOf(headers, { ...server, app: behindProxy });
      expect(String(reply.headers['set-cookie'])).toMatch(
        /^__Host-rollcall=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/,
      );
      expect((await session({ ...headers, ...browserOf(reply) }, behindProxy)).statusCode).toBe(200);
      // The same token in a cookie that plain http set counts for nothing.
      const plain = { ...headers, cookie: browserOf(reply).cookie.replace('__Host-rollcall', 'rollcall') };
      expectProblem(await session(plain, behindProxy), 401);
    } finally {
      await behindProxy.close();
    }
  });

  test('is refused over plain http beyond this machine, in a sentence', async () => {
    for (const host of ['rollcall.example.com', '192.168.1.5:8080', 'localhost.example.com']) {
      const reply = await cookieOf({ host });
      expect(expectProblem(reply, 403)).toMatch(/plain http.*https/);
      expect(reply.headers['set-cookie']).toBeUndefined();
      expect(
        expectProblem(await signIn(server, { email: 'a@b.c', password: 'x' }, { ...SAME_ORIGIN, host }), 403),
      ).toMatch(/https/);
    }
  });

  test('of one instance on this machine means nothing to another one', async () => {
    const other = await startTestServer();
    try {
      // The databases of tests are copies of one database.
      await renewInstance({ owner: other.db.owner, masterKey: other.masterKey, clock: other.clock.read });
      const otherTenant = await other.organisation();
      const ours = await browserWithRole(server, tenantId, 'viewer', newPerson());
      const theirs = await browserWithRole(other, otherTenant, 'viewer', 'viewer@example.com');
      expect(ours.cookie.split('=')[0]).not.toBe(theirs.cookie.split('=')[0]);
      const both = { ...ours, cookie: `${ours.cookie}; ${theirs.cookie}` };
      expect((await session(both)).json().organisations).toMatchObject([{ organisation: 'acme' }]);
      expect((await session(both, other.app)).json().organisations).not.toMatchObject([
        { organisation: 'acme' },
      ]);
      expectProblem(await session(ours, other.app), 401);
    } finally {
      await other.close();
    }
  });

  test('gives way to other credentials', async () => {
    const browser = await browserWithRole(server, tenantId, 'viewer', newPerson());
    const key = await server.key(tenantId, { role: 'visitor-only' });
    const headers = { ...browser, authorization: `Bearer ${await server.token(key)}` };
    expect(expectProblem(await places(headers), 403)).toContain('visitor-only');
  });
});

describe('Signing in', () => {
  test('from a page of another origin is refused, also with the right password', async () => {
    const email = newPerson();
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:81', host: 'localhost:80' },
    ]) {
      expectProblem(await signIn(server, { email, password: PASSWORD }, headers), 403);
    }
    for (const headers of [{}, { origin: 'http://localhost:8080', host: 'localhost:8080' }, SAME_ORIGIN]) {
      expect((await signIn(server, { email, password: PASSWORD }, headers)).statusCode).toBe(200);
    }
  });

  test('ends the session that the browser had', async () => {
    const email = newPerson();
    await addAccount(server, tenantId, email, 'viewer');
    const first = await browserWithPassword(server, { email, password: PASSWORD });
    const second = browserOf(await signIn(server, { email, password: PASSWORD }, first));
    expectProblem(await session(first), 401);
    expect((await session(second)).statusCode).toBe(200);
  });
});
