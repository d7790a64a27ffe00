import { afterAll, expect, test } from 'vitest';
import { KeyError } from '../src/auth/manage-keys.ts';
import { createScimToken, revokeToken, scimTokensOf } from '../src/auth/manage-scim-tokens.ts';
import { expectScimError, scimClient } from './support/scim.ts';
import { startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const deps = { owner: server.db.owner, clock: server.clock.read };

const statusWith = async (token: string, scheme = 'Bearer') =>
  (await server.app.inject({ url: '/scim/v2/Users', headers: { authorization: `${scheme} ${token}` } }))
    .statusCode;

test('a token gives access to SCIM for its organisation until it expires', async () => {
  const tenantId = await server.organisation();
  const expiresAt = new Date(server.clock.nowMs + 60_000);
  const { token } = await createScimToken({ tenantId, name: 'short', expiresAt }, deps);
  expect(token).toMatch(/^rcs_[\w-]{43}$/);
  expect(await statusWith(token)).toBe(200);
  expect(await statusWith(token, 'bearer')).toBe(200);
  server.clock.advanceS(60);
  expect(await statusWith(token)).toBe(401);
});

test('the next request refuses a revoked token, but no other token of the organisation', async () => {
  const idp = await scimClient(server);
  const other = await scimClient(server, idp.tenantId);
  expect(await statusWith(idp.token)).toBe(200);
  await revokeToken(idp.tenantId, idp.tokenId.toUpperCase(), deps);
  const refused = expectScimError(await idp.get('/Users'), 401);
  expect(await statusWith(other.token)).toBe(200);
  expect(expectScimError(await scimCall('rcs_nonsense'), 401)).toBe(refused);
  expect(expectScimError(await scimCall(`${other.token}x`), 401)).toBe(refused);

  const [{ revokedAt } = { revokedAt: null }] = await scimTokensOf(idp.tenantId, server.db.owner);
  server.clock.advanceS(5);
  await revokeToken(idp.tenantId, idp.tokenId, deps);
  expect((await scimTokensOf(idp.tenantId, server.db.owner))[0]?.revokedAt).toEqual(revokedAt);
});

const scimCall = (token: string) =>
  server.app.inject({ url: '/scim/v2/Users', headers: { authorization: `Bearer ${token}` } });

test('a token of another organisation, or an unknown one, cannot be revoked', async () => {
  const idp = await scimClient(server);
  for (const [tenantId, tokenId] of [
    [await server.organisation(), idp.tokenId],
    [idp.tenantId, 'nonsense'],
    [idp.tenantId, idp.tenantId],
  ] as const) {
    await expect(revokeToken(tenantId, tokenId, deps)).rejects.toThrow(KeyError);
  }
  expect(await statusWith(idp.token)).toBe(200);
});

test('no text that gives access to SCIM is stored or logged', async () => {
  const idp = await scimClient(server);
  await idp.get('/Users');
  const random = idp.token.slice('rcs_'.length);
  const stored = await server.db.owner.inTenant(idp.tenantId, (tx) =>
    tx.query(
      `SELECT t::text AS token, i::text AS index, encode(t.token_hash, 'escape') AS hash
              FROM scim_tokens t JOIN scim_token_index i USING (token_hash) WHERE t.tenant_id = $1`,
      [idp.tenantId],
    ),
  );
  expect(stored.rows).toHaveLength(1);
  for (const text of [JSON.stringify(stored.rows), server.logs.join('')]) expect(text).not.toContain(random);
  expect(server.logs.at(-1)).toContain(idp.tokenId);
});

test('the last use of a token is written, at most once a minute', async () => {
  const idp = await scimClient(server);
  const lastUse = async () => (await scimTokensOf(idp.tenantId, server.db.owner))[0]?.lastUsedAt;
  expect(await lastUse()).toBeNull();
  await idp.get('/Users');
  const first = new Date(server.clock.nowMs);
  expect(await lastUse()).toEqual(first);
  server.clock.advanceS(59);
  await idp.get('/Users');
  expect(await lastUse()).toEqual(first);
  server.clock.advanceS(1);
  await idp.get('/Users');
  expect(await lastUse()).toEqual(new Date(server.clock.nowMs));
});

test('a key with all permissions opens SCIM with its token; other keys and Basic do not', async () => {
  const tenantId = await server.organisation();
  for (const role of ['all', 'submitting-events', 'data-warehouse'] as const) {
    const key = await server.key(tenantId, { role });
    expect(await statusWith(await server.token(key))).toBe(role === 'all' ? 200 : 403);
    const basic = Buffer.from(`${key.apiKey}:${key.secret}`).toString('base64');
    expect(await statusWith(basic, 'Basic')).toBe(401);
  }
});

test('a name must be printable in a list', async () => {
  const tenantId = await server.organisation();
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(201)]) {
    await expect(createScimToken({ tenantId, name }, deps)).rejects.toThrow(/^The name of a token/);
  }
});
