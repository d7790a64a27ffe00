import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { keep } from './support/openid.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer } from './support/server.ts';
import { SAME_ORIGIN } from './support/sessions.ts';

const CLIENT = 'rollcall';
const HEADER: JWTHeaderParameters = { alg: 'ES256', kid: 'its key' };
const itsKey = await generateKeyPair('ES256');
const anotherKey = await generateKeyPair('ES256');

/** A provider that says what a test lets it say. */
const provider = { metadata: {} as object, idToken: '', redirects: false };
const web = createServer(async (request, response) => {
  const say = (body: object) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  if (request.url === '/jwks') return say({ keys: [{ ...(await exportJWK(itsKey.publicKey)), ...HEADER }] });
  if (request.url !== '/token') return say({ ...metadata, ...provider.metadata });
  if (provider.redirects) return response.writeHead(307, { location: `${issuer}/elsewhere` }).end();
  return say({ access_token: 'opaque', token_type: 'Bearer', id_token: provider.idToken });
}).listen(0, '127.0.0.1');
await once(web, 'listening');
const issuer = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  id_token_signing_alg_values_supported: ['ES256'],
};

const server = await startTestServer({
  publicUrl: 'http://localhost:8080',
  oidcIssuer: issuer,
  oidcClientId: CLIENT,
});
afterAll(async () => {
  await server.close();
  web.close();
});

const post = (path: string, payload: object, headers: Record<string, string> = SAME_ORIGIN) =>
  server.app.inject({ method: 'POST', url: `/v1/session/openid${path}`, headers, payload });

const claimsFor = (nonce: string) => {
  const nowS = Math.floor(Date.now() / 1_000);
  const person = { sub: 'somebody', email: 'somebody@example.com' };
  return { iss: issuer, aud: CLIENT, nonce, iat: nowS, exp: nowS + 60, ...person };
};
type Claims = ReturnType<typeof claimsFor>;
const signed = (claims: object, key = itsKey.privateKey) =>
  new SignJWT({ ...claims }).setProtectedHeader(HEADER).sign(key);

/** A whole sign-in, with the ID token that `make` makes. */
async function enter(make: (claims: Claims) => Promise<string> | string) {
  const begun = await post('', {});
  expect(begun.statusCode).toBe(200);
  const { searchParams } = new URL(begun.json().location);
  provider.idToken = await make(claimsFor(searchParams.get('nonce') ?? ''));
  const query = `code=a-code&state=${searchParams.get('state')}`;
  return post('/return', { query }, keep(begun));
}

describe('An ID token', () => {
  test('of the provider for this server is believed', async () => {
    expect(expectProblem(await enter(signed), 403)).toMatch(/account/);
  });

  test.each<[string, (claims: Claims) => Promise<string> | string]>([
    ['for another client', (claims) => signed({ ...claims, aud: 'another' })],
    ['of another issuer', (claims) => signed({ ...claims, iss: 'https://elsewhere.example' })],
    ['that has expired', (claims) => signed({ ...claims, exp: claims.iat - 600 })],
    ['signed by another key under the same id', (claims) => signed(claims, anotherKey.privateKey)],
    ['without a signature', (claims) => new UnsecuredJWT({ ...claims }).encode()],
    ['with claims that were changed after signing', async (claims) => changed(await signed(claims))],
  ])('%s is refused', async (_name, make) => {
    const reply = await enter(make);
    expect([401, 502]).toContain(reply.statusCode);
    expect(reply.cookies.filter(({ value }) => value !== '')).toEqual([]);
  });
});

test('an answer of the provider that leads elsewhere is not followed', async () => {
  provider.redirects = true;
  expectProblem(await enter(signed), 502);
  provider.redirects = false;
});

test('metadata that name another issuer than the setting are refused', async () => {
  const config = { publicUrl: 'http://localhost:8080', oidcIssuer: issuer, oidcClientId: CLIENT };
  provider.metadata = { issuer: 'https://elsewhere.example' };
  const fresh = await startTestServer(config);
  const reply = await fresh.app.inject({
    method: 'POST',
    url: '/v1/session/openid',
    headers: SAME_ORIGIN,
    payload: {},
  });
  expectProblem(reply, 502);
  provider.metadata = {};
  await fresh.close();
});

/** The same signature under another subject. */
function changed(token: string): string {
  const [head, body = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody else' })).toString('base64url');
  return [head, other, signature].join('.');
}
