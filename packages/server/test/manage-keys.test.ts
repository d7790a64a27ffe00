import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyAccess } from '../src/auth/guard.ts';
import { createKey, keysOf } from '../src/auth/manage-keys.ts';
import { KEYS_OF_KEYS, KEYS_OF_PEOPLE } from '../src/auth/managed-keys.ts';
import { peopleRolesOf } from '../src/auth/people-access.ts';
import { ACCOUNT_ROLES, type AccountRole } from '../src/store/auth/account-roles.ts';
import { API_KEY_ROLES, type ApiKeyRole } from '../src/store/auth/api-keys.ts';
import { addOffice } from './support/directory.ts';
import { expectProblem } from './support/problems.ts';
import { basic, replicaOf, startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

const KEYS = '/v1/manage/keys';
const TOKENS = '/v1/manage/scim-tokens';

const server = await startTestServer();
afterAll(() => server.close());
const { app, db, clock } = server;
const tenantId = await server.organisation();

type Headers = Record<string, string>;
let administrator: Headers;
let integrations: Headers;
let program: Headers;
beforeAll(async () => {
  administrator = await browserWithRole(server, tenantId, 'administrator');
  integrations = await browserWithRole(server, tenantId, 'integrations');
  program = { authorization: `Bearer ${await server.token(await server.key(tenantId))}` };
});

const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, headers: Headers, payload?: object) =>
  app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
const create = (headers: Headers, body: object = {}) =>
  send('POST', KEYS, headers, {
    name: 'badge reader',
    role: 'submitting-events',
    authentication: 'basic',
    ...body,
  });
const created = async (headers: Headers, body?: object) => {
  const reply = await create(headers, body);
  expect(reply.statusCode, reply.body).toBe(201);
  return reply.json() as { key: { apiKey: string; secretVersion: number }; secret: string };
};
const pathOf = (apiKey: string) => `${KEYS}/${encodeURIComponent(apiKey)}`;
const rotate = (headers: Headers, apiKey: string, body: object = {}) =>
  send('POST', `${pathOf(apiKey)}/secret`, headers, body);
const change = (headers: Headers, apiKey: string, body: object) =>
  send('PATCH', pathOf(apiKey), headers, body);
const listed = async (headers: Headers, apiKey: string) =>
  (await send('GET', KEYS, headers)).json().items.find((each: { apiKey: string }) => each.apiKey === apiKey);
const submitStatus = async (apiKey: string, secret: string) =>
  (
    await send(
      'POST',
      '/v1/presence/basic',
      { authorization: basic({ apiKey, secret }) },
      {
        sourceId: 's',
        presenceEvents: [],
      },
    )
  ).statusCode;

describe('no caller gets more power by a key', () => {
  const guarded = app.routeTable.flatMap(({ method, url, config }) =>
    typeof config?.access === 'object'
      ? [method].flat().map((each) => ({ method: each, url, access: config.access as KeyAccess }))
      : [],
  );
  const operationsOf = (role: ApiKeyRole) => guarded.filter(({ access }) => access.roles.includes(role));
  const mayCall = (role: AccountRole, { method, url }: { method: string; url: string }) =>
    peopleRolesOf({ method, url: url.replace(/\/basic$/, '') })?.includes(role) ?? false;

  test.each(ACCOUNT_ROLES)(
    'a person with the role %s may call all that the keys of the table may call',
    (role) => {
      for (const ofKey of KEYS_OF_PEOPLE[role]) {
        const beyond = operationsOf(ofKey).filter((operation) => !mayCall(role, operation));
        // An administrator changes users and groups by other paths than SCIM.
        const isScim = ({ url }: { url: string }) => role === 'administrator' && url.startsWith('/scim/v2');
        expect(beyond.filter((operation) => !isScim(operation))).toEqual([]);
      }
    },
  );

  test.each(API_KEY_ROLES)(
    'a key with the role %s may call all that the keys of the table may call',
    (role) => {
      for (const ofKey of KEYS_OF_KEYS[role]) {
        expect(operationsOf(ofKey).filter(({ access }) => !access.roles.includes(role))).toEqual([]);
      }
    },
  );

  const pairs = (['administrator', 'integrations', 'key'] as const).flatMap((caller) =>
    API_KEY_ROLES.map((role) => ({
      caller,
      role,
      isAllowed: (caller === 'key' ? KEYS_OF_KEYS.all : KEYS_OF_PEOPLE[caller]).includes(role),
    })),
  );
  test.each(pairs)('$caller and keys with the role $role', async ({ caller, role, isAllowed }) => {
    const headers = { administrator, integrations, key: program }[caller];
    const { apiKey, secret } = await server.key(tenantId, { role });
    const before = await listed(administrator, apiKey);
    const replies = [
      await create(headers, { role }),
      await change(headers, apiKey, { networks: ['127.0.0.0/8'] }),
      await rotate(headers, apiKey),
      await send('DELETE', pathOf(apiKey), headers),
    ];
    if (isAllowed) {
      expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 200, 201, 204]);
    } else {
      for (const reply of replies) expect(expectProblem(reply, 403)).toContain(role);
      expect(await listed(administrator, apiKey)).toEqual(before);
    }
    const { manageableRoles } = (await send('GET', KEYS, headers)).json();
    expect(manageableRoles.includes(role)).toBe(isAllowed);
    expect(JSON.stringify(replies.map(({ body }) => body))).not.toContain(secret);
  });

  test('SCIM tokens are created and revoked by callers that may change users, and listed by integrations', async () => {
    const { scimToken } = (await send('POST', TOKENS, program, { name: 'Okta' })).json();
    expectProblem(await send('POST', TOKENS, integrations, { name: 'Okta' }), 403);
    expectProblem(await send('DELETE', `${TOKENS}/${scimToken.tokenId}`, integrations), 403);
    expect((await send('GET', TOKENS, integrations)).json().items).toContainEqual(scimToken);
    expect((await send('DELETE', `${TOKENS}/${scimToken.tokenId}`, administrator)).statusCode).toBe(204);
  });

  test('the role of the database for requests changes neither the role of a key nor another organisation', async () => {
    const other = await server.organisation();
    const { apiKey } = await server.key(tenantId);
    const refused = (text: string, values: unknown[] = []) =>
      expect(db.restricted.inTenant(tenantId, (tx) => tx.query(text, values))).rejects.toThrow(
        /permission denied|row-level security/,
      );
    await refused("UPDATE api_keys SET role = 'all' WHERE api_key = $1", [apiKey]);
    await refused('DELETE FROM api_keys');
    await refused('DELETE FROM scim_tokens');
    await refused("INSERT INTO api_key_index (api_key_folded, tenant_id) VALUES ('x', $1)", [other]);
    await refused(
      `INSERT INTO api_keys (tenant_id, api_key_folded, api_key, name, role, authentication, secret_sealed, created_at)
       VALUES ($1, 'x', 'x', 'x', 'all', 'basic', '', now())`,
      [other],
    );
    await refused(
      `INSERT INTO scim_tokens (tenant_id, token_id, name, token_hash, created_at)
       VALUES ($1, $1, 'x', decode(repeat('00', 32), 'hex'), now())`,
      [other],
    );
  });
});

describe('a key', () => {
  test('works at once, shows its secret once, and is listed with its last use', async () => {
    const expiresAt = new Date(clock.nowMs + 3_600_000).toISOString();
    const { key, secret } = await created(integrations, { name: 'door 1', expiresAt });
    expect(key).toEqual({
      apiKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'door 1',
      role: 'submitting-events',
      authentication: 'basic',
      state: 'active',
      secretVersion: 1,
      createdAt: new Date(clock.nowMs).toISOString(),
      lastUsedAt: null,
      expiresAt,
      networks: null,
      locationIds: null,
      limits: {},
      revokedAt: null,
      previousSecretExpiresAt: null,
    });
    expect(await submitStatus(key.apiKey, secret)).toBe(200);
    // A server stores what it has noted when it closes, or five seconds later.
    const replica = await replicaOf(server);
    const authorization = basic({ apiKey: key.apiKey, secret });
    const payload = { sourceId: 's', presenceEvents: [] };
    await replica.inject({ method: 'POST', url: '/v1/presence/basic', headers: { authorization }, payload });
    await replica.close();
    expect((await listed(integrations, key.apiKey)).lastUsedAt).toBe(new Date(clock.nowMs).toISOString());
    expect((await send('GET', KEYS, integrations)).body).not.toContain(secret);
    expect(server.logs.join('')).not.toContain(secret);
  });

  test('that ends is listed as expired, and a clock decides when', async () => {
    const expiresAt = new Date(clock.nowMs + 60_000).toISOString();
    const { key, secret } = await created(administrator, { expiresAt });
    clock.advanceS(60);
    expect(await submitStatus(key.apiKey, secret)).toBe(401);
    expect((await listed(administrator, key.apiKey)).state).toBe('expired');
  });

  test('changes what it is bound to, and keeps what the change leaves out', async () => {
    const [officeId, otherId] = [
      await addOffice(db.owner, tenantId),
      await addOffice(db.owner, tenantId),
    ].map(({ locationId }) => locationId);
    const expiresAt = new Date(clock.nowMs + 60_000).toISOString();
    const networks = ['127.0.0.0/8', '2001:db8::/32'];
    const { key } = await created(integrations, {
      expiresAt,
      networks: [' 127.0.0.0/8', '2001:DB8:0::/32', '127.0.0.0/8'],
      locationIds: [officeId?.toUpperCase(), officeId],
    });
    expect(key).toMatchObject({ expiresAt, networks, locationIds: [officeId] });
    for (const [body, expected] of [
      [{}, { expiresAt, networks, locationIds: [officeId] }],
      [{ locationIds: [otherId] }, { expiresAt, networks, locationIds: [otherId] }],
      [{ networks: ['127.0.0.1'] }, { expiresAt, networks: ['127.0.0.1/32'], locationIds: [otherId] }],
      [
        { networks: null, locationIds: null },
        { expiresAt, networks: null, locationIds: null },
      ],
      [{ expiresAt: null }, { expiresAt: null, networks: null, locationIds: null }],
    ] as const) {
      const reply = await change(integrations, key.apiKey, body);
      expect([reply.statusCode, reply.json()]).toMatchObject([200, expected]);
      expect(await listed(integrations, key.apiKey)).toMatchObject(expected);
    }
  });

  test('that ended cannot be changed', async () => {
    const { key } = await created(integrations, { expiresAt: new Date(clock.nowMs + 1_000).toISOString() });
    clock.advanceS(1);
    expect(expectProblem(await change(integrations, key.apiKey, { expiresAt: null }), 409)).toContain(
      'expired',
    );
    const { key: revoked } = await created(integrations);
    await send('DELETE', pathOf(revoked.apiKey), integrations);
    expect(expectProblem(await change(integrations, revoked.apiKey, { networks: null }), 409)).toContain(
      'revoked',
    );
  });

  test('is not bound to what is no network or no office, and the answer names the member', async () => {
    const { locationId, levelId } = await addOffice(db.owner, tenantId);
    const elsewhere = await addOffice(db.owner, await server.organisation());
    const { key } = await created(administrator, { networks: ['127.0.0.0/8'] });
    for (const [body, path, fault] of [
      [{ networks: [] }, '/networks', /^must have 1 to 64 networks/],
      [{ networks: Array(65).fill('127.0.0.1') }, '/networks', /^must have 1 to 64 networks/],
      [{ networks: ['127.0.0.1', '127.0.0.1/8'] }, '/networks/1', /the network is 127\.0\.0\.0\/8$/],
      [{ networks: ['2001:db8::1/32'] }, '/networks/0', /the network is 2001:db8::\/32$/],
      [{ networks: ['::ffff:127.0.0.1'] }, '/networks/0', /write it as IPv4$/],
      ...['', '10', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', 'fe80::1%eth0', 'example.com'].map(
        (network) => [{ networks: [network] }, '/networks/0', /^is no network/] as const,
      ),
      [{ locationIds: [] }, '/locationIds', /^must have 1 to 500 offices/],
      [{ locationIds: [locationId, levelId] }, '/locationIds/1', /^is not the id of an office$/],
      [{ locationIds: [elsewhere.locationId] }, '/locationIds/0', /^is not the id of an office$/],
      [{ locationIds: ['x'] }, '/locationIds/0', /^is not the id of an office$/],
    ] as const) {
      for (const reply of [
        await create(administrator, body),
        await change(administrator, key.apiKey, body),
      ]) {
        expectProblem(reply, 400);
        expect(reply.json().errors[0]).toEqual({ path, message: expect.stringMatching(fault) });
      }
    }
    const all = await create(administrator, { role: 'all', locationIds: [locationId] });
    expect(expectProblem(all, 400)).toContain('/locationIds is not for keys with the role all');
    expect((await listed(administrator, key.apiKey)).networks).toEqual(['127.0.0.0/8']);
  });

  test('that is rotated takes the former secret for the grace period', async () => {
    const { key, secret } = await created(integrations);
    const rotated = (await rotate(integrations, key.apiKey, { graceS: 60 })).json();
    expect(rotated.key).toMatchObject({ apiKey: key.apiKey, secretVersion: 2 });
    for (const each of [secret, rotated.secret]) expect(await submitStatus(key.apiKey, each)).toBe(200);
    clock.advanceS(60);
    expect(await submitStatus(key.apiKey, secret)).toBe(401);
    expect(await submitStatus(key.apiKey, rotated.secret)).toBe(200);
    const last = (await rotate(integrations, key.apiKey, { graceS: 0 })).json();
    await expect.poll(() => submitStatus(key.apiKey, rotated.secret)).toBe(401);
    expect(await submitStatus(key.apiKey, last.secret)).toBe(200);
  });

  test('keeps its former secret for a day if a rotation says nothing else', async () => {
    const { key } = await created(integrations);
    const { previousSecretExpiresAt } = (await rotate(integrations, key.apiKey)).json().key;
    expect(Date.parse(previousSecretExpiresAt) - clock.nowMs).toBe(86_400_000);
  });

  test('that two people rotate at the same time is rotated once', async () => {
    const { key } = await created(integrations);
    const replies = await Promise.all(
      [administrator, integrations].map((each) => rotate(each, key.apiKey, { secretVersion: 1 })),
    );
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409]);
    expect((await listed(integrations, key.apiKey)).secretVersion).toBe(2);
  });

  test('that is revoked ends at once, stays in the list, and cannot be rotated', async () => {
    const { key, secret } = await created(integrations);
    expect(await submitStatus(key.apiKey, secret)).toBe(200);
    expect((await send('DELETE', pathOf(key.apiKey), integrations)).statusCode).toBe(204);
    await expect.poll(() => submitStatus(key.apiKey, secret)).toBe(401);
    const { state, revokedAt } = await listed(integrations, key.apiKey);
    expect([state, revokedAt]).toEqual(['revoked', new Date(clock.nowMs).toISOString()]);
    clock.advanceS(5);
    expect((await send('DELETE', pathOf(key.apiKey), integrations)).statusCode).toBe(204);
    expect((await listed(integrations, key.apiKey)).revokedAt).toBe(revokedAt);
    expectProblem(await rotate(integrations, key.apiKey), 409);
  });

  test('of another organisation does not exist here', async () => {
    const { apiKey } = await server.key(await server.organisation(), { role: 'submitting-events' });
    for (const id of [apiKey, 'nobody', 'a\0b'])
      for (const reply of [
        await change(administrator, id, { networks: null }),
        await rotate(administrator, id),
        await send('DELETE', pathOf(id), administrator),
      ])
        expectProblem(reply, 404);
    expect(await listed(administrator, apiKey)).toBeUndefined();
  });

  test('that was imported under any id can be rotated and revoked', async () => {
    for (const id of ['a/b ?#%2F:ü', 'x'.repeat(128), 'C0FFEE00-1234-4ABC-8DEF-0123456789AB']) {
      await server.key(tenantId, { authentication: 'hmac', existing: { apiKey: id, secret: 'shared' } });
      expect((await rotate(administrator, id)).json().key.apiKey).toBe(id);
      expect((await send('DELETE', pathOf(id), administrator)).statusCode).toBe(204);
      expect((await listed(administrator, id)).state).toBe('revoked');
    }
  });

  test('that is malformed is refused, and the answer names the member', async () => {
    const count = (await keysOf(tenantId, db.owner)).length;
    for (const [member, value] of [
      ['name', ''],
      ['name', 'a\nb'],
      ['name', 'x'.repeat(201)],
      ['role', 'owner'],
      ['authentication', 'none'],
      ['expiresAt', 'soon'],
      ['expiresAt', new Date(clock.nowMs).toISOString()],
    ]) {
      const reply = await create(administrator, { [member as string]: value });
      expectProblem(reply, 400);
      expect(reply.json().errors[0].path).toBe(`/${member}`);
    }
    const { key } = await created(integrations);
    for (const graceS of [-1, 30 * 86_400 + 1, 0.5])
      expectProblem(await rotate(integrations, key.apiKey, { graceS }), 400);
    expect(await keysOf(tenantId, db.owner)).toHaveLength(count + 1);
  });
});

test('a SCIM token works until it is revoked, and its text is shown once', async () => {
  const expiresAt = new Date(clock.nowMs + 3_600_000).toISOString();
  const reply = await send('POST', TOKENS, administrator, { name: 'Entra', expiresAt });
  const { scimToken, token } = reply.json();
  const users = () => send('GET', '/scim/v2/Users', { authorization: `Bearer ${token}` });
  expect((await users()).statusCode).toBe(200);
  const now = new Date(clock.nowMs).toISOString();
  const { items } = (await send('GET', TOKENS, administrator)).json();
  expect(items).toContainEqual({ ...scimToken, expiresAt, lastUsedAt: now, state: 'active' });
  const path = `${TOKENS}/${scimToken.tokenId.toUpperCase()}`;
  expect((await send('DELETE', path, administrator)).statusCode).toBe(204);
  expect((await users()).statusCode).toBe(401);
  const after = (await send('GET', TOKENS, administrator)).json().items;
  expect(after).toContainEqual({ ...scimToken, lastUsedAt: now, state: 'revoked', revokedAt: now });
  expect(JSON.stringify([items, after]) + server.logs.join('')).not.toContain(token);

  const other = await browserWithRole(
    server,
    await server.organisation(),
    'administrator',
    'eve@example.com',
  );
  expectProblem(await send('DELETE', path, other), 404);
  expectProblem(await send('DELETE', `${TOKENS}/nonsense`, administrator), 404);
  expectProblem(await send('POST', TOKENS, administrator, { name: '' }), 400);
});

test('each change is in the log, with the caller and without the secret', async () => {
  const { key } = await created(administrator);
  await change(program, key.apiKey, { networks: ['127.0.0.1'] });
  await rotate(program, key.apiKey);
  await send('DELETE', pathOf(key.apiKey), integrations);
  const changes = server.logs
    .map((line) => JSON.parse(line))
    .filter(({ changedKey }) => changedKey === key.apiKey)
    .map(({ msg, role, accountId, apiKey }) => [msg, role, typeof accountId, typeof apiKey]);
  expect(changes).toEqual([
    ['a key was created', 'submitting-events', 'string', 'undefined'],
    ['a key was changed', 'submitting-events', 'undefined', 'string'],
    ['a key was rotated', 'submitting-events', 'undefined', 'string'],
    ['a key was revoked', 'submitting-events', 'string', 'undefined'],
  ]);
});

test('a key of the command line and a key of the paths are the same', async () => {
  const { apiKey } = await createKey(
    { tenantId, name: 'by command', role: 'visitor-only', authentication: 'hmac' },
    { owner: db.owner, masterKey: server.masterKey, clock: clock.read },
  );
  const { key } = await created(administrator, { name: 'by path' });
  const names = (await keysOf(tenantId, db.owner)).map(({ apiKey: id, name }) => [id, name]);
  expect(names).toEqual(
    expect.arrayContaining([
      [apiKey, 'by command'],
      [key.apiKey, 'by path'],
    ]),
  );
  expect((await listed(administrator, apiKey)).name).toBe('by command');
});

describe('An organisation', () => {
  const names = (reply: { items: { name: string }[] }) => reply.items.map(({ name }) => name);
  /** Makes credentials by one statement, a second apart. */
  const many = (other: string, table: 'api_keys' | 'scim_tokens', count: number) =>
    db.owner.inTenant(other, (tx) =>
      tx.query(
        table === 'api_keys'
          ? `INSERT INTO api_keys (tenant_id, api_key_folded, api_key, name, role, authentication, secret_sealed, created_at)
             SELECT $1, 'many-' || n, 'many-' || n, 'key ' || n, 'all', 'hmac', 'x', $3::timestamptz + n * interval '1 s'
             FROM generate_series(1, $2) AS n`
          : `INSERT INTO scim_tokens (tenant_id, token_id, name, token_hash, created_at)
             SELECT $1, gen_random_uuid(), 'token ' || n, sha256(n::text::bytea), $3::timestamptz + n * interval '1 s'
             FROM generate_series(1, $2) AS n`,
        [other, count, '2026-03-01T00:00:00Z'],
      ),
    );

  test.each([
    ['api_keys', KEYS, 1_000, { name: 'late', role: 'all', authentication: 'hmac' }, 'key'],
    ['scim_tokens', TOKENS, 100, { name: 'late' }, 'token'],
  ] as const)('has a limit of active %s, and lists them in pages', async (table, url, most, body, word) => {
    const other = await server.organisation();
    const headers = await browserWithRole(server, other, 'administrator', `${table}@example.com`);
    await many(other, table, most - 1);
    // Of two at the same time, one is too many.
    const replies = await Promise.all([1, 2].map(() => send('POST', url, headers, body)));
    expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
    const refused = replies.find(({ statusCode }) => statusCode === 409);
    expect(refused?.json().detail).toContain(`the most; revoke one`);

    const first = (await send('GET', `${url}?limit=2`, headers)).json();
    expect(names(first)).toEqual(['late', `${word} ${most - 1}`]);
    const second = (await send('GET', `${url}?limit=2&after=${first.next}`, headers)).json();
    expect(names(second)).toEqual([`${word} ${most - 2}`, `${word} ${most - 3}`]);
    const all: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page: { items: { name: string }[]; next: string | null } = (
        await send('GET', `${url}?limit=300${after && `&after=${after}`}`, headers)
      ).json();
      all.push(...names(page));
      after = page.next;
    }
    expect([all.length, new Set(all).size]).toEqual([most, most]);
    expectProblem(await send('GET', `${url}?after=nonsense`, headers), 400);

    const [{ apiKey, tokenId }] = first.items;
    await send('DELETE', `${url}/${apiKey ?? tokenId}`, headers);
    expect(names((await send('GET', `${url}?limit=1&active=true`, headers)).json())).toEqual([
      `${word} ${most - 1}`,
    ]);
    expect(names((await send('GET', `${url}?active=false`, headers)).json())).toEqual(['late']);
    expectProblem(await send('GET', `${url}?active=no`, headers), 400);
    expect((await send('POST', url, headers, body)).statusCode).toBe(201);
  });
});
