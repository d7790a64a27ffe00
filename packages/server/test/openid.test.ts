import { afterAll, describe, expect, test } from 'vitest';
import { entriesOf } from './support/audit.ts';
import { startIdentityProvider } from './support/identity-provider.ts';
import { keep, RETURN, startOpenIdSite } from './support/openid.ts';
import { expectProblem } from './support/problems.ts';
import { replicaOf } from './support/server.ts';
import {
  addAccount,
  browserWithPassword,
  browserWithRole,
  linkFor,
  SAME_ORIGIN,
  signIn,
} from './support/sessions.ts';

const PASSWORD = 'correct horse battery';
const site = await startOpenIdSite();
afterAll(() => site.close());
const { provider, server, tenantId, administrator, post, begin, enter, person, connected, invite, rolesOf } =
  site;

describe('A person signs in by the identity provider', () => {
  test('after an invitation has connected the identity, and goes back to a path of the console', async () => {
    const { subject } = await connected();
    provider.next = subject;
    const { reply, browser } = await enter('plain', { back: '/acme/today?office=1' });
    expect(reply.json()).toMatchObject({
      back: '/acme/today?office=1',
      session: { account: { email: `${subject}@example.com`, hasPassword: false }, method: 'openid' },
    });
    expect(await rolesOf(browser)).toEqual([['acme', 'planner']]);
  });

  test('and the request has PKCE, a state and a nonce', async () => {
    const { location } = await begin('plain');
    expect(Object.fromEntries(new URL(location).searchParams)).toMatchObject({
      response_type: 'code',
      scope: 'openid email profile',
      redirect_uri: RETURN,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test.each(['//elsewhere.example', 'https://elsewhere.example', '/\\elsewhere.example', 'acme', '/a\nb'])(
    'but is not led to %j',
    async (back) => {
      expectProblem(await post('plain', '/openid', { back }), 400);
    },
  );

  test('but an unknown identity has no account, also with the address of one', async () => {
    person();
    const unknown = expectProblem((await enter('plain')).reply, 403);
    const email = 'taken@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    person({ email, email_verified: true });
    expect(expectProblem((await enter('plain')).reply, 403)).toBe(unknown);
  });

  test('but the provider refuses, and its reason is named', async () => {
    provider.next = undefined;
    expect(expectProblem((await enter('plain')).reply, 401)).toContain('access_denied');
  });
});

describe('An answer of the provider is refused', () => {
  const answered = async (change: (location: URL) => void = () => undefined) => {
    const { subject } = await connected();
    provider.next = subject;
    const { browser, location } = await begin('plain');
    const url = new URL(location);
    change(url);
    return { browser, query: await provider.visit(url.href) };
  };
  const finish = (query: string, browser: Record<string, string>) =>
    post('plain', '/openid/return', { query }, browser);

  test('in another browser', async () => {
    const { query } = await answered();
    expectProblem(await finish(query, SAME_ORIGIN), 401);
    const { browser } = await begin('plain');
    expectProblem(await finish(query, browser), 401);
  });

  test('with another state', async () => {
    const { query, browser } = await answered();
    const changed = new URLSearchParams(query);
    changed.set('state', 'x'.repeat(43));
    expectProblem(await finish(changed.toString(), browser), 401);
    const without = new URLSearchParams(query);
    without.delete('state');
    expectProblem(await finish(without.toString(), browser), 401);
  });

  test('with another nonce', async () => {
    const { query, browser } = await answered((url) => url.searchParams.set('nonce', 'x'.repeat(43)));
    expectProblem(await finish(query, browser), 401);
  });

  test('with another challenge', async () => {
    const { query, browser } = await answered((url) =>
      url.searchParams.set('code_challenge', 'x'.repeat(43)),
    );
    expectProblem(await finish(query, browser), 401);
  });

  test('a second time, also with a copy of the cookie', async () => {
    const { query, browser } = await answered();
    const first = await finish(query, browser);
    expect(first.statusCode).toBe(200);
    expectProblem(await finish(query, browser), 401);
    expectProblem(await finish(query, keep(first, browser)), 401);
  });

  test('after 10 minutes', async () => {
    const { query, browser } = await answered();
    server.clock.advanceS(600);
    expectProblem(await finish(query, browser), 401);
  });

  test('from a page of another origin', async () => {
    const { query, browser } = await answered();
    expectProblem(await finish(query, { ...browser, 'sec-fetch-site': 'cross-site' }), 403);
  });
});

describe('An identity is connected', () => {
  test('with the account of a new session, and an identity has one account', async () => {
    const email = 'own@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const own = await browserWithPassword(server, { email, password: PASSWORD });
    const subject = person();
    const { reply } = await enter('plain', { link: true }, own);
    expect(reply.json().session).toMatchObject({ account: { email }, method: 'link' });
    provider.next = subject;
    expect((await enter('plain')).reply.json().session.account.email).toBe(email);
    await addAccount(server, tenantId, 'other@example.com', 'viewer');
    const other = await browserWithPassword(server, { email: 'other@example.com', password: PASSWORD });
    provider.next = subject;
    expectProblem((await enter('plain', { link: true }, other)).reply, 409);
  });

  test('never by an old session, and never without one', async () => {
    const old = await browserWithRole(server, tenantId, 'viewer', 'old@example.com');
    server.clock.advanceS(601);
    expectProblem(await post('plain', '/openid', { link: true }, old), 403);
    expectProblem(await post('plain', '/openid', { link: true }), 401);
    expectProblem(await post('plain', '/openid', { link: true, linkToken: 'x' }, old), 400);
  });

  test('never by the invitation of an account that belongs elsewhere', async () => {
    const other = await server.organisation();
    const email = 'elsewhere@example.com';
    await addAccount(server, other, email, 'viewer');
    person({ email, email_verified: true });
    const { reply } = await enter('plain', { linkToken: await invite(email) });
    expectProblem(reply, 403);
  });

  test('by a verified address only where the operator trusts it, which accepts the invitation', async () => {
    const email = 'trusted@example.com';
    await invite(email, 'viewer');
    person({ email, email_verified: false });
    expectProblem((await enter('verified')).reply, 403);
    person({ email });
    expectProblem((await enter('verified')).reply, 403);
    person({ email, email_verified: true });
    const { browser } = await enter('verified');
    expect(await rolesOf(browser)).toEqual([['acme', 'viewer']]);
  });

  test('by a link for another password, which ends all other sessions, and may have been used', async () => {
    const email = 'reset@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const linkToken = await linkFor(server, email, 'reset');
    person();
    const before = await browserWithRole(server, tenantId, 'viewer', email);
    expect((await enter('plain', { linkToken })).reply.statusCode).toBe(200);
    // As with another password, because somebody else may have them.
    expectProblem(await server.app.inject({ url: '/v1/session', headers: before }), 401);
    person();
    expectProblem((await enter('plain', { linkToken })).reply, 401);
  });
});

describe('A claim gives roles', () => {
  const setRoles = (subject: string, roles: unknown) => {
    provider.people.set(subject, { email: `${subject}@example.com`, rollcall_roles: roles });
    provider.next = subject;
  };

  test('at each sign-in, to a new account, too; the first of several counts', async () => {
    const subject = person({
      name: 'Ada',
      rollcall_roles: ['other', 'acme:viewer', 'acme:planner', 'none:viewer'],
    });
    const first = await enter('claim');
    expect(first.reply.json().session.account).toMatchObject({
      name: 'Ada',
      email: `${subject}@example.com`,
    });
    expect(await rolesOf(first.browser)).toEqual([['acme', 'planner']]);
    setRoles(subject, 'x:y acme:viewer');
    const second = await enter('claim');
    expect(await rolesOf(second.browser)).toEqual([['acme', 'viewer']]);
    // The change counts in other sessions at once.
    expect(await rolesOf(first.browser)).toEqual([['acme', 'viewer']]);
  });

  test('and each change has an entry in its organisation', async () => {
    const elsewhere = await server.organisation({ slug: 'elsewhere' });
    const subject = person({ rollcall_roles: ['acme:planner', 'elsewhere:viewer'] });
    const changesIn = async (organisation: string) =>
      (await entriesOf({ db: server.db, app: site.apps.claim }, organisation))
        .filter(({ targets }) => targets.some(({ name }) => name === `${subject}@example.com`))
        .map(({ action, actor, metadata }) => ({ action, actor, metadata }));
    const change = (before: string | null, role: string | null) => ({
      ...{ action: 'account.role-claimed', actor: null },
      metadata: { before, role },
    });
    await enter('claim');
    const given = change(null, 'planner');
    expect(await changesIn(tenantId)).toEqual([given]);
    expect(await changesIn(elsewhere)).toEqual([change(null, 'viewer')]);
    // The same roles once more are no change.
    provider.next = subject;
    await enter('claim');
    setRoles(subject, ['acme:viewer', 'elsewhere:viewer']);
    await enter('claim');
    expect(await changesIn(tenantId)).toEqual([given, change('planner', 'viewer')]);
    // A claim without roles takes them all, and the account goes with the last one.
    setRoles(subject, undefined);
    expectProblem((await enter('claim')).reply, 403);
    expect(await changesIn(tenantId)).toEqual([given, change('planner', 'viewer'), change('viewer', null)]);
    expect(await changesIn(elsewhere)).toEqual([change(null, 'viewer'), change('viewer', null)]);
  });

  test('and takes them away; without any, the sessions end and nobody enters', async () => {
    const subject = person({ rollcall_roles: ['acme:viewer'] });
    const { browser } = await enter('claim');
    setRoles(subject, undefined);
    expectProblem((await enter('claim')).reply, 403);
    expectProblem(await server.app.inject({ url: '/v1/session', headers: browser }), 401);
  });

  test('that count only in sessions that began at the provider', async () => {
    const subject = person({ rollcall_roles: ['acme:viewer'] });
    await enter('claim');
    const email = `${subject}@example.com`;
    const local = await browserWithPassword(server, { email, password: PASSWORD });
    expect(await rolesOf(local)).toEqual([]);
  });

  test('and leaves roles of invitations as they are', async () => {
    const { subject } = await connected('planner');
    setRoles(subject, ['acme:administrator']);
    const { browser } = await enter('claim');
    expect(await rolesOf(browser)).toEqual([['acme', 'planner']]);
  });

  test('and never takes the role from the last administrator', async () => {
    const lonely = await server.organisation({ slug: 'lonely' });
    const subject = person({ rollcall_roles: ['lonely:administrator'] });
    await enter('claim');
    setRoles(subject, ['lonely:viewer']);
    const { browser } = await enter('claim');
    expect(await rolesOf(browser)).toEqual([['lonely', 'administrator']]);
    const entries = await entriesOf({ db: server.db, app: site.apps.claim }, lonely);
    const changes = entries.filter(({ action }) => action === 'account.role-claimed');
    expect(changes.map(({ metadata }) => metadata)).toEqual([{ before: null, role: 'administrator' }]);
  });

  test('that an administrator cannot change here, and can remove until the next sign-in', async () => {
    const subject = person({ rollcall_roles: ['acme:viewer'] });
    await enter('claim');
    const list = async () =>
      (await server.app.inject({ url: '/v1/manage/accounts', headers: administrator }))
        .json()
        .items.find(({ email }: { email: string }) => email === `${subject}@example.com`);
    const { accountId, roleFrom } = await list();
    expect(roleFrom).toBe('claim');
    const url = `/v1/manage/accounts/${accountId}`;
    const headers = administrator;
    expectProblem(
      await server.app.inject({ method: 'PATCH', url, headers, payload: { role: 'planner' } }),
      409,
    );
    expect((await server.app.inject({ method: 'DELETE', url, headers })).statusCode).toBe(204);
    expect(await list()).toBeUndefined();
    provider.next = subject;
    expect(await rolesOf((await enter('claim')).browser)).toEqual([['acme', 'viewer']]);
  });

  test('but to nobody whose address the provider calls wrong', async () => {
    person({ email_verified: false, rollcall_roles: ['acme:viewer'] });
    expectProblem((await enter('claim')).reply, 403);
  });
});

describe('A provider that does not answer', () => {
  test('is named, and disturbs no other sign-in', async () => {
    const gone = await startIdentityProvider();
    await gone.close();
    const app = await replicaOf(server, { config: gone.config });
    const reply = await app.inject({
      method: 'POST',
      url: '/v1/session/openid',
      headers: { ...SAME_ORIGIN, host: 'localhost' },
      payload: {},
    });
    expect(expectProblem(reply, 502)).toContain('identity provider');
    const email = 'undisturbed@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    expect((await signIn({ app }, { email, password: PASSWORD })).statusCode).toBe(200);
    await app.close();
  });

  test('is not asked for where there is none', async () => {
    const reply = await server.app.inject({
      method: 'POST',
      url: '/v1/session/openid',
      headers: SAME_ORIGIN,
      payload: {},
    });
    expect(expectProblem(reply, 403)).toContain('--oidc-issuer');
    const methods = await server.app.inject({ url: '/v1/session/methods', headers: SAME_ORIGIN });
    expect(methods.json()).toEqual({ password: true, passkey: { relyingParty: 'localhost' }, openid: null });
  });
});
