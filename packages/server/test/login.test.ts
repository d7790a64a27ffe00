import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { revokeKey, rotateKey } from '../src/auth/manage-keys.ts';
import { hmac, loginsOf } from './support/logins.ts';
import { login, startTestServer } from './support/server.ts';

const server = await startTestServer();
const { now, post, expectSuccess, expectFailure } = loginsOf(server);
afterAll(() => server.close());

const tenantId = await server.organisation();
const key = await server.key(tenantId);

describe('the key', () => {
  test('may send its hash in upper or lower case', async () => {
    const body = login(key, now());
    await expectSuccess({ ...body, hash: body.hash.toUpperCase() });
  });

  test('that is a GUID may be sent in any case; the hash covers it as sent, and the answer has it as stored', async () => {
    const existing = { apiKey: 'ABCDEF01-2345-6789-abcd-EF0123456789', secret: 's' };
    await server.key(tenantId, { existing });
    for (const apiKey of [existing.apiKey, existing.apiKey.toLowerCase(), existing.apiKey.toUpperCase()]) {
      const token = await expectSuccess(login({ ...existing, apiKey }, now()));
      expect(decodeJwt(token)).toMatchObject({ client_id: existing.apiKey });
    }
    const lower = existing.apiKey.toLowerCase();
    await expectFailure(401, { ...login(existing, now()), apiKey: lower });
  });

  test('that is not a GUID must match exactly', async () => {
    const existing = { apiKey: 'North-Door', secret: 's' };
    await server.key(tenantId, { existing });
    await expectSuccess(login(existing, now()));
    await expectFailure(401, login({ ...existing, apiKey: 'north-door' }, now()));
  });

  test('may be any text up to 128 characters, colons included, with any secret', async () => {
    for (const existing of [
      { apiKey: 'acme:door:1', secret: 'p:w' },
      { apiKey: 'Tür/№ 7+%', secret: 'pässwörd-日本-🔑' },
      { apiKey: 'k'.repeat(128), secret: ' spaces and\ttabs ' },
    ]) {
      await server.key(tenantId, { existing, authentication: 'hmac' });
      await expectSuccess(login(existing, now()));
    }
  });

  test('may be of the type Basic and HMAC', async () => {
    for (const authentication of ['hmac', 'basic'] as const) {
      await expectSuccess(login(await server.key(tenantId, { authentication }), now()));
    }
  });

  test('may log in twice in one second, with the same hash', async () => {
    const body = login(key, now());
    const replies = await Promise.all([post(body), post(body), post(body)]);
    expect(replies.map((reply) => reply.statusCode)).toEqual([200, 200, 200]);
  });

  test('that has just logged in can repeat only that login, and only while its secret is valid', async () => {
    const { clock, db, masterKey } = server;
    const old = await server.key(tenantId);
    const body = login(old, now());
    await expectSuccess(body);
    for (const hash of ['0'.repeat(64), '', hmac(old.secret, `${old.apiKey}${now() + 1}`)]) {
      await expectFailure(401, { ...body, hash });
    }
    await expectFailure(401, { ...body, timestamp: now() + 1 });
    const deps = { owner: db.owner, masterKey, clock: clock.read };
    const { secret } = await rotateKey({ apiKey: old.apiKey, graceMs: 60_000 }, deps);
    // After this login, the server knows the new secret.
    await expectSuccess(login({ apiKey: old.apiKey, secret }, now()));
    // A token for the old secret ends with the old secret.
    await expectSuccess(body, 60);
    await expectSuccess(body, 60);
    clock.advanceS(60);
    await expectFailure(401, body);
    clock.advanceS(-60);
    await expectSuccess(body, 60);
    await revokeKey(old.apiKey, deps);
    await expect.poll(async () => (await post(body)).statusCode).toBe(401);
  });
});

test('a key that becomes valid can log in at once, even after a failed login and without a notice of the change', async () => {
  const { clock, db } = server;
  const late = await server.key(tenantId, { expiresAt: new Date(clock.nowMs) });
  await expectFailure(401, login(late, now()));
  await db.owner.inTenant(tenantId, async (tx) => {
    // This trigger sends the notice.
    await tx.query('ALTER TABLE api_keys DISABLE TRIGGER USER');
    await tx.query('UPDATE api_keys SET expires_at = NULL WHERE api_key = $1', [late.apiKey]);
    await tx.query('ALTER TABLE api_keys ENABLE TRIGGER USER');
  });
  await expectSuccess(login(late, now() + 1));
});

test('a wrong key, hash or secret and a revoked or expired key get the same answer, byte for byte', async () => {
  const { clock, db } = server;
  const revoked = await server.key(tenantId);
  await revokeKey(revoked.apiKey, { owner: db.owner, clock: clock.read });
  const expired = await server.key(tenantId, { expiresAt: new Date(clock.nowMs) });
  const bodies = [
    { ...login(key, now()), hash: hmac('wrong', `${key.apiKey}${now()}`) },
    { ...login(key, now()), hash: '' },
    { ...login(key, now()), hash: 'ü' },
    { ...login(key, now()), hash: hmac(key.secret, key.apiKey) },
    login({ apiKey: '00000000-0000-0000-0000-000000000000', secret: key.secret }, now()),
    login({ apiKey: '', secret: key.secret }, now()),
    login({ apiKey: 'nul \0 id', secret: key.secret }, now()),
    login({ apiKey: 'lone \ud800 surrogate', secret: key.secret }, now()),
    login({ apiKey: 'x'.repeat(5_000), secret: key.secret }, now()),
    login(revoked, now()),
    login(expired, now()),
  ];
  const answers = new Set<string>();
  for (const body of bodies) {
    const reply = await post(body, { correlationid: 'same' });
    const { date: _, ...headers } = reply.headers;
    answers.add(JSON.stringify([reply.statusCode, headers, reply.body]));
  }
  expect([...answers]).toHaveLength(1);
  await expectFailure(401, bodies[0]);
});

test('concurrent failed logins look their key up once, for an unknown, revoked or expired key and a wrong hash', async () => {
  const revoked = await server.key(tenantId);
  await revokeKey(revoked.apiKey, { owner: server.db.owner, clock: server.clock.read });
  const expired = await server.key(tenantId, { expiresAt: new Date(server.clock.nowMs) });
  const known = await server.key(tenantId);
  await expectSuccess(login(known, now()));
  const remembered = { ...known, secret: 'wrong' };
  const neverSeen = { ...(await server.key(tenantId)), secret: 'wrong' };
  const unknown = { apiKey: '00000000-0000-4000-8000-000000000000', secret: 'wrong' };
  const query = vi.spyOn(pg.Client.prototype, 'query');
  for (const who of [remembered, neverSeen, unknown, revoked, expired]) {
    query.mockClear();
    // The requests are concurrent, so that no pause of the machine separates them.
    await Promise.all([0, 1, 2].map(() => expectFailure(401, login(who, now()))));
    const lookUps = query.mock.calls.filter(([text]) => String(text).includes('tenant_of_api_key'));
    expect(lookUps).toHaveLength(1);
  }
  query.mockRestore();
});

test('malformed input is a 400, or a 415, of the same shape', async () => {
  const { apiKey, timestamp, hash } = login(key, now());
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '{}',
    Buffer.from([0x7b, 0xff, 0x7d]),
    { timestamp, hash },
    { apiKey, hash },
    { apiKey, timestamp },
    { apiKey: 1, timestamp, hash },
    { apiKey, timestamp: true, hash },
    { apiKey, timestamp: null, hash },
    { apiKey, timestamp: [timestamp], hash },
    { apiKey, timestamp, hash: null },
    [login(key, now())],
  ]) {
    await expectFailure(400, body);
  }
  expect((await post({ apiKey, timestamp })).json().errors).toEqual([
    { path: '/hash', message: 'is required' },
  ]);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
    await expectFailure(415, login(key, now()), { 'content-type': type });
  }
});
