import { afterAll, describe, expect, test } from 'vitest';
import { ENTERPRISE, expectScimError, GROUP, scimClient, USER } from './support/scim.ts';
import { startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const idp = await scimClient(server);
const { app } = server;
const authorization = `Bearer ${idp.token}`;
const PATHS = ['/Users', '/Users/0', '/Groups', '/Groups/0', '/Schemas', '/Nothing', '/Users/0/x', ''];

test('without credentials, and with wrong ones, each path is a 401 of SCIM', async () => {
  for (const path of PATHS) {
    expectScimError(await app.inject(`/scim/v2${path}`), 401);
    for (const given of ['Bearer rcs_x', 'Bearer x', 'Basic eDp5', 'Negotiate x']) {
      expectScimError(await app.inject({ url: `/scim/v2${path}`, headers: { authorization: given } }), 401);
    }
  }
});

test('with a key without access, each path is a 403 of SCIM', async () => {
  const token = await server.token(await server.key(idp.tenantId, { role: 'data-warehouse' }));
  const headers = { authorization: `Bearer ${token}` };
  for (const path of PATHS) expectScimError(await app.inject({ url: `/scim/v2${path}`, headers }), 403);
});

test('an unknown resource or path is a 404', async () => {
  for (const path of [
    '',
    '/',
    '/Nothing',
    '/Users/0',
    '/Users/0/x',
    '/Groups/0',
    `/Users/${idp.tenantId}`,
    '/Schemas/x',
    '/ResourceTypes/x',
  ]) {
    expectScimError(await idp.get(path), 404);
  }
});

test('a path that cannot be decoded is a 400 of SCIM, whoever asks', async () => {
  for (const path of ['/Users/%', '/users/%zz', '/Groups/%ff', '/%']) {
    for (const headers of [{ authorization }, {}]) {
      const reply = await app.inject({ url: `/scim/v2${path}`, headers });
      expect([reply.statusCode, reply.headers['content-type']]).toEqual([400, 'application/scim+json']);
      expect(reply.json()).toMatchObject({ status: '400', scimType: 'invalidSyntax' });
    }
  }
});

test('an object with a toString of its own, in place of a text, is a 400 like any other wrong value', async () => {
  const { id } = await idp.createUser('tostring');
  const value = 'tostring@example.com';
  const given = [{ value, type: 'work' }];
  expect((await idp.patch(`/Users/${id}`, { op: 'add', path: 'emails', value: given })).statusCode).toBe(200);
  const patch = (body: object) => idp.call('PATCH', `/Users/${id}`, body);
  const search = (body: object) => idp.call('POST', '/Users/.search', body);
  for (const wrong of [{ toString: 1 }, { toString: null, valueOf: 1 }, [{ toString: 'x' }]]) {
    const operation = { op: 'replace', path: 'active', value: true };
    expectScimError(await patch({ schemas: [wrong], Operations: [operation] }), 400, 'invalidSyntax');
    for (const name of ['startIndex', 'count', 'attributes', 'excludedAttributes'])
      expectScimError(await search({ [name]: wrong }), 400, 'invalidValue');
    const emails = [
      { value, type: wrong },
      { value: 'other@example.com', type: 'home' },
    ];
    for (const op of ['add', 'replace'])
      expectScimError(
        await idp.patch(`/Users/${id}`, { op, path: 'emails', value: emails }),
        400,
        'invalidValue',
      );
    expectScimError(
      await idp.call('PUT', `/Users/${id}`, { schemas: [USER], userName: 'tostring', emails }),
      400,
      'invalidValue',
    );
    // A removal only compares.
    expect(
      (await idp.patch(`/Users/${id}`, { op: 'remove', path: 'emails', value: emails })).statusCode,
    ).toBe(200);
  }
});

test('a method that a path does not have is a 405, and the answer lists its methods', async () => {
  for (const [method, path, allow] of [
    ['DELETE', '/Users', 'GET, POST'],
    ['POST', '/Users/0', 'GET, PUT, PATCH, DELETE'],
    ['PUT', '/Schemas', 'GET'],
    ['POST', '/ServiceProviderConfig', 'GET'],
    ['GET', '/Groups/.search', 'POST'],
  ] as const) {
    const reply = await idp.call(method, path);
    expectScimError(reply, 405);
    expect(reply.headers.allow).toBe(allow);
  }
});

test('an unsupported function is a 501', async () => {
  for (const path of ['/Me', '/Bulk', '/.search']) expectScimError(await idp.call('POST', path, {}), 501);
});

describe('a body', () => {
  const post = (payload: string, type: string | undefined) =>
    app.inject({
      method: 'POST',
      url: '/scim/v2/Users',
      headers: { authorization, ...(type === undefined ? {} : { 'content-type': type }) },
      payload,
    });

  test('may be SCIM or JSON, and nothing else', async () => {
    const types = [
      'application/scim+json',
      'application/scim+json; charset=utf-8',
      'application/json',
      'application/json;charset=UTF-8',
    ];
    for (const [index, type] of types.entries()) {
      expect((await post(`{"userName":"u${index}"}`, type)).statusCode).toBe(201);
    }
    for (const type of ['text/plain', 'application/xml', undefined]) {
      expect(expectScimError(await post('{"userName":"x"}', type), 415)).toContain('application/scim+json');
    }
    const elsewhere = await app.inject({
      method: 'POST',
      url: '/v1/auth',
      headers: { 'content-type': 'application/scim+json' },
      payload: '{}',
    });
    expect(elsewhere.statusCode).toBe(415);
  });

  test('that is not a JSON object is a 400', async () => {
    for (const body of ['{"userName', '[]', '"x"', 'null']) {
      expectScimError(await post(body, 'application/scim+json'), 400, 'invalidSyntax');
    }
    expectScimError(await idp.call('PUT', '/Users/0'), 400, 'invalidSyntax');
  });

  test('that is too large is a 413', async () => {
    const body = JSON.stringify({ userName: 'x', title: 'x'.repeat(16 * 1024 * 1024) });
    expectScimError(await post(body, 'application/scim+json'), 413);
  });

  test.each([
    ['no userName', {}],
    ['a blank userName', { userName: ' ' }],
    ['a userName that is no text', { userName: ['x'] }],
    ['a userName that cannot be stored', { userName: 'a\u0000b' }],
    ['a text that is too long', { userName: 'x', displayName: 'x'.repeat(1_025) }],
    ['a key that is too long', { userName: 'x', externalId: '\u{1f600}'.repeat(1_000) }],
    ['half a character', { userName: 'x', name: { givenName: '\ud800' } }],
    ['an invalid address', { userName: 'x', emails: [{ value: {}, primary: true }] }],
    ['an invalid active', { userName: 'x', active: 1 }],
    ['an invalid attribute', { userName: 'x', [ENTERPRISE]: { department: {} } }],
  ])('with %s is a 400', async (_what, user) => {
    expectScimError(await idp.call('POST', '/Users', user), 400, 'invalidValue');
  });
});

test('while the schema is outdated, the answer is a 503 of SCIM', async () => {
  const waiting = await startTestServer({}, { lifecycle: { migrated: false } });
  for (const path of ['/Users', '/Nothing']) {
    const reply = await waiting.app.inject({ url: `/scim/v2${path}`, headers: { authorization } });
    expectScimError(reply, 503);
    expect(reply.headers['retry-after']).toBe('2');
  }
  await waiting.close();
});

describe('discovery', () => {
  test('shows the supported functions', async () => {
    const reply = await idp.get('/ServiceProviderConfig/');
    expect(reply.headers['content-type']).toMatch(/^application\/scim\+json/);
    expect(reply.json()).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 1_000 },
      changePassword: { supported: false },
      sort: { supported: false },
      etag: { supported: true },
      authenticationSchemes: [{ type: 'oauthbearertoken' }],
    });
  });

  test('lists the resource types and their schemas, each of which is at its location', async () => {
    for (const [path, ids] of [
      ['/ResourceTypes', ['User', 'Group']],
      ['/Schemas', [USER, ENTERPRISE, GROUP]],
    ] as const) {
      const list = (await idp.get(path)).json();
      expect(list).toMatchObject({ totalResults: ids.length, startIndex: 1, itemsPerPage: ids.length });
      expect(list.Resources.map(({ id }: { id: string }) => id)).toEqual(ids);
      for (const each of list.Resources) {
        const { pathname } = new URL(each.meta.location, 'http://rollcall.example');
        expect((await idp.get(pathname.replace('/scim/v2', ''))).json()).toEqual(each);
      }
    }
    const [user] = (await idp.get('/ResourceTypes')).json().Resources;
    expect(user).toMatchObject({
      endpoint: '/Users',
      schema: USER,
      schemaExtensions: [{ schema: ENTERPRISE, required: false }],
    });
  });

  test('has each sent attribute in a schema', async () => {
    const [core, extension, group] = (await idp.get('/Schemas')).json().Resources;
    const names = (schema: { attributes: { name: string }[] }) =>
      schema.attributes.map(({ name }) => name).toSorted();
    expect(names(core)).toEqual(['active', 'displayName', 'emails', 'groups', 'name', 'userName']);
    expect(names(extension)).toEqual([
      'costCenter',
      'department',
      'division',
      'employeeNumber',
      'manager',
      'organization',
    ]);
    expect(names(group)).toEqual(['displayName', 'members']);
    expect(core.attributes[0]).toEqual({
      name: 'userName',
      type: 'string',
      multiValued: false,
      description: expect.any(String),
      required: true,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    });
  });

  test('has locations that begin with the public URL, if one is set', async () => {
    const behindProxy = await startTestServer({ publicUrl: 'https://rollcall.example.com' });
    const client = await scimClient(behindProxy);
    const { meta } = await client.createUser('ada');
    expect(meta.location).toMatch(/^https:\/\/rollcall\.example\.com\/scim\/v2\/Users\//);
    await behindProxy.close();
  });
});
