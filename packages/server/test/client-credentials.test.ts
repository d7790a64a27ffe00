import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { revokeKey } from '../src/auth/manage-keys.ts';
import { basic, startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());

const tenantId = await server.organisation();
const key = await server.key(tenantId);
const inBody = { client_id: key.apiKey, client_secret: key.secret };
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

type Reply = Awaited<ReturnType<typeof post>>;
const post = (headers: Record<string, string>, payload?: string | object, url = '/v1/auth/token') =>
  server.app.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) });
const form = (members: Record<string, string>) => new URLSearchParams(members).toString();
/** As RFC 6749 section 2.3.1 says: both parts are form-urlencoded, then HTTP Basic. */
const encodedBasic = ({ apiKey, secret }: { apiKey: string; secret: string }) => {
  const encode = (part: string) => new URLSearchParams({ x: part }).toString().slice(2);
  return basic({ apiKey: encode(apiKey), secret: encode(secret) });
};

function expectToken(reply: Reply): string {
  expect(reply.json()).toEqual({
    access_token: expect.stringMatching(/^ey/),
    expires_in: 3600,
    token_type: 'Bearer',
  });
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['cache-control']).toBe('no-store');
  return reply.json().access_token;
}

/** RFC 6749 section 5.2. */
function expectError(reply: Reply, status: number, error: string): void {
  expect(reply.json()).toEqual({
    error,
    error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/),
    correlationId: reply.headers.correlationid,
  });
  expect(reply.statusCode).toBe(status);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  expect(reply.headers['cache-control']).toBe('no-store');
}

describe('the credentials may come', () => {
  test('in a JSON body, with or without grant_type; null means absent', async () => {
    expectToken(await post({}, inBody));
    expectToken(await post({}, inBody, '/v1/auth/token/'));
    expectToken(await post({}, { ...inBody, grant_type: 'client_credentials', scope: 'ignored' }));
    expectToken(await post({}, { ...inBody, grant_type: null }));
    expectToken(await post({ 'content-type': 'application/json; charset=utf-8' }, JSON.stringify(inBody)));
  });

  test('form-encoded', async () => {
    expectToken(await post(FORM, form({ grant_type: 'client_credentials', ...inBody })));
    expectToken(await post({ 'content-type': `${FORM['content-type']};charset=UTF-8` }, form(inBody)));
  });

  test('in a Basic header, with no body and no content type', async () => {
    expectToken(await post({ authorization: basic(key) }));
  });

  test('in a Basic header, with an empty body of any content type', async () => {
    for (const type of ['application/json', FORM['content-type'], 'text/plain']) {
      const headers = { authorization: basic(key), 'content-type': type };
      expectToken(await post({ ...headers, 'content-length': '0' }));
      expectToken(await post(headers));
    }
  });

  test('in a Basic header, with a body that holds no credentials', async () => {
    const headers = { authorization: basic(key) };
    expectToken(await post(headers, {}));
    expectToken(await post({ ...headers, ...JSON_TYPE }, 'null'));
    expectToken(await post(headers, { grant_type: 'client_credentials', client_secret: null }));
    expectToken(await post({ ...headers, ...FORM }, form({ grant_type: 'client_credentials' })));
    expectToken(await post(headers, { client_id: key.apiKey }));
  });

  test('from a key of the type HMAC', async () => {
    const hmacKey = await server.key(tenantId, { authentication: 'hmac' });
    expectToken(await post({}, { client_id: hmacKey.apiKey, client_secret: hmacKey.secret }));
    expectToken(await post({ authorization: basic(hmacKey) }));
  });

  test('with any characters, in a header with or without url-encoding', async () => {
    const secrets = ['+ / = % :', 'a:b:c', '100%41', 'a+b c%20d', 'pässwörd 🔑', '%zz', '::'];
    for (const [index, secret] of secrets.entries()) {
      const odd = await server.key(tenantId, { existing: { apiKey: `id+${index} %`, secret } });
      expectToken(await post({ authorization: basic(odd) }));
      expectToken(await post({ authorization: encodedBasic(odd) }));
      expectToken(await post({}, { client_id: odd.apiKey, client_secret: secret }));
      expectToken(await post(FORM, form({ client_id: odd.apiKey, client_secret: secret })));
    }
  });

  test('with parameters without a value, which count as omitted (RFC 6749 section 3.2)', async () => {
    expectToken(await post(FORM, form({ grant_type: '', ...inBody })));
    const empty = form({ grant_type: '', client_id: '', client_secret: '' });
    expectToken(await post({ authorization: basic(key), ...FORM }, empty));
    expectError(await post(FORM, form({ ...inBody, client_secret: '' })), 400, 'invalid_request');
  });
});

test('the token opens a guarded route', async () => {
  const token = expectToken(await post({}, inBody));
  const headers = { authorization: `Bearer ${token}` };
  expect((await server.app.inject({ url: '/v1/analytics/users', headers })).statusCode).toBe(200);
});

test('credentials in the header and in the body are accepted if they are equal after decoding', async () => {
  const awkward = await server.key(tenantId, { existing: { apiKey: 'with space', secret: 'p+%3A?é' } });
  for (const { apiKey, secret } of [key, awkward]) {
    const members = { client_id: apiKey, client_secret: secret };
    for (const authorization of [basic({ apiKey, secret }), encodedBasic({ apiKey, secret })]) {
      expectToken(await post({ authorization }, members));
      expectToken(await post({ authorization, ...FORM }, form(members)));
      expectToken(await post({ authorization }, { client_secret: secret }));
      expectToken(await post({ authorization }, { client_id: apiKey }));
    }
  }
  expectToken(await post({ authorization: basic(key) }, { ...inBody, client_id: key.apiKey.toUpperCase() }));
});

test('different credentials in the header and in the body are an invalid_request', async () => {
  const headers = { authorization: basic(key) };
  const other = { client_id: 'another', client_secret: 'other' };
  expectError(await post(headers, { client_id: 'another' }), 400, 'invalid_request');
  expectError(await post(headers, { client_secret: 'other' }), 400, 'invalid_request');
  expectError(await post(headers, { ...inBody, client_secret: `${key.secret} ` }), 400, 'invalid_request');
  expectError(
    await post({ ...headers, ...FORM }, form({ ...inBody, client_id: 'another' })),
    400,
    'invalid_request',
  );
  expectError(
    await post({ authorization: basic({ apiKey: 'x', secret: 'y' }) }, inBody),
    400,
    'invalid_request',
  );
  expectError(await post({ authorization: 'Basic !!!' }, inBody), 400, 'invalid_request');
  // The same, and wrong.
  const wrong = { apiKey: other.client_id, secret: other.client_secret };
  expectError(await post({ authorization: basic(wrong) }, other), 401, 'invalid_client');
});

test('missing or incomplete credentials are an invalid_request', async () => {
  expectError(await post({}), 400, 'invalid_request');
  expectError(await post({}, {}), 400, 'invalid_request');
  expectError(await post({}, { client_id: key.apiKey }), 400, 'invalid_request');
  expectError(await post({}, { client_secret: key.secret }), 400, 'invalid_request');
  expectError(await post(FORM, ''), 400, 'invalid_request');
});

test('a malformed body is an invalid_request', async () => {
  for (const body of ['{', '[]', '"text"', '{"client_id":1}', '{"grant_type":{}}', '']) {
    expectError(await post(JSON_TYPE, body), 400, 'invalid_request');
  }
  expectError(await post(FORM, `${form(inBody)}&client_id=twice`), 400, 'invalid_request');
  expectError(await post({ 'content-type': 'text/plain' }, 'x'), 415, 'invalid_request');
});

test('another grant type is an unsupported_grant_type', async () => {
  for (const grant_type of ['password', 'authorization_code', 'CLIENT_CREDENTIALS']) {
    expectError(await post({}, { ...inBody, grant_type }), 400, 'unsupported_grant_type');
    expectError(await post(FORM, form({ ...inBody, grant_type })), 400, 'unsupported_grant_type');
  }
});

test('an unknown, wrong, revoked or expired client is an invalid_client, with a challenge only after a header', async () => {
  const { clock, db } = server;
  const revoked = await server.key(tenantId);
  await revokeKey(revoked.apiKey, { owner: db.owner, clock: clock.read });
  const expired = await server.key(tenantId, { expiresAt: new Date(clock.nowMs) });
  const bodies = new Set<string>();
  for (const wrong of [
    { apiKey: 'nobody', secret: key.secret },
    { apiKey: key.apiKey, secret: 'wrong' },
    { apiKey: 'nul \0 id', secret: 'x' },
    revoked,
    expired,
  ]) {
    const byBody = await post(
      { correlationid: 'c' },
      { client_id: wrong.apiKey, client_secret: wrong.secret },
    );
    expectError(byBody, 401, 'invalid_client');
    expect(byBody.headers).not.toHaveProperty('www-authenticate');
    const byHeader = await post({ correlationid: 'c', authorization: basic(wrong) });
    expectError(byHeader, 401, 'invalid_client');
    expect(byHeader.headers['www-authenticate']).toMatch(/^Basic realm="rollcall"/);
    bodies.add(byBody.body).add(byHeader.body);
  }
  expect(bodies.size).toBe(1);
});

test('a header of another scheme, or with invalid Basic, is an invalid_client', async () => {
  for (const authorization of ['Bearer x', 'Negotiate x', 'Basic', 'Basic !!!', 'Basic bm9jb2xvbg==']) {
    const reply = await post({ authorization });
    expectError(reply, 401, 'invalid_client');
    expect(reply.headers['www-authenticate']).toMatch(/^Basic /);
  }
});

test('expires_in is the configured lifetime', async () => {
  const brief = await startTestServer({ tokenLifeS: 90 });
  const { apiKey, secret } = await brief.key(await brief.organisation());
  const payload = { client_id: apiKey, client_secret: secret };
  const reply = await brief.app.inject({ method: 'POST', url: '/v1/auth/token', payload });
  expect(reply.json()).toMatchObject({ expires_in: 90 });
  await brief.close();
});

test('a request like that of curl -X POST -u, with a content type and no length, gets its token', async () => {
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.app.server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Authorization: ${basic(key)}\r\n\r\n`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*"access_token":"ey/);
});
