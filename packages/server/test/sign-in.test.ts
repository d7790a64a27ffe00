import pg from 'pg';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { disableAccount } from '../src/auth/manage-accounts.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer } from './support/server.ts';
import {
  addAccount,
  browserOf,
  browserWithPassword,
  linkFor,
  redeem,
  SAME_ORIGIN,
  signIn,
} from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();
const deps = { owner: server.db.owner, clock: server.clock.read };
const PASSWORD = 'correct horse battery';

/** A person with a password, who has not signed in from the networks of the tests below. */
let people = 0;
async function newPerson(password: string | null = PASSWORD): Promise<string> {
  const email = `person-${people++}@example.com`;
  await addAccount(server, tenantId, email, 'viewer');
  if (password !== null) await browserWithPassword(server, { email, password });
  return email;
}
const from = (address: string, email: string, password = PASSWORD) =>
  signIn(server, { email, password }, SAME_ORIGIN, address);
const retryAfterS = (reply: Awaited<ReturnType<typeof from>>) => Number(reply.headers['retry-after']);

const disabled = await newPerson();
await disableAccount({ email: disabled, isDisabled: true }, deps);
/** Everything that can be wrong with a sign-in. */
const attempts: Record<string, { email: string; password: string }> = {
  'an unknown account': { email: 'nobody@example.com', password: PASSWORD },
  'a wrong password': { email: await newPerson(), password: 'wrong horse battery' },
  'an account without a password': { email: await newPerson(null), password: PASSWORD },
  'a disabled account': { email: disabled, password: PASSWORD },
  'a text that is no address': { email: `\0${'x'.repeat(2_000)}`, password: PASSWORD },
};

// Failures count for an hour.
beforeEach(() => server.clock.advanceS(3_601));

test('a person signs in with the address in any case, and the right password', async () => {
  const email = await newPerson();
  const reply = await from('10.0.0.1', email.toUpperCase());
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['cache-control']).toBe('no-store');
  expect(reply.json()).toMatchObject({ account: { email }, method: 'password' });
});

describe('A failed sign-in', () => {
  test('has one answer, after the same statements, whatever was wrong', async () => {
    const details = new Set<string>();
    for (const [index, { email, password }] of Object.values(attempts).entries()) {
      const query = vi.spyOn(pg.Client.prototype, 'query');
      const reply = await from(`10.1.${index}.1`, email, password);
      const statements = query.mock.calls
        .map(([text]) => String((text as { text?: string }).text ?? text))
        // The server also sends heartbeats, and the settings of new connections.
        .filter((text) => /sign_in|session\(|account/.test(text));
      query.mockRestore();
      details.add(`${expectProblem(reply, 401)} ${reply.headers['set-cookie']} ${statements.join('; ')}`);
    }
    expect([...details]).toHaveLength(1);
    expect([...details][0]).toMatch(/begin_sign_in/);
  });

  test('takes the same processor time, whatever was wrong', async () => {
    await from('10.2.0.1', 'warm-up@example.com');
    // In rounds, so that other work on the machine slows down all of them.
    const costs = Object.values(attempts).map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < 4; round++) {
      for (const [index, { email, password }] of Object.values(attempts).entries()) {
        const before = process.cpuUsage();
        await from(`10.3.${index}.${round}`, email, password);
        const { user, system } = process.cpuUsage(before);
        costs[index] = Math.min(costs[index] ?? 0, user + system);
      }
    }
    // A verification of a password is most of it.
    expect(Math.min(...costs)).toBeGreaterThan(Math.max(...costs) / 2);
  });

  test('stands in the log with the address of the account, and without the password', async () => {
    const email = await newPerson();
    await from('10.4.0.1', email, 'a password that is wrong');
    await from('10.4.0.1', 'a password in the wrong field', 'another one');
    await redeem(server, { token: 'a token that is wrong' });
    const lines = server.logs.filter((line) => line.includes('a login failed')).slice(-3);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { by: 'password', attemptedAccount: email, address: '10.4.0.1' },
      { by: 'password', address: '10.4.0.1' },
      { by: 'link' },
    ]);
    expect(lines.join()).not.toMatch(/a password|another one|a token/);
  });
});

describe('Failures slow down', () => {
  test('further attempts for the account from networks that it does not know', async () => {
    const email = await newPerson();
    for (let failure = 0; failure < 5; failure++)
      expectProblem(await from(`10.5.0.${failure}`, email, 'wrong'), 401);
    // From then on, each failure doubles the wait, also for the right password and from yet another network.
    for (const waitS of [1, 2, 4, 8]) {
      const reply = await from('10.5.1.1', email);
      expect(expectProblem(reply, 429)).toMatch(/failed/);
      expect(retryAfterS(reply)).toBe(waitS);
      server.clock.advanceS(waitS);
      expectProblem(await from('10.5.1.2', email, 'wrong'), 401);
    }
    server.clock.advanceS(16);
    expect((await from('10.5.1.1', email)).statusCode).toBe(200);
  });

  test('no attempt from a network from which the account has signed in', async () => {
    const email = await newPerson();
    expect((await from('10.6.0.1', email)).statusCode).toBe(200);
    for (let failure = 0; failure < 40; failure++) await from(`10.6.1.${failure}`, email, 'wrong');
    expectProblem(await from('10.6.2.1', email), 429);
    expect((await from('10.6.0.1', email)).statusCode).toBe(200);
    // For a month, and then it is a network like any other.
    server.clock.advanceS(30 * 86_400);
    for (let failure = 0; failure < 40; failure++) await from(`10.6.3.${failure}`, email, 'wrong');
    expectProblem(await from('10.6.0.1', email), 429);
  });

  test('a network that the account knows by its own failures, for a minute at most', async () => {
    const email = await newPerson();
    await from('10.7.0.1', email);
    for (let failure = 0; failure < 30; failure++) {
      await from('10.7.0.1', email, 'wrong');
      server.clock.advanceS(60);
    }
    expectProblem(await from('10.7.0.1', email, 'wrong'), 401);
    expect(retryAfterS(await from('10.7.0.1', email))).toBe(60);
    server.clock.advanceS(60);
    expect((await from('10.7.0.1', email)).statusCode).toBe(200);
    expectProblem(await from('10.7.0.1', email, 'wrong'), 401);
    expect((await from('10.7.0.1', email)).statusCode).toBe(200);
  });

  test('a network that guesses for many accounts; an IPv6 site is one network', async () => {
    const email = await newPerson();
    for (let failure = 0; failure < 20; failure++) {
      expectProblem(await from(`2001:db8:0:1::${failure}`, `guess-${failure}@example.com`), 401);
    }
    expectProblem(await from('2001:db8:0:1:ffff::1', email), 429);
    expect((await from('2001:db8:0:2::1', email)).statusCode).toBe(200);
  });

  test('no further attempt by a success in between, which is no failure', async () => {
    const [first, second] = [await newPerson(), await newPerson()];
    // The last ones make the whole network wait.
    for (let failure = 0; failure < 25; failure++) {
      server.clock.advanceS(failure < 20 ? 0 : 900);
      expectProblem(await from('10.12.0.1', `guess-of-office-${failure}@example.com`), 401);
    }
    expectProblem(await from('10.12.0.1', first), 429);
    server.clock.advanceS(900);
    for (const email of [first, second]) expect((await from('10.12.0.1', email)).statusCode).toBe(200);
  });

  test('attempts at the same time, too', async () => {
    const email = await newPerson();
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) => from(`10.8.0.${index}`, email, 'wrong')),
    );
    const statuses = replies.map(({ statusCode }) => statusCode).toSorted();
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
  });

  test('the change of a password', async () => {
    const email = await newPerson();
    const headers = browserOf(await from('10.9.0.1', email));
    const change = () =>
      server.app.inject({
        method: 'PUT',
        url: '/v1/session/password',
        headers,
        remoteAddress: '10.9.0.1',
        payload: { currentPassword: 'wrong', newPassword: `${PASSWORD} 2` },
      });
    for (let failure = 0; failure < 5; failure++) expectProblem(await change(), 403);
    expectProblem(await change(), 429);
  });
});

test('one network cannot take all verifications: the server answers it 503, and another network signs in', async () => {
  const email = await newPerson();
  const flood = Array.from({ length: 80 }, (_, index) => from('10.10.0.1', `flood-${index}@example.com`));
  const other = await from('10.10.1.1', email);
  const statuses = (await Promise.all(flood)).map(({ statusCode }) => statusCode);
  expect(other.statusCode).toBe(200);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(20);
});

describe('A password', () => {
  test.each([
    ['elevenchars', 'at least 12'],
    ['😀😁😂🤣😃😄😅😆😉😊😋', 'at least 12'],
    ['abcabcabcabcabc', 'too few'],
    ['1q2w3e4r5t6y', 'commonest'],
    ['1Q2W3E4R5T6Y', 'commonest'],
    ['Contortionist', 'commonest'],
    ['itself-chosen-1', 'e-mail address'],
    ['Rollcall-2026!', 'names of the product'],
    [`${'long '.repeat(205)}`, '1,024 bytes'],
    ['half a pair \ud800 of two', 'surrogate'],
    ['chosen-itself@example.com', 'e-mail address'],
  ])('%s is refused when it is chosen, and the link can be used again', async (password, reason) => {
    const email = 'chosen-itself@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const token = await linkFor(server, email, 'reset');
    for (const wish of [password, undefined]) {
      const reply = await redeem(server, { token, ...(wish === undefined ? {} : { password: wish }) });
      expectProblem(reply, 400);
      expect(reply.json().errors).toEqual([
        { path: '/password', message: expect.stringContaining(wish ? reason : 'required') },
      ]);
    }
    expect((await redeem(server, { token, password: PASSWORD })).statusCode).toBe(200);
  });

  test('of 1,024 bytes or of 12 emoji is good, however its characters are composed', async () => {
    for (const password of [
      'x y z v w '.repeat(102),
      '😀😁😂🤣😃😄😅😆😉😊😋😎',
      'cre\u0301me bru\u0302le\u0301e',
    ]) {
      const email = await newPerson(password);
      expect((await from('10.11.0.1', email, password.normalize('NFC'))).statusCode).toBe(200);
    }
  });
});
