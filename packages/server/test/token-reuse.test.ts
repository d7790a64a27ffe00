import type { JWTPayload } from 'jose';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { revokeKey, rotateKey, type ShownKey } from '../src/auth/manage-keys.ts';
import { login, startTestServer, type TestServer } from './support/server.ts';
import { answersWithinASecond } from './support/waiting.ts';

const LIFE_S = 3_600;
const server = await startTestServer();
afterAll(() => server.close());
const { app, clock, db, masterKey } = server;
const tenantId = await server.organisation();
const beganMs = clock.nowMs;
afterEach(() => {
  clock.nowMs = beganMs;
});

describe('a key that logs in again', () => {
  test('gets the same token for a minute, from either endpoint, and then another one', async () => {
    const key = await remembered();
    const first = await logIn(key);
    expect(await grant(key)).toEqual(first.token);
    clock.advanceS(60);
    expect((await logIn(key)).token).toBe(first.token);
    clock.advanceS(1);
    const second = await logIn(key);
    expect(second.token).not.toBe(first.token);
    expect(await grant(key)).toBe(second.token);
    // The first token stays valid.
    expect(await statusFor(first.token)).toBe(200);
  });

  test('never gets a longer stated lifetime than its token has', async () => {
    const key = await remembered();
    for (let second = 0; second <= 130; second += 13) {
      clock.nowMs = beganMs + second * 1_000 + 999;
      const { token, expiration } = await logIn(key);
      expect(expiration).toBe(clock.nowS + LIFE_S);
      expect(Number(payloadOf(token).exp)).toBeGreaterThanOrEqual(expiration);
      clock.nowMs = (expiration - 1) * 1_000 + 999;
      expect(await statusFor(token)).toBe(200);
    }
  });

  test('gets no token from the future when the clock was set back', async () => {
    const key = await remembered();
    const { token } = await logIn(key);
    clock.advanceS(-10);
    expect((await logIn(key)).token).not.toBe(token);
  });

  test('gets no other key’s token', async () => {
    const [one, other] = [await remembered(), await remembered()];
    expect((await logIn(one)).token).not.toBe((await logIn(other)).token);
  });

  test('gets a new one every time if the setting says so, with the stated lifetime', async () => {
    const strict = await startTestServer({ tokenReuseS: 0 });
    const key = await strict.key(await strict.organisation());
    await settled(strict, key);
    const [one, other] = [await strict.token(key), await strict.token(key)];
    expect(one).not.toBe(other);
    expect(payloadOf(one).exp).toBe(strict.clock.nowS + LIFE_S);
    await strict.close();
  });
});

test('a revoked key does not get its token again, and the token is refused, verified before or not', async () => {
  const key = await remembered();
  const { token } = await logIn(key);
  expect(await statusFor(token)).toBe(200);
  await revokeKey(key.apiKey, { owner: db.owner, clock: clock.read });
  await answersWithinASecond(() => statusFor(token), 401);
  const { status } = await logIn(key);
  expect(status).toBe(401);
});

test('a rotated key gets a new token, and its former token stays valid, as for any key', async () => {
  const key = await remembered();
  const { token } = await logIn(key);
  const changed = await rotateKey(
    { apiKey: key.apiKey, graceMs: 86_400_000 },
    { owner: db.owner, masterKey, clock: clock.read },
  );
  const renewed = { ...key, secret: changed.secret };
  expect((await logIn(renewed)).token).not.toBe(token);
  await settled(server, renewed);
  expect((await logIn(key)).token).not.toBe(token);
  expect(await statusFor(token)).toBe(200);
});

test('a token that was verified before is refused after its expiry', async () => {
  const key = await remembered();
  const { token } = await logIn(key);
  const end = Number(payloadOf(token).exp);
  for (const [atMs, status] of [
    [end * 1_000 - 1, 200],
    [end * 1_000, 401],
    [end * 1_000 - 1, 200],
  ] as const) {
    clock.nowMs = atMs;
    expect(await statusFor(token)).toBe(status);
  }
});

test('a token that differs from a verified one only in its signature is refused', async () => {
  const { token } = await logIn(await remembered());
  expect(await statusFor(token)).toBe(200);
  const [head, claims, signature = ''] = token.split('.');
  const other = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
  expect(await statusFor(`${head}.${claims}.${other}`)).toBe(401);
});

/** A key in the server's cache, with its issued token. */
async function remembered(): Promise<ShownKey> {
  const key = await server.key(tenantId);
  await settled(server, key);
  return key;
}

/** Waits until a login needs no look-up, because the notice of the key's change has passed. */
async function settled(of: TestServer, key: ShownKey): Promise<void> {
  const asks = async () => {
    const query = vi.spyOn(pg.Client.prototype, 'query');
    await of.token(key);
    const asked = query.mock.calls.some(([text]) => String(text).includes('tenant_of_api_key'));
    query.mockRestore();
    return asked;
  };
  await expect.poll(asks).toBe(false);
}

async function logIn(key: ShownKey): Promise<{ status: number; token: string; expiration: number }> {
  const reply = await app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
  return { status: reply.statusCode, ...reply.json() };
}

async function grant({ apiKey, secret }: ShownKey): Promise<string> {
  const payload = { client_id: apiKey, client_secret: secret };
  const reply = await app.inject({ method: 'POST', url: '/v1/auth/token', payload });
  expect(reply.json()).toMatchObject({ expires_in: LIFE_S });
  return reply.json().access_token;
}

async function statusFor(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await app.inject({ url: '/v1/analytics/users', headers })).statusCode;
}

function payloadOf(jwt: string): JWTPayload {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
}
