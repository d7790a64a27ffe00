import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { answerOf, authenticatorOf, createdPasskey } from './support/authenticator.ts';
import { untilWaiting, whileAccountIsLocked } from './support/locks.ts';
import { expectProblem } from './support/problems.ts';
import { overtakenByReset } from './support/resets.ts';
import { startTestServer } from './support/server.ts';
import { addAccount, browserWithPassword, browserWithRole, SAME_ORIGIN, signIn } from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app } = server;
const tenantId = await server.organisation({ slug: 'acme' });
const PASSWORD = 'correct horse battery';
let people = 0;
const newPerson = () => browserWithRole(server, tenantId, 'viewer', `person-${people++}@example.com`);
async function anotherAccount(): Promise<string> {
  const email = `person-${people}@example.com`;
  await newPerson();
  return email;
}
const send = (
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  headers: Record<string, string>,
  payload?: object,
) => app.inject({ method, url: `/v1/session${path}`, headers, ...(payload ? { payload } : {}) });

// Failures count for an hour.
beforeEach(() => server.clock.advanceS(3_601));

describe('An account', () => {
  test('is renamed by its own person, and a name must have characters', async () => {
    const browser = await newPerson();
    const reply = await send('PATCH', '', browser, { name: '  Ada ' });
    expect(reply.json().account.name).toBe('Ada');
    expect((await app.inject({ url: '/v1/session', headers: browser })).json()).toEqual(reply.json());
    const nothing = await send('PATCH', '', browser, { name: null, passkeyRequired: null });
    expect([nothing.statusCode, nothing.json().account.name]).toEqual([200, 'Ada']);
    expectProblem(await send('PATCH', '', browser, { name: ' ' }), 400);
  });

  test('says whether it has a password', async () => {
    const email = 'with-password@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    expect((await app.inject({ url: '/v1/session', headers: browser })).json().account.hasPassword).toBe(
      true,
    );
  });

  test('cannot require a passkey that it does not have, and not in an old session', async () => {
    const browser = await newPerson();
    expectProblem(await send('PATCH', '', browser, { passkeyRequired: true }), 409);
    server.clock.advanceS(601);
    expectProblem(await send('PATCH', '', browser, { passkeyRequired: true }), 403);
  });
});

describe('A passkey', () => {
  const HOST = { host: 'localhost:8080' };
  const bytes = (text: string) => Buffer.from(text).toString('base64url');
  const credential = (id: string) => ({
    id,
    rawId: id,
    type: 'public-key',
    response: { clientDataJSON: bytes('{}'), authenticatorData: bytes('x'), signature: bytes('x') },
    clientExtensionResults: {},
  });

  test('is not begun in an old session', async () => {
    const browser = await newPerson();
    const reply = await send('POST', '/passkeys/options', { ...browser, ...HOST });
    expect(reply.json()).toMatchObject({
      rp: { id: 'localhost' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(String(reply.headers['set-cookie'])).toMatch(/-passkey=.*HttpOnly; SameSite=Lax/);
    server.clock.advanceS(601);
    expectProblem(await send('POST', '/passkeys/options', { ...browser, ...HOST }), 403);
  });

  test('that answers no challenge of the browser is refused', async () => {
    const browser = await newPerson();
    const response = { clientDataJSON: bytes('{}'), attestationObject: bytes('x') };
    const payload = { name: 'Key', credential: { ...credential('AAAA'), response } };
    expectProblem(await send('POST', '/passkeys', { ...browser, ...HOST }, payload), 400);
  });

  test('that the account does not have is a 404', async () => {
    const browser = await newPerson();
    expectProblem(await send('PATCH', '/passkeys/AAAA', browser, { name: 'x' }), 404);
    expectProblem(await send('DELETE', '/passkeys/AAAA', browser), 404);
    const list = await app.inject({ url: '/v1/session/passkeys', headers: browser });
    expect(list.json()).toEqual({ items: [] });
  });

  test('that is unknown or malformed has one answer, and slows down later ones', async () => {
    const headers = { ...SAME_ORIGIN, ...HOST };
    const options = await send('POST', '/passkey/options', headers);
    expect(options.json()).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    expect(options.json().allowCredentials ?? []).toEqual([]);
    const details = new Set<string>();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 25; attempt++) {
      const payload = { credential: credential(bytes(`unknown ${attempt}`)) };
      const reply = await send('POST', '/passkey', headers, payload);
      statuses.push(reply.statusCode);
      if (reply.statusCode === 401) details.add(expectProblem(reply, 401));
      else expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(details.size).toBe(1);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.at(-1)).toBe(429);
  });

  test('works at the address of the server only, and the answer names it', async () => {
    const reply = await send('POST', '/passkey/options', { ...SAME_ORIGIN, host: '127.0.0.1:8080' });
    expect(expectProblem(reply, 400)).toContain('http://localhost:8080');
    const noAddress = await send('POST', '/passkey/options', { ...SAME_ORIGIN, host: 'localhost:99999' });
    expect(expectProblem(noAddress, 400)).toContain('http://localhost');
  });

  test('with the longest id signs in, is renamed and removed', async () => {
    const email = `person-${people++}@example.com`;
    await addAccount(server, tenantId, email, 'viewer');
    await browserWithPassword(server, { email, password: PASSWORD });
    const device = await authenticatorOf(server, { email, credentialId: Buffer.alloc(1_023, 7) });
    const { credential: answer, headers } = await answerOf(server, device);
    const reply = await send('POST', '/passkey', headers, { credential: answer });
    expect(reply.statusCode, reply.body).toBe(200);
    // The answer also removes the cookie of the challenge.
    const session = reply.cookies.find(({ value }) => value);
    const browser = { ...SAME_ORIGIN, cookie: `${session?.name}=${session?.value}` };
    const list = async () =>
      (await app.inject({ url: '/v1/session/passkeys', headers: browser })).json().items;
    const [{ passkeyId }] = await list();
    const path = `/passkeys/${passkeyId}`;
    expect((await send('PATCH', path, browser, { name: ' Phone ' })).statusCode).toBe(204);
    expect(await list()).toMatchObject([{ name: 'Phone' }]);
    expectProblem(await send('DELETE', path, await newPerson()), 404);
    expect((await send('DELETE', path, browser)).statusCode).toBe(204);
    expect(await list()).toEqual([]);
  });

  test('is added by its own person, and not by a session that a reset has ended meanwhile', async () => {
    const email = `person-${people}@example.com`;
    const browser = await newPerson();
    const add = ({ payload, headers }: Awaited<ReturnType<typeof createdPasskey>>) =>
      send('POST', '/passkeys', headers, payload);
    const passkeys = async (headers: Record<string, string>) =>
      (await app.inject({ url: '/v1/session/passkeys', headers })).json().items;
    const first = await add(await createdPasskey(server, browser, Buffer.from('of the person 01')));
    expect(first.statusCode, first.body).toBe(201);
    expect(await passkeys(browser)).toMatchObject([{ name: 'Phone' }]);
    const second = await createdPasskey(server, browser, Buffer.from('of the person 02'));
    expectProblem(await overtakenByReset(server, email, () => add(second)), 401);
    expect(await passkeys(await browserWithPassword(server, { email, password: PASSWORD }))).toEqual([]);
  });

  test('that is removed while it signs in is refused, and the removal does not fail', async () => {
    const email = `person-${people}@example.com`;
    await newPerson();
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    const { credential: answer, headers } = await answerOf(server, device);
    const reply = await whileAccountIsLocked(server.db.target, email, async (client) => {
      const afterwards = send('POST', '/passkey', headers, { credential: answer });
      await untilWaiting(server.db.target, 1);
      await client.query('DELETE FROM passkeys WHERE credential_id = $1', [device.credentialId]);
      return { afterwards };
    });
    expectProblem(reply, 401);
  });

  test('stays if it is the only way to sign in', async () => {
    const email = `person-${people}@example.com`;
    const browser = await newPerson();
    await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    const list = async () =>
      (await app.inject({ url: '/v1/session/passkeys', headers: browser })).json().items;
    const [{ passkeyId }] = await list();
    const refused = await send('DELETE', `/passkeys/${passkeyId}`, browser);
    expect(expectProblem(refused, 409)).toContain('only way to sign in');
    expect(await list()).toHaveLength(1);
  });

  test('besides a password is one attempt, which a success takes back', async () => {
    const email = 'two-factors@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    expect((await send('PATCH', '', browser, { passkeyRequired: true })).statusCode).toBe(200);
    // More networks than the failures of an account that go without a wait.
    for (let network = 0; network < 7; network++) {
      const { credential: passkey, headers } = await answerOf(server, device);
      const reply = await app.inject({
        method: 'POST',
        url: '/v1/session',
        headers,
        payload: { email, password: PASSWORD, passkey },
        remoteAddress: `10.20.0.${network}`,
      });
      expect(reply.statusCode, reply.body).toBe(200);
    }
  });

  test('that is still missing after the right password is no failure, from any network', async () => {
    const email = 'first-step@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    await send('PATCH', '', browser, { passkeyRequired: true });
    const before = server.logs.length;
    const firstStep = (remoteAddress: string, password = PASSWORD) =>
      app.inject({
        method: 'POST',
        url: '/v1/session',
        headers: SAME_ORIGIN,
        payload: { email, password },
        remoteAddress,
      });
    // More than the failures that go without a wait, from a network that the account knows, and from others.
    for (let attempt = 0; attempt < 7; attempt++) {
      for (const address of ['127.0.0.1', `10.21.0.${attempt}`]) {
        const reply = await firstStep(address);
        expect([reply.statusCode, reply.json().errors?.[0].path]).toEqual([400, '/passkey']);
      }
    }
    expect(server.logs.slice(before).filter((line) => line.includes('a login failed'))).toEqual([]);
    const { credential: passkey, headers } = await answerOf(server, device);
    const payload = { email, password: PASSWORD, passkey };
    expect((await app.inject({ method: 'POST', url: '/v1/session', headers, payload })).statusCode).toBe(200);
    // It takes back itself only: wrong passwords before it still count.
    for (let attempt = 0; attempt < 5; attempt++) await firstStep('10.22.0.1', 'wrong horse battery');
    expect((await firstStep('10.22.0.1')).statusCode).toBe(429);
  });

  test.each([
    ['knows', '127.0.0.1'],
    ['does not know', '10.25.0.1'],
  ])('after wrong passwords from a network that the account %s waits for them only', async (_, address) => {
    const email = `after-${address}@example.com`;
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    const device = await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    await send('PATCH', '', browser, { passkeyRequired: true });
    const step = (payload: { email: string; password: string }) =>
      signIn(server, payload, SAME_ORIGIN, address);
    for (let failure = 0; failure < 8; failure++) {
      server.clock.advanceS(failure < 5 ? 0 : 2 ** (failure - 5));
      expectProblem(await step({ email, password: 'wrong horse battery' }), 401);
    }
    expect((await step({ email, password: PASSWORD })).headers['retry-after']).toBe('8');
    server.clock.advanceS(8);
    expect((await step({ email, password: PASSWORD })).statusCode).toBe(400);
    // At the same instant.
    const { credential: passkey, headers } = await answerOf(server, device);
    const payload = { email, password: PASSWORD, passkey };
    const second = await app.inject({
      method: 'POST',
      url: '/v1/session',
      headers,
      payload,
      remoteAddress: address,
    });
    expect(second.statusCode, second.body).toBe(200);
  });

  test('that is wrong besides a right password counts as one failure', async () => {
    const email = 'wrong-second-step@example.com';
    await addAccount(server, tenantId, email, 'viewer');
    const browser = await browserWithPassword(server, { email, password: PASSWORD });
    await authenticatorOf(server, { email, credentialId: Buffer.from(email) });
    const other = await authenticatorOf(server, {
      email: await anotherAccount(),
      credentialId: Buffer.from('of another account'),
    });
    await send('PATCH', '', browser, { passkeyRequired: true });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      const { credential: passkey, headers } = await answerOf(server, other);
      const payload = { email, password: PASSWORD, passkey };
      statuses.push((await app.inject({ method: 'POST', url: '/v1/session', headers, payload })).statusCode);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });
});
