import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import pg from 'pg';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import type { ApiKey } from '../src/auth/api-key.ts';
import { rotateKey } from '../src/auth/manage-keys.ts';
import { MasterKeys } from '../src/auth/master-keys.ts';
import { MasterKey } from '../src/auth/secrets.ts';
import { SigningKeys } from '../src/auth/signing-keys.ts';
import { Tokens } from '../src/auth/tokens.ts';
import { defaults, SERVER_SETTINGS } from '../src/config.ts';
import { createLogger } from '../src/http/logging.ts';
import { CredentialChanges } from '../src/store/auth/credential-changes.ts';
import { expectProblem } from './support/problems.ts';
import { basic, login, startTestServer, type TestServer } from './support/server.ts';

const PUBLIC_URL = 'https://rollcall.example.com';
const server = await startTestServer({ publicUrl: PUBLIC_URL });
afterAll(() => server.close());
const { app, clock, db, masterKey } = server;

const tenantId = await server.organisation();
const key = await server.key(tenantId);
const token = await server.token(key);

const call = (headers: Record<string, string>, to = app) =>
  to.inject({ url: '/v1/analytics/users', headers });
const statusFor = async (jwt: string, to = app) =>
  (await call({ authorization: `Bearer ${jwt}` }, to)).statusCode;
const publishedKeys = async (to = app) => (await to.inject('/.well-known/jwks.json')).json();

describe('a token', () => {
  test('is a JWT of RFC 9068', async () => {
    expect(token).toMatch(/^ey/);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    const claims = payloadOf(token);
    expect(claims).toEqual({
      iss: PUBLIC_URL,
      aud: PUBLIC_URL,
      sub: key.apiKey,
      client_id: key.apiKey,
      iat: clock.nowS,
      // One minute more than stated: a login within that minute gets the same token, also with expires_in 3600.
      exp: clock.nowS + 3660,
      jti: expect.stringMatching(/^\S{16,}$/),
      secret_version: 1,
      instance: expect.stringMatching(/^[0-9a-f]{8}-/),
    });
    expect(payloadOf(await server.token(await server.key(tenantId))).jti).not.toBe(claims.jti);
  });

  test('can be verified by anyone with the published keys, and with nothing else', async () => {
    const { payload } = await jwtVerify(token, createLocalJWKSet(await publishedKeys()), {
      issuer: PUBLIC_URL,
      audience: PUBLIC_URL,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(clock.nowMs),
    });
    expect(payload.client_id).toBe(key.apiKey);
  });

  test('is refused after its expiry', async () => {
    const brief = await server.token(key);
    clock.advanceS(3659);
    expect(await statusFor(brief)).toBe(200);
    clock.advanceS(1);
    expectInvalid(await call({ authorization: `Bearer ${brief}` }));
    clock.advanceS(-3660);
  });
});

test('the published keys are public', async () => {
  const { keys } = await publishedKeys();
  expect(keys).toEqual([
    {
      kty: 'EC',
      crv: 'P-256',
      x: expect.any(String),
      y: expect.any(String),
      kid: expect.any(String),
      alg: 'ES256',
      use: 'sig',
    },
  ]);
});

describe('the metadata of RFC 8414', () => {
  const metadata = async (to: TestServer['app'], host: string) =>
    (await to.inject({ url: '/.well-known/oauth-authorization-server', headers: { host } })).json();

  test('names the public URL if one is set, for any Host', async () => {
    expect(await metadata(app, 'evil.example')).toMatchObject({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/v1/auth/token`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    });
  });

  test('is a 404 if none is set, for any Host and proxy headers', async () => {
    const local = await replica({ publicUrl: undefined, trustProxy: true });
    const reply = await local.inject({
      url: '/.well-known/oauth-authorization-server',
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    });
    expect(expectProblem(reply, 404)).toContain('public URL');
    expect(reply.body).not.toContain('evil.example');
    await local.close();
  });
});

describe('an invalid_token is', () => {
  const header = decodeProtectedHeader(token) as { alg: string; typ: string; kid: string };
  /** Signed with the server's own key, so that only the changed member is wrong. */
  const genuine = async (change: { header?: object; claims?: JWTPayload; without?: string }) => {
    const { key: privateKey } = await signingKeysOf(server).signer();
    const claims: JWTPayload = { ...payloadOf(token), ...change.claims };
    if (change.without) delete claims[change.without];
    return new SignJWT(claims).setProtectedHeader({ ...header, ...change.header }).sign(privateKey);
  };

  test('not one that this test signs unchanged', async () => {
    expect(await statusFor(await genuine({}))).toBe(200);
  });

  test.each([
    ['of another issuer', { claims: { iss: 'https://elsewhere.example.com' } }],
    ['for another audience', { claims: { aud: 'https://elsewhere.example.com' } }],
    ['of the type JWT', { header: { typ: 'JWT' } }],
    ['without a type', { header: { typ: undefined } }],
    ['without a key id', { header: { kid: undefined } }],
    ['of an unknown key id', { header: { kid: 'unknown' } }],
    ['without an expiry', { without: 'exp' }],
    ['without a client', { without: 'client_id' }],
    ['without an issuer', { without: 'iss' }],
    ['not valid yet', { claims: { nbf: clock.nowS + 60 } }],
    ['for a key that does not exist', { claims: { client_id: 'nobody' } }],
    ['for a client that is not a text', { claims: { client_id: 7 } }],
    ['without the version of a secret', { without: 'secret_version' }],
    ['of a secret that the key had before', { claims: { secret_version: 0 } }],
    ['of a secret that the key never had', { claims: { secret_version: 2 } }],
    ['without an instance', { without: 'instance' }],
    ['of another instance', { claims: { instance: '00000000-0000-4000-8000-000000000000' } }],
  ])('one %s', async (_name, change) => {
    expectInvalid(await call({ authorization: `Bearer ${await genuine(change)}` }));
  });

  test('one signed by another key under the same id', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT(payloadOf(token)).setProtectedHeader(header).sign(privateKey);
    expectInvalid(await call({ authorization: `Bearer ${forged}` }));
  });

  test('one with alg none, or signed with the public key as an HMAC secret', async () => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const unsigned = `${encode({ ...header, alg: 'none' })}.${encode(payloadOf(token))}.`;
    expectInvalid(await call({ authorization: `Bearer ${unsigned}` }));
    const [publicJwk] = (await publishedKeys()).keys;
    const secret = new TextEncoder().encode(JSON.stringify(publicJwk));
    const confused = await new SignJWT(payloadOf(token))
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(secret);
    expectInvalid(await call({ authorization: `Bearer ${confused}` }));
  });

  test('one with its own key in the header', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const brought of [{ jwk }, { jwk, kid: 'own' }, { jku: 'https://evil.example/jwks' }]) {
      const forged = await new SignJWT(payloadOf(token))
        .setProtectedHeader({ ...header, ...brought })
        .sign(privateKey);
      expectInvalid(await call({ authorization: `Bearer ${forged}` }));
    }
  });

  test('one with claims that were changed after signing', async () => {
    const [head, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ ...payloadOf(token), exp: 9e9 })).toString('base64url');
    expectInvalid(await call({ authorization: `Bearer ${head}.${claims}.${signature}` }));
  });
});

test('"Authentication: Bearer" is accepted if Authorization is absent, and only then', async () => {
  expect((await call({ authentication: `Bearer ${token}` })).statusCode).toBe(200);
  expect((await call({ authentication: `bearer  ${token} ` })).statusCode).toBe(200);
  expect((await call({ authorization: `BEARER ${token}` })).statusCode).toBe(200);
  for (const authorization of ['Bearer garbage', basic(key), '', 'Negotiate x']) {
    expectProblem(await call({ authorization, authentication: `Bearer ${token}` }), 401);
  }
  expectProblem(await call({ authentication: basic(key) }), 401);
  expectProblem(
    await app.inject({ url: '/v1/analytics/users/basic', headers: { authentication: basic(key) } }),
    401,
  );
  expect((await call({ authorization: `Bearer ${token}`, authentication: 'Bearer x' })).statusCode).toBe(200);
});

test('tokens outlive the server that issued them, and work on its replicas', async () => {
  const first = await replica();
  const reply = await first.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
  const issued: string = reply.json().token;
  expect(await statusFor(issued)).toBe(200);
  await first.close();
  const restarted = await replica();
  expect(await statusFor(issued, restarted)).toBe(200);
  expect(await statusFor(token, restarted)).toBe(200);
  expect(await publishedKeys(restarted)).toEqual(await publishedKeys());
  await restarted.close();
});

test('a server looks an unknown signing key up at most once a second', async () => {
  const header = { ...decodeProtectedHeader(token), alg: 'ES256', kid: 'unknown' };
  const { privateKey } = await generateKeyPair('ES256');
  const unknown = await new SignJWT(payloadOf(token)).setProtectedHeader(header).sign(privateKey);
  expect(await statusFor(unknown)).toBe(401);
  const query = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => query.mockRestore());
  const beganMs = performance.now();
  for (let turn = 0; turn < 50; turn++) expect(await statusFor(unknown)).toBe(401);
  const reads = query.mock.calls.filter(([text]) => String(text).includes('all_signing_keys')).length;
  expect(reads).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - beganMs) / 500));
});

test('the server caches ten thousand verified tokens, and a new one replaces the least recently used one', async () => {
  const signingKeys = signingKeysOf(server);
  const tokens = new Tokens({ signingKeys, issuer: 'urn:test', lifeS: 3_600, reuseS: 0, clock: clock.read });
  const issue = async () =>
    (await tokens.issue({ key: { apiKey: 'any', secretVersion: 1 } as ApiKey, secretVersion: 1 })).token;
  const verify = vi.spyOn(crypto.subtle, 'verify');
  onTestFinished(() => verify.mockRestore());
  const isVerifiedAnew = async (issued: string) => {
    const before = verify.mock.calls.length;
    expect(await tokens.verify(issued)).toEqual({ apiKey: 'any', secretVersion: 1 });
    return verify.mock.calls.length > before;
  };

  const unused = await issue();
  const used = await issue();
  for (const issued of [used, unused]) expect(await isVerifiedAnew(issued)).toBe(true);
  for (let known = 2; known < 10_000; known += 100) {
    const some = await Promise.all(Array.from({ length: Math.min(100, 10_000 - known) }, issue));
    await Promise.all(some.map((issued) => tokens.verify(issued)));
  }
  expect(await isVerifiedAnew(used)).toBe(false);
  expect(await isVerifiedAnew(await issue())).toBe(true);
  expect(await isVerifiedAnew(used)).toBe(false);
  expect(await isVerifiedAnew(unused)).toBe(true);
});

test('a rotated key keeps its id, and its old secret works for the grace period only', async () => {
  const old = await server.key(tenantId);
  const issued = await server.token(old);
  const changed = await rotateKey(
    { apiKey: old.apiKey.toUpperCase(), graceMs: 86_400_000 },
    { owner: db.owner, masterKey, clock: clock.read },
  );
  expect(changed).toEqual({ ...old, secret: expect.any(String) });
  expect(changed.secret).not.toBe(old.secret);
  const worksWith = async (secret: string) => {
    const hmac = await app.inject({
      method: 'POST',
      url: '/v1/auth',
      payload: login({ ...old, secret }, clock.nowS),
    });
    const byBasic = await app.inject({
      url: '/v1/analytics/users/basic',
      headers: { authorization: basic({ ...old, secret }) },
    });
    expect(byBasic.statusCode).toBe(hmac.statusCode);
    return hmac.statusCode === 200;
  };
  expect(await worksWith(changed.secret)).toBe(true);
  expect(await worksWith(old.secret)).toBe(true);
  expect(await statusFor(issued)).toBe(200);
  clock.advanceS(86_399);
  expect(await worksWith(old.secret)).toBe(true);
  clock.advanceS(1);
  expect(await worksWith(old.secret)).toBe(false);
  expect(await worksWith(changed.secret)).toBe(true);
  clock.advanceS(-86_400);
});

function payloadOf(jwt: string): JWTPayload {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
}

function expectInvalid(reply: Awaited<ReturnType<typeof call>>): void {
  expectProblem(reply, 401);
  expect(reply.headers['www-authenticate']).toBe('Bearer realm="rollcall", error="invalid_token"');
}

/** The caches of a server that receives no notices. */
function signingKeysOf({ db, masterKey, clock }: TestServer): SigningKeys {
  return new SigningKeys({
    database: db.restricted,
    changes: new CredentialChanges(db.restricted, () => undefined),
    masterKey,
    clock: clock.read,
    longestTokenS: 3_660,
  });
}

function replica(config: { publicUrl?: string | undefined; trustProxy?: true } = { publicUrl: PUBLIC_URL }) {
  return createApp({
    config: { ...defaults(SERVER_SETTINGS), ...config },
    database: db.restricted,
    masterKey: new MasterKeys([MasterKey.parse(masterKey.export())]),
    logger: createLogger('silent'),
    lifecycle: { migrated: true },
    clock: clock.read,
  });
}
