import { afterAll, describe, expect, test } from 'vitest';
import { untilWaiting, whileAccountIsLocked } from './support/locks.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer } from './support/server.ts';
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
const PASSWORD = 'correct horse battery';
const OTHER_PASSWORD = 'another horse battery';
const DAY_S = 86_400;

let count = 0;
/** An organisation with an administrator who is signed in. */
async function newOrganisation() {
  const slug = `org-${count++}`;
  const tenantId = await server.organisation({ slug });
  const administrator = await browserWithRole(server, tenantId, 'administrator', `boss-${slug}@example.com`);
  return { slug, tenantId, administrator };
}
const newEmail = () => `person-${count++}@example.com`;
const call = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  headers: Browser,
  payload?: object,
) => app.inject({ method, url: `/v1/manage/accounts${path}`, headers, ...(payload ? { payload } : {}) });
async function invite(headers: Browser, email: string, role = 'planner') {
  const reply = await call('POST', '', headers, { email, role });
  expect(reply.statusCode).toBe(201);
  return reply.json() as { token: string; account: { accountId: string; state: string } };
}
const organisationsOf = async (headers: Browser) => {
  const { organisations } = (await app.inject({ url: '/v1/session', headers })).json();
  return organisations.map(({ organisation }: { organisation: string }) => organisation).toSorted();
};

describe('A one-time link', () => {
  test('works once; of two at the same time, one wins', async () => {
    const { tenantId } = await newOrganisation();
    const email = newEmail();
    await addAccount(server, tenantId, email, 'viewer');
    for (const kind of ['link', 'reset'] as const) {
      const token = await linkFor(server, email, kind);
      const body = { token, ...(kind === 'reset' ? { password: PASSWORD } : {}) };
      const replies = await Promise.all(Array.from({ length: 8 }, () => redeem(server, body)));
      expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, ...Array(7).fill(401)]);
      expectProblem(await redeem(server, body), 401);
    }
  });

  test('has one answer for wrong, used and expired, and expires after 15 minutes', async () => {
    const { tenantId } = await newOrganisation();
    const email = newEmail();
    await addAccount(server, tenantId, email, 'viewer');
    const [used, expired, open] = [
      await linkFor(server, email),
      await linkFor(server, email),
      await linkFor(server, email),
    ];
    await redeem(server, { token: used });
    server.clock.advanceS(15 * 60 - 1);
    expect((await redeem(server, { token: open })).statusCode).toBe(200);
    server.clock.advanceS(1);
    const details = [];
    for (const token of [used, expired, 'wrong', '', 'x'.repeat(4_000)]) {
      details.push(expectProblem(await redeem(server, { token }), 401));
    }
    expect(new Set(details).size).toBe(1);
  });

  test('redeemed by a person who is signed in proves nothing new, and the session is as old as before', async () => {
    const [{ tenantId }, other] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    let browser = browserOf(await signIn(server, { email, password: PASSWORD }));
    const session = async () => (await app.inject({ url: '/v1/session', headers: browser })).json();
    const { method, createdAt } = await session();
    const addsPasskey = () =>
      app.inject({
        method: 'POST',
        url: '/v1/session/passkeys/options',
        headers: { ...browser, host: 'localhost:8080' },
      });
    expect((await addsPasskey()).statusCode).toBe(200);
    server.clock.advanceS(601);
    const boss = browserOf(
      await redeem(server, { token: await linkFor(server, `boss-${other.slug}@example.com`) }),
    );
    for (const token of [await linkFor(server, email), (await invite(boss, email)).token]) {
      const before = browser;
      browser = browserOf(await redeem(server, { token }, before));
      expectProblem(await app.inject({ url: '/v1/session', headers: before }), 401);
      expectProblem(await addsPasskey(), 403);
      expect(await session()).toMatchObject({ method: 'password', createdAt });
    }
    expect(method).toBe('password');
  });

  test('is not redeemed by a session that ends meanwhile', async () => {
    const { tenantId } = await newOrganisation();
    const email = newEmail();
    const browser = await browserWithRole(server, tenantId, 'viewer', email);
    const list = await app.inject({ url: '/v1/session/sessions', headers: browser });
    const [{ sessionId }] = list.json().items;
    const token = await linkFor(server, email);
    const reply = await whileAccountIsLocked(server.db.target, email, async () => {
      const afterwards = redeem(server, { token }, browser);
      await untilWaiting(server.db.target, 1);
      await app.inject({ method: 'DELETE', url: `/v1/session/sessions/${sessionId}`, headers: browser });
      return { afterwards };
    });
    expect(expectProblem(reply, 401)).toContain('no session');
    expect((await redeem(server, { token })).statusCode).toBe(200);
  });

  test('that sets a password ends the other links and all sessions', async () => {
    const { tenantId } = await newOrganisation();
    const email = newEmail();
    const before = await browserWithRole(server, tenantId, 'viewer', email);
    const [first, second] = [await linkFor(server, email, 'reset'), await linkFor(server, email)];
    await redeem(server, { token: first, password: PASSWORD });
    expectProblem(await redeem(server, { token: second }), 401);
    expectProblem(await app.inject({ url: '/v1/session', headers: before }), 401);
  });
});

describe('An invitation', () => {
  test('is accepted with a name and a new password, within 7 days', async () => {
    const { administrator, slug } = await newOrganisation();
    const email = newEmail();
    const { token, account } = await invite(administrator, email);
    expect(account).toMatchObject({ email, role: 'planner', state: 'invited' });
    expectProblem(await signIn(server, { email, password: PASSWORD }), 401);
    server.clock.advanceS(7 * DAY_S - 1);
    const boss = browserOf(
      await redeem(server, { token: await linkFor(server, `boss-${slug}@example.com`) }),
    );
    const reply = await redeem(server, { token, password: PASSWORD, name: ' Ada ' });
    expect(reply.json()).toMatchObject({
      account: { email, name: 'Ada' },
      organisations: [{ organisation: slug, role: 'planner' }],
    });
    expect((await call('GET', '', boss)).json().items).toContainEqual(
      expect.objectContaining({ email, name: 'Ada', state: 'active' }),
    );
  });

  test('expires after 7 days, and a new one replaces it', async () => {
    const { administrator, slug } = await newOrganisation();
    const { token, account } = await invite(administrator, newEmail());
    const renewed = (await call('POST', `/${account.accountId}/link`, administrator)).json();
    expectProblem(await redeem(server, { token, password: PASSWORD }), 401);
    server.clock.advanceS(7 * DAY_S);
    expectProblem(await redeem(server, { token: renewed.token, password: PASSWORD }), 401);
    const boss = browserOf(
      await redeem(server, { token: await linkFor(server, `boss-${slug}@example.com`) }),
    );
    const again = (await call('POST', `/${account.accountId}/link`, boss)).json();
    expect((await redeem(server, { token: again.token, password: PASSWORD })).statusCode).toBe(200);
  });

  test('for an account with a password needs that password, and does not change it', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    await redeem(server, { token: (await invite(a.administrator, email)).token, password: PASSWORD });
    const { token } = await invite(b.administrator, email.toUpperCase());
    // The inviting organisation has the link, and must not get the account with it.
    const missing = await redeem(server, { token });
    expectProblem(missing, 400);
    expect(missing.json().errors).toMatchObject([{ path: '/password' }]);
    expectProblem(await redeem(server, { token, password: OTHER_PASSWORD }), 401);
    const stranger = await browserWithRole(server, b.tenantId, 'viewer', newEmail());
    expectProblem(await redeem(server, { token }, stranger), 400);
    const person = browserOf(await redeem(server, { token, password: PASSWORD }));
    expect(await organisationsOf(person)).toEqual([a.slug, b.slug].toSorted());
    expect((await signIn(server, { email, password: PASSWORD })).statusCode).toBe(200);
  });

  test('is accepted without a password by the person who is signed in', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    const own = await browserWithRole(server, a.tenantId, 'viewer', email);
    const { token } = await invite(b.administrator, email);
    // Without a password of the account there is no other proof.
    expect(expectProblem(await redeem(server, { token, password: PASSWORD }), 403)).toMatch(/sign in first/);
    expect(await organisationsOf(own)).toEqual([a.slug]);
    const person = browserOf(await redeem(server, { token }, own));
    expect(await organisationsOf(person)).toEqual([a.slug, b.slug].toSorted());
  });

  test('accepted by two organisations at once gives the account to the one who was first', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    const [first, second] = [await invite(a.administrator, email), await invite(b.administrator, email)];
    const replies = await Promise.all([
      redeem(server, { token: first.token, password: PASSWORD }),
      redeem(server, { token: second.token, password: OTHER_PASSWORD }),
    ]);
    expect(replies.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  });

  test('of a second organisation ends links and sessions that the first one may have made', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    const joined = await invite(a.administrator, email);
    const early = browserOf(await redeem(server, { token: joined.token, password: PASSWORD }));
    const reset = (await call('POST', `/${joined.account.accountId}/link`, a.administrator)).json();
    await redeem(server, { token: (await invite(b.administrator, email)).token, password: PASSWORD });
    expectProblem(await redeem(server, { token: reset.token, password: OTHER_PASSWORD }), 401);
    expectProblem(await app.inject({ url: '/v1/session', headers: early }), 401);
  });

  test('ends with the role', async () => {
    const { administrator } = await newOrganisation();
    const { token, account } = await invite(administrator, newEmail());
    expect((await call('DELETE', `/${account.accountId}`, administrator)).statusCode).toBe(204);
    expectProblem(await redeem(server, { token, password: PASSWORD }), 401);
  });
});

describe('An administrator', () => {
  test('neither sees nor changes what belongs to another organisation', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    const { account, token } = await invite(a.administrator, email);
    const { accountId } = account;
    for (const [method, path, payload] of [
      ['PATCH', `/${accountId}`, { role: 'viewer' }],
      ['DELETE', `/${accountId}`, undefined],
      ['POST', `/${accountId}/link`, undefined],
      ['GET', `/${accountId}/sessions`, undefined],
      ['DELETE', `/${accountId}/sessions`, undefined],
    ] as const) {
      expectProblem(await call(method, path, b.administrator, payload), 404);
    }
    await redeem(server, { token, password: PASSWORD, name: 'A name that A sees' });
    await invite(b.administrator, email);
    const { items } = (await call('GET', '', b.administrator)).json();
    // Until the person accepts, B sees what it wrote itself.
    expect(items).toContainEqual(
      expect.objectContaining({ email, name: null, state: 'invited', acceptedAt: null }),
    );
    expect((await call('GET', '', a.administrator)).json().items).toContainEqual(
      expect.objectContaining({ email, name: 'A name that A sees' }),
    );
  });

  test('makes no link and sees no sessions for an account of several organisations', async () => {
    const [a, b] = [await newOrganisation(), await newOrganisation()];
    const email = newEmail();
    const { account, token } = await invite(a.administrator, email);
    await redeem(server, { token, password: PASSWORD });
    await redeem(server, { token: (await invite(b.administrator, email)).token, password: PASSWORD });
    for (const { administrator } of [a, b]) {
      for (const [method, path] of [
        ['POST', 'link'],
        ['GET', 'sessions'],
        ['DELETE', 'sessions'],
      ] as const) {
        const detail = expectProblem(await call(method, `/${account.accountId}/${path}`, administrator), 409);
        expect(detail).toMatch(/the person, or the operator/);
      }
    }
    // The operator may.
    expect((await browserWithPassword(server, { email, password: OTHER_PASSWORD })).cookie).toBeTruthy();
    expect((await call('DELETE', `/${account.accountId}`, b.administrator)).statusCode).toBe(204);
    expect((await call('POST', `/${account.accountId}/link`, a.administrator)).statusCode).toBe(201);
  });

  test('cannot be removed or demoted as the last one, also not by two at the same time', async () => {
    const { administrator, slug, tenantId } = await newOrganisation();
    const { accountId } = (await app.inject({ url: '/v1/session', headers: administrator })).json().account;
    // An administrator who has not accepted does not count.
    await invite(administrator, newEmail(), 'administrator');
    for (const reply of [
      await call('DELETE', `/${accountId}`, administrator),
      await call('PATCH', `/${accountId}`, administrator, { role: 'viewer' }),
    ]) {
      expect(expectProblem(reply, 409)).toMatch(/last administrator/);
    }
    const other = await browserWithRole(server, tenantId, 'administrator', `second-${slug}@example.com`);
    const { accountId: otherId } = (await app.inject({ url: '/v1/session', headers: other })).json().account;
    const replies = await Promise.all([
      call('PATCH', `/${otherId}`, administrator, { role: 'viewer' }),
      call('DELETE', `/${accountId}`, other),
    ]);
    const refused = replies.filter(({ statusCode }) => ![200, 204].includes(statusCode));
    expect(refused).toHaveLength(1);
    expect([401, 403, 409]).toContain(refused[0]?.statusCode);
  });

  test('changes roles at once, and gets a 400 or a 409 in words for what cannot be', async () => {
    const { administrator, tenantId } = await newOrganisation();
    const email = newEmail();
    const viewer = await browserWithRole(server, tenantId, 'viewer', email);
    const users = () => app.inject({ url: '/v1/manage/users', headers: viewer });
    expectProblem(await users(), 403);
    const { accountId } = (await app.inject({ url: '/v1/session', headers: viewer })).json().account;
    expect((await call('PATCH', `/${accountId}`, administrator, { role: 'planner' })).json()).toMatchObject({
      role: 'planner',
    });
    expect((await users()).statusCode).toBe(200);
    expectProblem(await call('PATCH', `/${accountId}`, administrator, { role: 'owner' }), 400);
    expectProblem(await call('POST', '', administrator, { email, role: 'viewer' }), 409);
    expectProblem(await call('POST', '', administrator, { email: 'no address', role: 'viewer' }), 400);
    expectProblem(
      await call('POST', '', administrator, { email: newEmail(), role: 'viewer', name: '\u0000' }),
      400,
    );
    expectProblem(await call('PATCH', '/nonsense', administrator, { role: 'viewer' }), 404);
  });
});
