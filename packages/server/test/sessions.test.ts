import { afterAll, describe, expect, test } from 'vitest';
import { disableAccount } from '../src/auth/manage-accounts.ts';
import { renewInstance } from '../src/auth/manage-signing-keys.ts';
import { ABSOLUTE_LIMIT_MS, IDLE_LIMIT_MS } from '../src/auth/sessions.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { replicaOf, startTestServer } from './support/server.ts';
import {
  addAccount,
  type Browser,
  browserOf,
  browserWithPassword,
  browserWithRole,
  linkFor,
  redeem,
  signIn,
} from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app } = server;
const tenantId = await server.organisation({ slug: 'acme' });
await browserWithRole(server, tenantId, 'administrator', 'permanent@example.com');

const PASSWORD = 'correct horse battery';
const session = (headers: Record<string, string>, on = app) => on.inject({ url: '/v1/session', headers });
const places = (headers: Record<string, string>, on = app) =>
  on.inject({ url: '/v1/manage/locations', headers });
const send = (
  method: 'PUT' | 'DELETE' | 'POST' | 'PATCH',
  url: string,
  headers: Record<string, string>,
  payload?: object,
) => app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
let people = 0;
const newPerson = () => `person-${people++}@example.com`;

test('GET /v1/session says who is signed in, where and until when', async () => {
  const email = newPerson();
  const browser = await browserWithRole(server, tenantId, 'planner', email);
  const reply = await session(browser);
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['cache-control']).toBe('no-store');
  expect(reply.json()).toEqual({
    account: {
      accountId: expect.any(String),
      email,
      name: 'The planner',
      hasPassword: false,
      passkeyRequired: false,
    },
    organisations: [{ organisation: 'acme', name: 'acme', timeZone: 'Europe/London', role: 'planner' }],
    method: 'link',
    createdAt: new Date(server.clock.nowMs).toISOString(),
    expiresAt: new Date(server.clock.nowMs + IDLE_LIMIT_MS).toISOString(),
  });
  // Answers with an organisation's data are not kept by the browser, either.
  expect((await places(browser)).headers['cache-control']).toBe('no-store');
});

test('only hashes of tokens are stored', async () => {
  const email = newPerson();
  await addAccount(server, tenantId, email, 'viewer');
  const token = await linkFor(server, email);
  const [, cookie] = browserOf(await redeem(server, { token })).cookie.split('=');
  const { rows } = await server.db.owner.inSystem((tx) =>
    tx.query(`SELECT s::text AS row FROM sessions s UNION ALL SELECT l::text FROM sign_in_links l`),
  );
  const stored = JSON.stringify(rows);
  for (const secret of [token, String(cookie)]) {
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  }
});

describe('A session ends at once', () => {
  /** A person with a password who is signed in in two browsers. */
  const twice = async () => {
    const email = newPerson();
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    const here = browserOf(await signIn(server, { email, password: PASSWORD }));
    const elsewhere = browserOf(await signIn(server, { email, password: PASSWORD }));
    const { accountId } = (await session(here)).json().account;
    return { email, accountId, here, elsewhere };
  };
  const expectOver = async (...browsers: Browser[]) => {
    for (const browser of browsers) {
      expectProblem(await session(browser), 401);
      expectProblem(await places(browser), 401);
    }
  };

  test('by signing out, and the cookie goes', async () => {
    const { here, elsewhere } = await twice();
    const reply = await send('DELETE', '/v1/session', here);
    expect(reply.statusCode).toBe(204);
    expect(String(reply.headers['set-cookie'])).toMatch(/^rollcall-\w+=; Path=\/; Max-Age=0; /);
    await expectOver(here);
    expect((await session(elsewhere)).statusCode).toBe(200);
  });

  test('when the person ends it in another browser', async () => {
    const { here, elsewhere } = await twice();
    const { items } = (await app.inject({ url: '/v1/session/sessions', headers: here })).json();
    const others = items.filter(({ current }: { current: boolean }) => !current);
    expect(items).toContainEqual(
      expect.objectContaining({ current: true, method: 'password', address: '127.0.0.1' }),
    );
    for (const { sessionId } of others) {
      expect((await send('DELETE', `/v1/session/sessions/${sessionId}`, here)).statusCode).toBe(204);
      expectProblem(await send('DELETE', `/v1/session/sessions/${sessionId}`, here), 404);
    }
    await expectOver(elsewhere);
    // Nobody ends another person's session.
    const stranger = await browserWithRole(server, tenantId, 'administrator', newPerson());
    const [own] = (await app.inject({ url: '/v1/session/sessions', headers: here })).json().items;
    expectProblem(await send('DELETE', `/v1/session/sessions/${own.sessionId}`, stranger), 404);
    expect((await session(here)).statusCode).toBe(200);
  });

  test('when the password changes, except where it changed', async () => {
    const { email, here, elsewhere } = await twice();
    const change = (currentPassword: string, newPassword: string) =>
      send('PUT', '/v1/session/password', here, { currentPassword, newPassword });
    expect(expectProblem(await change('not the password', `${PASSWORD} 2`), 403)).toMatch(/current password/);
    expectProblem(await change(PASSWORD, 'short'), 400);
    expect((await session(elsewhere)).statusCode).toBe(200);
    const reply = await change(PASSWORD, `${PASSWORD} 2`);
    expect(reply.statusCode).toBe(204);
    await expectOver(here, elsewhere);
    expect((await session(browserOf(reply))).statusCode).toBe(200);
    expectProblem(await signIn(server, { email, password: PASSWORD }), 401);
    expect((await signIn(server, { email, password: `${PASSWORD} 2` })).statusCode).toBe(200);
  });

  test('when a link sets another password', async () => {
    const { email, here, elsewhere } = await twice();
    const after = await browserWithPassword(server, { email, password: `${PASSWORD} 3` });
    await expectOver(here, elsewhere);
    expect((await session(after)).statusCode).toBe(200);
  });

  test('when the operator disables the account, and stays over when it is enabled', async () => {
    const { email, here, elsewhere } = await twice();
    const deps = { owner: server.db.owner, clock: server.clock.read };
    const token = await linkFor(server, email);
    await disableAccount({ email, isDisabled: true }, deps);
    await expectOver(here, elsewhere);
    expectProblem(await signIn(server, { email, password: PASSWORD }), 401);
    expectProblem(await redeem(server, { token }), 401);
    await disableAccount({ email, isDisabled: false }, deps);
    await expectOver(here, elsewhere);
    expect((await signIn(server, { email, password: PASSWORD })).statusCode).toBe(200);
  });

  test('when the last role of the account is removed', async () => {
    const { accountId, here, elsewhere } = await twice();
    const administrator = await browserWithRole(server, tenantId, 'administrator', newPerson());
    expect((await send('DELETE', `/v1/manage/accounts/${accountId}`, administrator)).statusCode).toBe(204);
    await expectOver(here, elsewhere);
  });

  test('for one organisation when the role there is removed', async () => {
    const otherTenant = await server.organisation({ slug: `other-${people}` });
    const email = newPerson();
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithRole(server, otherTenant, 'planner', email);
    const { account, organisations } = (await session(browser)).json();
    expect(organisations).toHaveLength(2);
    const at = (slug: string) => ({ ...browser, 'rollcall-organisation': slug });
    // Which one is not clear without the header.
    expect(expectProblem(await places(browser), 403)).toMatch(/several organisations/);
    expect((await places(at('acme'))).statusCode).toBe(200);
    const administrator = await browserWithRole(server, tenantId, 'administrator', newPerson());
    await send('DELETE', `/v1/manage/accounts/${account.accountId}`, administrator);
    expectProblem(await places(at('acme')), 403);
    expect((await places(browser)).statusCode).toBe(200);
    expect((await session(browser)).json().organisations).toMatchObject([{ role: 'planner' }]);
  });

  test('when an administrator ends the sessions of the person', async () => {
    const { accountId, here, elsewhere } = await twice();
    const administrator = await browserWithRole(server, tenantId, 'administrator', newPerson());
    const url = `/v1/manage/accounts/${accountId}/sessions`;
    const { items } = (await app.inject({ url, headers: administrator })).json();
    expect(items.length).toBeGreaterThan(1);
    expect((await send('DELETE', url, administrator)).statusCode).toBe(204);
    await expectOver(here, elsewhere);
  });

  test('when the data become another instance', async () => {
    const { here } = await twice();
    const { db, masterKey, clock } = server;
    await renewInstance({ owner: db.owner, masterKey, clock: clock.read });
    await expect.poll(async () => (await session(here)).statusCode).toBe(401);
    const { rows } = await db.owner.inSystem((tx) => tx.query('SELECT count(*) AS n FROM sessions'));
    expect(rows[0].n).toBe(0);
  });

  test('without use, and after its longest life', async () => {
    const { here } = await twice();
    const startMs = server.clock.nowMs;
    server.clock.nowMs = startMs + IDLE_LIMIT_MS - 1;
    expect((await session(here)).statusCode).toBe(200);
    server.clock.nowMs += IDLE_LIMIT_MS;
    await expectOver(here);
    server.clock.nowMs = startMs;
    for (; server.clock.nowMs < startMs + ABSOLUTE_LIMIT_MS; server.clock.nowMs += IDLE_LIMIT_MS / 2) {
      expect((await session(here)).statusCode).toBe(200);
    }
    await expectOver(here);
    server.clock.nowMs = startMs;
  });

  test('in every replica', async () => {
    const { here } = await twice();
    const replica = await replicaOf(server);
    try {
      expect((await session(here, replica)).statusCode).toBe(200);
      await send('DELETE', '/v1/session', here);
      expectProblem(await session(here, replica), 401);
      expectProblem(await places(here, replica), 401);
    } finally {
      await replica.close();
    }
  });
});

test('a server whose role is a plain owner signs people in, too', async () => {
  const plain = await startTestServer({}, { database: { as: 'owner' } });
  try {
    const tenant = await plain.organisation();
    const browser = await browserWithRole(plain, tenant, 'administrator');
    expect((await session(browser, plain.app)).statusCode).toBe(200);
    expect((await places(browser, plain.app)).statusCode).toBe(200);
    const body = { email: 'new@example.com', role: 'viewer' };
    const request = { method: 'POST', url: '/v1/manage/accounts', headers: browser, payload: body } as const;
    expect((await plain.app.inject(request)).statusCode).toBe(201);
  } finally {
    await plain.close();
  }
});

test('the last use is written once a minute', async () => {
  const browser = await browserWithRole(server, tenantId, 'viewer', newPerson());
  const lastUse = async () => {
    const { items } = (await app.inject({ url: '/v1/session/sessions', headers: browser })).json();
    return Date.parse(items[0].lastUsedAt);
  };
  const startMs = server.clock.nowMs;
  server.clock.advanceS(59);
  expect(await lastUse()).toBe(startMs);
  server.clock.advanceS(1);
  await session(browser);
  expect(await lastUse()).toBe(startMs + 60_000);
});

test('changes that a person makes name the e-mail address; the log of requests names the account', async () => {
  const work = await ManagedWorkplace.at(server);
  const email = newPerson();
  const browser = await browserWithRole(server, work.tenantId, 'planner', email);
  const { accountId } = (await session(browser)).json().account;
  const day = new Date(server.clock.nowMs).toISOString().slice(0, 10);
  const reply = await send('PUT', `/v1/manage/${work.dayPath(day)}`, browser, { plan: 'r' });
  expect(reply.statusCode).toBe(200);
  expect(await work.log()).toMatchObject([{ changedBy: 'admin', changedByName: email }]);
  await expect.poll(() => server.logs.filter((line) => line.includes(accountId)).length).toBeGreaterThan(0);
  expect(server.logs.filter((line) => line.includes(email))).toEqual([]);
});
