import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type Authenticator, answerOf, authenticatorOf } from './support/authenticator.ts';
import { startOpenIdSite } from './support/openid.ts';
import { expectProblem } from './support/problems.ts';
import { overtakenByReset } from './support/resets.ts';
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

const PASSWORD = 'correct horse battery';
const site = await startOpenIdSite();
afterAll(() => site.close());
const { provider, server, apps, tenantId, administrator, person, enter, invite, connected, rolesOf } = site;
// Failures count for an hour.
beforeEach(() => server.clock.advanceS(3_601));

const identitiesOf = async (headers: Record<string, string>) =>
  (await apps.plain.inject({ url: '/v1/session/identities', headers })).json().items;
const disconnect = (headers: Record<string, string>, identityId: string, app = apps.plain) =>
  app.inject({ method: 'DELETE', url: `/v1/session/identities/${identityId}`, headers });
const statusOf = async (headers: Record<string, string>) =>
  (await server.app.inject({ url: '/v1/session', headers })).statusCode;
const manage = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  headers: Record<string, string> = administrator,
  payload?: object,
) =>
  server.app.inject({ method, url: `/v1/manage/accounts${path}`, headers, ...(payload ? { payload } : {}) });
/** The id of an account of `acme`. */
const accountIdOf = async (email: string): Promise<string> =>
  (await manage('GET', '')).json().items.find((each: { email: string }) => each.email === email).accountId;
/** The answers to a sign-in with the passkey of a device, and with the identity of a subject. */
const byPasskey = async (device: Authenticator) => {
  const { credential, headers } = await answerOf(server, device);
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/session/passkey',
    headers,
    payload: { credential },
  });
  return reply.statusCode;
};
const byIdentity = async (subject: string) => {
  provider.next = subject;
  return (await enter('plain')).reply.statusCode;
};
let organisations = 0;
/** Another organisation, with an administrator who is signed in, and who invites by `invites`. */
async function anotherOrganisation() {
  const slug = `another-${organisations++}`;
  const boss = await browserWithRole(
    server,
    await server.organisation({ slug }),
    'administrator',
    `boss@${slug}.example`,
  );
  const invites = async (email: string): Promise<string> =>
    (await manage('POST', '', boss, { email, role: 'viewer' })).json().token;
  return { slug, invites };
}
let people = 0;
/** A person with a password, and a connected identity, which signs in by `withIdentity`. */
async function personWithBoth() {
  const email = `both-${people++}@example.com`;
  await addAccount(server, tenantId, email, 'viewer');
  const browser = await browserWithPassword(server, { email, password: PASSWORD });
  const subject = person();
  expect((await enter('plain', { link: true }, browser)).reply.statusCode).toBe(200);
  const withIdentity = async () => {
    provider.next = subject;
    return enter('plain');
  };
  return { email, browser, subject, withIdentity };
}

describe('The own identities', () => {
  test('are listed with their provider, and with the one of the session', async () => {
    const { subject, browser, withIdentity } = await personWithBoth();
    const { browser: other } = await withIdentity();
    const [identity, ...others] = await identitiesOf(other);
    expect(others).toEqual([]);
    expect(identity).toEqual({
      identityId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issuer: provider.config.oidcIssuer,
      subject,
      email: `${subject}@example.com`,
      connectedAt: expect.any(String),
      lastUsedAt: new Date(server.clock.nowMs).toISOString(),
      usable: true,
      current: true,
    });
    expect(await identitiesOf(browser)).toMatchObject([{ identityId: identity.identityId, current: false }]);
    const elsewhere = await server.app.inject({ url: '/v1/session/identities', headers: browser });
    expect(elsewhere.json().items).toMatchObject([{ usable: false }]);
  });

  test('are disconnected, which ends the other sessions that began with them', async () => {
    const { browser, withIdentity } = await personWithBoth();
    const [{ browser: first }, { browser: second }] = [await withIdentity(), await withIdentity()];
    const [{ identityId }] = await identitiesOf(browser);
    const stranger = await browserWithRole(server, tenantId, 'viewer');
    expectProblem(await disconnect(stranger, identityId), 404);
    expectProblem(await disconnect(browser, 'x'), 404);
    // The session of a password stays, and that of the identity itself, if it is the one that asks.
    expect((await disconnect(browser, identityId)).statusCode).toBe(204);
    expect([await statusOf(browser), await statusOf(first), await statusOf(second)]).toEqual([200, 401, 401]);
    expect(await identitiesOf(browser)).toEqual([]);
    expectProblem((await withIdentity()).reply, 403);
  });

  test('are not disconnected by an old session', async () => {
    const { browser } = await personWithBoth();
    const [{ identityId }] = await identitiesOf(browser);
    server.clock.advanceS(601);
    expectProblem(await disconnect(browser, identityId), 403);
  });

  test('stay if one is the only way to sign in, unless it is at another provider', async () => {
    const { subject } = await connected('viewer');
    provider.next = subject;
    const { browser } = await enter('plain', { askAgain: true });
    const [{ identityId }] = await identitiesOf(browser);
    expect(expectProblem(await disconnect(browser, identityId), 409)).toContain('only way to sign in');
    expect((await disconnect(browser, identityId, server.app)).statusCode).toBe(204);
    expect(await statusOf(browser)).toBe(200);
  });

  test('stay if all roles, or the last administrator of an organisation, come from one', async () => {
    await server.organisation({ slug: 'claimed' });
    for (const [role, reason] of [
      ['viewer', 'only roles come from this identity'],
      ['administrator', 'last administrator'],
    ] as const) {
      const subject = person({ rollcall_roles: [`claimed:${role}`] });
      await enter('claim');
      provider.next = subject;
      const { browser } = await enter('claim', { askAgain: true });
      await authenticatorOf(server, {
        email: `${subject}@example.com`,
        credentialId: Buffer.from(subject),
      });
      const [{ identityId }] = await identitiesOf(browser);
      expect(expectProblem(await disconnect(browser, identityId), 409)).toContain(reason);
      expect(await rolesOf(browser)).toEqual([['claimed', role]]);
    }
  });
});

describe('What somebody else has connected does not survive', () => {
  /** An administrator connects an own identity with the account of a person, by a link for another password. */
  async function takenOver(email: string) {
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    const link = await manage('POST', `/${await accountIdOf(email)}/link`);
    const thief = person();
    const { browser, reply } = await enter('plain', { linkToken: link.json().token });
    expect(reply.json().session.account.email).toBe(email);
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(`thief of ${email}`) });
    /** The ways of the thief that work. */
    const working = async () => [await byIdentity(thief), await byPasskey(device), await statusOf(browser)];
    return { browser, working };
  }

  test('a link that the person redeems with a new password', async () => {
    const email = 'reset-by-link@example.com';
    const { working } = await takenOver(email);
    expect(await working()).toEqual([200, 200, 200]);
    await browserWithPassword(server, { email, password: 'another horse battery' });
    expect(await working()).toEqual([403, 401, 401]);
  });

  test('a link that the person redeems by the provider, which connects one identity only', async () => {
    const email = 'reset-by-provider@example.com';
    const { working } = await takenOver(email);
    const linkToken = await linkFor(server, email, 'reset');
    const own = person();
    const { browser } = await enter('plain', { linkToken });
    expect(await working()).toEqual([403, 401, 401]);
    expect(await identitiesOf(browser)).toMatchObject([{ subject: own }]);
    // Whoever redeems such a link is noticed, because the password does not work any more.
    expectProblem(await signIn(server, { email, password: PASSWORD }), 401);
  });

  test('the reset of the operator, at once and before the link is redeemed', async () => {
    const email = 'reset-by-operator@example.com';
    const { working } = await takenOver(email);
    await browserWithPassword(server, { email, password: PASSWORD });
    const open = [await linkFor(server, email, 'link'), await linkFor(server, email, 'reset')];
    const token = await linkFor(server, email, 'reset');
    expect(await working()).toEqual([403, 401, 401]);
    expectProblem(await signIn(server, { email, password: PASSWORD }), 401);
    for (const each of open) expectProblem(await redeem(server, { token: each, password: PASSWORD }), 401);
    expect((await redeem(server, { token, password: PASSWORD })).statusCode).toBe(200);
  });

  /**
   * The administrator of `acme` invites somebody else's address, redeems the invitation, and takes the role away, so that
   * the address belongs nowhere. Another organisation invites it, too.
   */
  async function madeBeforehand(email: string, way: 'password' | 'identity') {
    const token = await invite(email, 'viewer');
    const thief = person();
    let browser: Browser;
    if (way === 'password') {
      browser = browserOf(await redeem(server, { token, password: PASSWORD }));
      await enter('plain', { link: true }, browser);
    } else ({ browser } = await enter('plain', { linkToken: token }));
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(`thief of ${email}`) });
    const { slug, invites } = await anotherOrganisation();
    const invitation = await invites(email);
    expect((await manage('DELETE', `/${await accountIdOf(email)}`)).statusCode).toBe(204);
    provider.next = thief;
    const { browser: again } = await enter('plain');
    expect(await statusOf(again)).toBe(200);
    const working = async () => [
      (await signIn(server, { email, password: PASSWORD })).statusCode,
      await byIdentity(thief),
      await byPasskey(device),
      await statusOf(browser),
      await statusOf(again),
    ];
    return { invitation, slug, working };
  }
  const NOTHING_WORKS = [401, 403, 401, 401, 401];

  test.each([
    ['a password', 'password'],
    ['an identity', 'identity'],
  ] as const)('the invitation of an account that belongs nowhere, and has %s already', async (_, way) => {
    const email = `${way}-beforehand@example.com`;
    const { invitation, slug, working } = await madeBeforehand(email, way);
    expect((await working()).slice(1)).toEqual([200, 200, 401, 200]);
    const own = 'another horse battery';
    const browser = browserOf(await redeem(server, { token: invitation, password: own }));
    expect(await rolesOf(browser)).toEqual([[slug, 'viewer']]);
    expect(await working()).toEqual(NOTHING_WORKS);
    expect((await signIn(server, { email, password: own })).statusCode).toBe(200);
  });

  test('the invitation of such an account by the provider, or by its verified address', async () => {
    for (const kind of ['plain', 'verified'] as const) {
      const email = `${kind}-beforehand@example.com`;
      const { invitation, slug, working } = await madeBeforehand(email, 'password');
      const own = person({ email, email_verified: true });
      const { browser } = await enter(kind, kind === 'plain' ? { linkToken: invitation } : {});
      expect(await rolesOf(browser)).toEqual([[slug, 'viewer']]);
      expect(await working()).toEqual(NOTHING_WORKS);
      expect(await identitiesOf(browser)).toMatchObject([{ subject: own }]);
    }
  });

  test('but all of it stays if a person who belongs to an organisation accepts another invitation', async () => {
    const { email, browser, subject } = await personWithBoth();
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    const [first, second] = [await anotherOrganisation(), await anotherOrganisation()];
    const present = browserOf(await redeem(server, { token: await first.invites(email) }, browser));
    await redeem(server, { token: await second.invites(email), password: PASSWORD });
    // The second acceptance has ended the session.
    expect(await statusOf(present)).toBe(401);
    const reply = await signIn(server, { email, password: PASSWORD });
    expect(await rolesOf(browserOf(reply))).toEqual([
      ['acme', 'viewer'],
      [first.slug, 'viewer'],
      [second.slug, 'viewer'],
    ]);
    expect([await byIdentity(subject), await byPasskey(device)]).toEqual([200, 200]);
  });

  test('a reset that overtakes the connection of an identity', async () => {
    const { email, browser } = await personWithBoth();
    person();
    const { browser: begun, location } = await site.begin('plain', { link: true }, browser);
    const query = await provider.visit(location);
    const reply = await overtakenByReset(server, email, () =>
      site.post('plain', '/openid/return', { query }, begun),
    );
    expectProblem(reply, 401);
    const own = await browserWithPassword(server, { email, password: PASSWORD });
    expect(await identitiesOf(own)).toEqual([]);
  });

  test('a reset that happens while the identity is being connected', async () => {
    const email = 'meanwhile@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    person();
    const { browser: begun, location } = await site.begin('plain', { link: true }, browser);
    const query = await provider.visit(location);
    const own = await browserWithPassword(server, { email, password: 'another horse battery' });
    expectProblem(await site.post('plain', '/openid/return', { query }, begun), 401);
    expect(await identitiesOf(own)).toEqual([]);
  });
});

describe('The roles of a claim', () => {
  test('belong to the identity that brought them, and to its sessions', async () => {
    await server.organisation({ slug: 'other' });
    const ada = person({ rollcall_roles: ['acme:planner'] });
    await enter('claim');
    provider.next = ada;
    const { browser: byAda } = await enter('claim', { askAgain: true });
    // The same person has another identity.
    const work = person({ rollcall_roles: ['acme:viewer', 'other:viewer'] });
    expect((await enter('claim', { link: true }, byAda)).reply.statusCode).toBe(200);
    expect(await rolesOf(byAda)).toEqual([['acme', 'planner']]);
    provider.next = work;
    const { browser: byWork } = await enter('claim');
    const both = async () => [new Map(await rolesOf(byAda)), new Map(await rolesOf(byWork))];
    const ofWork = new Map([
      ['acme', 'viewer'],
      ['other', 'viewer'],
    ]);
    expect(await both()).toEqual([new Map([['acme', 'planner']]), ofWork]);
    // What one claim takes away, the other one keeps.
    provider.people.set(ada, { email: `${ada}@example.com` });
    provider.next = ada;
    expectProblem((await enter('claim')).reply, 403);
    expect(await statusOf(byAda)).toBe(401);
    expect(new Map(await rolesOf(byWork))).toEqual(ofWork);
  });

  test('end with the membership, and so do the sessions of an identity that has no other role', async () => {
    await server.organisation({ slug: 'kept' });
    const ada = person({ rollcall_roles: ['acme:planner'] });
    await enter('claim');
    provider.next = ada;
    const { browser: byAda } = await enter('claim', { askAgain: true });
    const work = person({ rollcall_roles: ['acme:viewer', 'kept:viewer'] });
    await enter('claim', { link: true }, byAda);
    provider.next = work;
    const { browser: byWork } = await enter('claim');
    await manage('DELETE', `/${await accountIdOf(`${ada}@example.com`)}`);
    expect(await statusOf(byAda)).toBe(401);
    expect(await rolesOf(byWork)).toEqual([['kept', 'viewer']]);
  });

  test('stay if an identity without a role redeems a link, and the link can be used again', async () => {
    const ada = person({ rollcall_roles: ['acme:planner'] });
    const email = `${ada}@example.com`;
    const { browser } = await enter('claim');
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    const { token } = (await manage('POST', `/${await accountIdOf(email)}/link`)).json();
    person();
    expect(expectProblem((await enter('claim', { linkToken: token })).reply, 403)).toContain('no role here');
    expect(await rolesOf(browser)).toEqual([['acme', 'planner']]);
    expect(await byPasskey(device)).toBe(200);
    provider.next = ada;
    const { browser: again } = await enter('claim', { linkToken: token });
    expect(await identitiesOf(again)).toMatchObject([{ subject: ada }]);
    expect(await rolesOf(again)).toEqual([['acme', 'planner']]);
  });

  test('of the last administrator stay if a link is redeemed without the identity, and at a reset', async () => {
    await server.organisation({ slug: 'solo' });
    const ada = person({ rollcall_roles: ['solo:administrator'] });
    const email = `${ada}@example.com`;
    const { browser } = await enter('claim');
    const [{ accountId }] = (await manage('GET', '', browser)).json().items;
    const { token } = (await manage('POST', `/${accountId}/link`, browser)).json();
    const refused = await redeem(server, { token, password: PASSWORD });
    expect(expectProblem(refused, 409)).toContain('last administrator');
    person({ rollcall_roles: ['solo:administrator'] });
    expectProblem((await enter('claim', { linkToken: token })).reply, 409);
    expect(await rolesOf(browser)).toEqual([['solo', 'administrator']]);
    provider.next = ada;
    expect(await rolesOf((await enter('claim', { linkToken: token })).browser)).toEqual([
      ['solo', 'administrator'],
    ]);
    const own = await browserWithPassword(server, { email, password: PASSWORD });
    expect(await identitiesOf(own)).toEqual([]);
    expect(await rolesOf(own)).toEqual([['solo', 'administrator']]);
  });

  test('stay in the session in which the person accepts an invitation', async () => {
    const subject = person({ rollcall_roles: ['acme:planner'] });
    const { browser } = await enter('claim');
    const { slug, invites } = await anotherOrganisation();
    const token = await invites(`${subject}@example.com`);
    const present = browserOf(await redeem(server, { token }, browser));
    expect(await rolesOf(present)).toEqual([
      ['acme', 'planner'],
      [slug, 'viewer'],
    ]);
    expect(await identitiesOf(present)).toMatchObject([{ subject, current: true }]);
  });

  test('show the mightiest one in the list of accounts, once', async () => {
    const first = person({ rollcall_roles: ['acme:viewer'] });
    await enter('claim');
    provider.next = first;
    const { browser } = await enter('claim', { askAgain: true });
    const second = person({ rollcall_roles: ['acme:integrations'] });
    await enter('claim', { link: true }, browser);
    provider.next = second;
    await enter('claim');
    const list = await server.app.inject({ url: '/v1/manage/accounts', headers: administrator });
    const found = list
      .json()
      .items.filter(({ email }: { email: string }) => email === `${first}@example.com`);
    expect(found).toMatchObject([{ role: 'integrations', roleFrom: 'claim' }]);
  });

  test('take the place of an open invitation, and of a later one', async () => {
    const third = await server.organisation({ slug: 'third' });
    const boss = await browserWithRole(server, third, 'administrator', 'boss-of-third@example.com');
    const subject = person({ rollcall_roles: ['acme:viewer'] });
    await enter('claim');
    const email = `${subject}@example.com`;
    const invitation = () =>
      server.app.inject({
        method: 'POST',
        url: '/v1/manage/accounts',
        headers: boss,
        payload: { email, role: 'administrator' },
      });
    const { token } = (await invitation()).json();
    provider.people.set(subject, { email, rollcall_roles: ['acme:viewer', 'third:planner'] });
    provider.next = subject;
    const { browser } = await enter('claim');
    const roles = [
      ['acme', 'viewer'],
      ['third', 'planner'],
    ];
    expect((await rolesOf(browser)).sort()).toEqual(roles);
    await redeem(server, { token }, browser);
    provider.next = subject;
    expect((await rolesOf((await enter('claim')).browser)).sort()).toEqual(roles);
    expectProblem(await invitation(), 409);
  });
});

describe('A fresh proof', () => {
  const addsPasskey = (headers: Browser) =>
    apps.plain.inject({
      method: 'POST',
      url: '/v1/session/passkeys/options',
      headers: { ...headers, host: 'localhost:8080' },
    });

  test('makes the provider ask a person whom it knows', async () => {
    const { email, browser, subject } = await personWithBoth();
    const known = new Map<string, string>();
    provider.next = subject;
    await enter('plain', {}, undefined, known);
    const asked = provider.asked;
    const { browser: silent } = await enter('plain', {}, undefined, known);
    expect(provider.asked).toBe(asked);
    expectProblem(await addsPasskey(silent), 403);
    const { browser: proven } = await enter('plain', { askAgain: true }, undefined, known);
    expect(provider.asked).toBe(asked + 1);
    expect((await addsPasskey(proven)).statusCode).toBe(200);
    const again = await browserOf(await redeem(server, { token: await linkFor(server, email) }));
    await enter('plain', { link: true }, again, known);
    expect(provider.asked).toBe(asked + 2);
    expect(await identitiesOf(browser)).toHaveLength(1);
  });

  test.each([
    ['hides when it asked, although it can say it', 'hides', 401],
    ['cannot say when it asked, and is trusted', 'cannot', 200],
  ] as const)('of a provider that %s', async (_, askedAt, status) => {
    provider.askedAt = askedAt;
    try {
      const email = `${askedAt}@example.com`;
      await addAccount(server, tenantId, email, 'viewer');
      const browser = await browserWithPassword(server, { email, password: PASSWORD });
      person();
      const { reply } = await enter('plain', { link: true }, browser);
      expect(reply.statusCode, reply.body).toBe(status);
      expect(await identitiesOf(browser)).toHaveLength(status === 200 ? 1 : 0);
    } finally {
      provider.askedAt = 'says';
    }
  });

  test('is no proof if the provider says that it asked earlier', async () => {
    const { browser } = await personWithBoth();
    person();
    provider.askedAtS = Math.floor(Date.now() / 1_000) - 120;
    try {
      const { reply } = await enter('plain', { link: true }, browser);
      expect(expectProblem(reply, 401)).toContain('did not ask you to sign in again');
    } finally {
      provider.askedAtS = undefined;
    }
    expect(await identitiesOf(browser)).toHaveLength(1);
  });
});
