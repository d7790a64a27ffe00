import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { answerOf, authenticatorOf } from './support/authenticator.ts';
import { startOpenIdSite } from './support/openid.ts';
import { expectProblem } from './support/problems.ts';
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
const { provider, server, apps, tenantId, administrator, person, enter, connected, rolesOf } = site;
// Failures count for an hour.
beforeEach(() => server.clock.advanceS(3_601));

const identitiesOf = async (headers: Record<string, string>) =>
  (await apps.plain.inject({ url: '/v1/session/identities', headers })).json().items;
const disconnect = (headers: Record<string, string>, identityId: string, app = apps.plain) =>
  app.inject({ method: 'DELETE', url: `/v1/session/identities/${identityId}`, headers });
const statusOf = async (headers: Record<string, string>) =>
  (await server.app.inject({ url: '/v1/session', headers })).statusCode;
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
    const list = await server.app.inject({ url: '/v1/manage/accounts', headers: administrator });
    const { accountId } = list.json().items.find((each: { email: string }) => each.email === email);
    const url = `/v1/manage/accounts/${accountId}/link`;
    const link = await server.app.inject({ method: 'POST', url, headers: administrator });
    const thief = person();
    const { browser, reply } = await enter('plain', { linkToken: link.json().token });
    expect(reply.json().session.account.email).toBe(email);
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(`thief of ${email}`) });
    /** The ways of the thief that work. */
    const working = async () => {
      provider.next = thief;
      const byIdentity = (await enter('plain')).reply.statusCode;
      const { credential, headers } = await answerOf(server, device);
      const byPasskey = await server.app.inject({
        method: 'POST',
        url: '/v1/session/passkey',
        headers,
        payload: { credential },
      });
      return [byIdentity, byPasskey.statusCode, await statusOf(browser)];
    };
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
    await linkFor(server, email, 'reset');
    expect(await working()).toEqual([403, 401, 401]);
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
