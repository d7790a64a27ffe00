import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { addAccount, linkFor } from '../../server/test/support/sessions.ts';
import {
  AuthenticationError,
  ConflictError,
  PermissionError,
  Rollcall,
  type ValidationError,
} from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup.close());
afterEach(() => setup.proxy.reset());

const PASSWORD = 'a password for tests';

/** A browser's `fetch`: it keeps the cookie, and says that a page of the server sends the request. */
function browserFetch(): { fetch: typeof globalThis.fetch; seen: RequestInit[] } {
  let cookie = '';
  const seen: RequestInit[] = [];
  return {
    seen,
    fetch: async (input, init = {}) => {
      seen.push(init);
      const headers = {
        ...(init.headers as Record<string, string>),
        cookie,
        'sec-fetch-site': 'same-origin',
      };
      const response = await globalThis.fetch(input, { ...init, headers });
      for (const set of response.headers.getSetCookie()) cookie = set.split(';', 1)[0] ?? '';
      return response;
    },
  };
}

test('a page signs in, calls for an organisation, changes the password and signs out', async () => {
  const { server, site } = setup;
  await addAccount(server, site.tenantId, 'ada@example.com', 'administrator');
  const { fetch, seen } = browserFetch();
  const client = new Rollcall({ baseUrl: setup.proxy.baseUrl, session: {}, fetch });
  await expect(client.session.get()).rejects.toBeInstanceOf(AuthenticationError);

  const token = await linkFor(server, 'ada@example.com', 'reset');
  const missing = await client.session.redeem({ token }).catch((error: ValidationError) => error);
  expect(missing).toMatchObject({ errors: [{ path: '/password' }] });
  const { account, organisations } = await client.session.redeem({ token, password: PASSWORD, name: 'Ada' });
  expect(account).toMatchObject({ email: 'ada@example.com', name: 'Ada' });
  const [membership] = organisations;
  expect(membership).toMatchObject({ role: 'administrator' });

  const organisation = membership?.organisation;
  const inside = new Rollcall({ baseUrl: setup.proxy.baseUrl, session: { organisation }, fetch });
  expect((await inside.manage.organisation()).name).toBe(membership?.name);
  expect(setup.proxy.seen.at(-1)?.headers).toMatchObject({ 'rollcall-organisation': organisation });
  expect(setup.proxy.seen.at(-1)?.headers.authorization).toBeUndefined();
  expect(seen.at(-1)?.credentials).toBe('same-origin');

  await client.session.changePassword({ currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` });
  expect(await client.session.list()).toMatchObject([{ current: true }]);
  await client.session.signOut();
  await expect(inside.manage.organisation()).rejects.toBeInstanceOf(AuthenticationError);
  await client.session.signIn({ email: 'ADA@example.com', password: `${PASSWORD} 2` });
  const wrong = { email: 'ada@example.com', password: 'wrong' };
  for (let failure = 0; failure < 5; failure++) {
    await expect(client.session.signIn(wrong)).rejects.toBeInstanceOf(AuthenticationError);
  }
  await expect(client.session.signIn(wrong)).rejects.toMatchObject({ status: 429, retryAfterMs: 1_000 });
  const [own] = await client.session.list();
  await client.session.end(own?.sessionId ?? '');
  await expect(client.session.get()).rejects.toBeInstanceOf(AuthenticationError);
});

test('an administrator invites people, and changes and removes them', async () => {
  const { server, site } = setup;
  await addAccount(server, site.tenantId, 'boss@example.com', 'administrator');
  const { fetch } = browserFetch();
  const client = new Rollcall({ baseUrl: setup.proxy.baseUrl, session: {}, fetch });
  await client.session.redeem({ token: await linkFor(server, 'boss@example.com') });
  const { accounts } = client.manage;
  const { account, link, token } = await accounts.invite({ email: 'new@example.com', role: 'viewer' });
  expect(link).toBe(`/console/sign-in#token=${token}`);
  await expect(accounts.invite({ email: 'new@example.com', role: 'planner' })).rejects.toBeInstanceOf(
    ConflictError,
  );
  await accounts.update(account.accountId, { role: 'planner' });
  const renewed = await accounts.link(account.accountId);
  const person = browserFetch();
  const other = new Rollcall({ baseUrl: setup.proxy.baseUrl, session: {}, fetch: person.fetch });
  await expect(other.session.redeem({ token, password: PASSWORD })).rejects.toBeInstanceOf(
    AuthenticationError,
  );
  await other.session.redeem({ token: renewed.token, password: PASSWORD });
  await expect(other.manage.accounts.list()).rejects.toBeInstanceOf(PermissionError);
  expect((await accounts.list()).map(({ email, state }) => [email, state])).toContainEqual([
    'new@example.com',
    'active',
  ]);
  expect(await accounts.sessions(account.accountId)).toMatchObject([{ method: 'link', current: false }]);
  await accounts.endSessions(account.accountId);
  await expect(other.session.get()).rejects.toBeInstanceOf(AuthenticationError);
  await accounts.remove(account.accountId);
  expect((await accounts.list()).map(({ email }) => email)).not.toContain('new@example.com');
});
