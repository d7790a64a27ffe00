import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { addOffice, addUser } from './support/directory.ts';
import { expectProblem } from './support/problems.ts';
import { basic, startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app, db } = server;
const tenantId = await server.organisation();
const key = await server.key(tenantId);
const office = await addOffice(db.owner, tenantId);
const person = await addUser(db.owner, tenantId);
const authorization = basic(key);

const EVENT = {
  eventId: 'e',
  timestamp: '2026-03-10T09:00:00Z',
  locationId: office.placeId,
  locationType: 'place',
  userId: person.userId,
};
const SUBMISSION = { sourceId: 's', presenceEvents: [EVENT] };

const post = (payload: string | Buffer | object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: '/v1/presence/basic', payload, headers: { authorization, ...headers } });
const JSON_TYPE = { 'content-type': 'application/json' };

async function resultOf(payload: string | Buffer | object): Promise<number> {
  const reply = await post(payload, JSON_TYPE);
  expect(reply.statusCode).toBe(200);
  return reply.json().results[0].resultCode;
}

describe("the caller's correlationId", () => {
  const echoed = async (correlationid: string) => {
    const reply = await app.inject({ url: '/v1/presence', headers: { correlationid } });
    expectProblem(reply, 405);
    expect(reply.json().correlationId).toBe(reply.headers.correlationid);
    expect(server.logs.at(-1)).toContain(JSON.stringify(reply.headers.correlationid));
    return reply.headers.correlationid;
  };

  test('comes back, is logged and is in the error, if it has at most 128 visible ASCII characters', async () => {
    for (const given of ['a', '~!"#{}', 'x'.repeat(128)]) expect(await echoed(given)).toBe(given);
  });

  test('is replaced by a new one otherwise', async () => {
    const seen = new Set<unknown>();
    for (const given of ['', 'x'.repeat(129), 'a b', 'a\tb', 'sm\u00f8rrebr\u00f8d', 'a, b']) {
      const id = await echoed(given);
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      seen.add(id);
    }
    expect(seen.size).toBe(6);
  });

  test('is also on successful answers', async () => {
    const reply = await app.inject({ url: '/healthz', headers: { correlationid: 'mine' } });
    expect([reply.statusCode, reply.headers.correlationid]).toEqual([200, 'mine']);
  });
});

describe('a content type', () => {
  test('of JSON may have parameters and any case', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;charset="UTF-8"',
      'application/json ; odata=verbose',
    ]) {
      expect((await post(JSON.stringify(SUBMISSION), { 'content-type': type })).statusCode).toBe(200);
    }
  });

  test('other than JSON is a 415, and so is a missing one', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/xml',
      'nonsense',
    ]) {
      expectProblem(await post(JSON.stringify(SUBMISSION), { 'content-type': type }), 415);
    }
    const untyped = await app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      payload: Buffer.from(JSON.stringify(SUBMISSION)),
      headers: { authorization },
    });
    expectProblem(untyped, 415);
  });
});

describe('a body', () => {
  test('may have unknown members', async () => {
    const event = { ...EVENT, extra: { deep: [1] }, toString: 'x', hasOwnProperty: 1 };
    expect(await resultOf({ ...SUBMISSION, unknown: null, presenceEvents: [event] })).toBe(0);
  });

  test('may have null for an optional member, which counts as absent', async () => {
    const event = { ...EVENT, userEmail: null, sourceUserId: null };
    expect(await resultOf({ ...SUBMISSION, presenceEvents: [event] })).toBe(0);
    const nobody = { ...EVENT, userId: null };
    expect(await resultOf({ ...SUBMISSION, presenceEvents: [nobody] })).toBe(1);
    expectProblem(await post({ ...SUBMISSION, sourceId: null }), 400);
  });

  test('cannot change a prototype', async () => {
    const { userId, ...event } = EVENT;
    for (const attempt of [
      `"__proto__":{"userId":"${userId}"}`,
      `"constructor":{"prototype":{"userId":"${userId}"}}`,
      `"\\u005f_proto__":{"userId":"${userId}"}`,
    ]) {
      const body = JSON.stringify({ ...SUBMISSION, presenceEvents: [{ ...event, eventId: 'proto' }] });
      expect(await resultOf(body.replace('"eventId"', `${attempt},"eventId"`))).toBe(1);
    }
    expect(({} as Record<string, unknown>).userId).toBeUndefined();
    const { rows } = await db.owner.inTenant(tenantId, (tx) =>
      tx.query('SELECT event FROM refused_events WHERE tenant_id = $1 AND event_id = $2', [
        tenantId,
        'proto',
      ]),
    );
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.event).not.toMatch(/proto_|constructor/);
  });

  test('may begin with a byte order mark', async () => {
    expect(await resultOf(`\ufeff${JSON.stringify(SUBMISSION)}`)).toBe(0);
  });

  test('that is not UTF-8 is a 400, and so is a missing body or one that is not JSON', async () => {
    const latin = Buffer.from(JSON.stringify({ ...SUBMISSION, sourceId: 'ø' }), 'latin1');
    for (const body of [
      latin,
      Buffer.from([0xff, 0xfe, 0x7b]),
      '{',
      '{"a":01}',
      '',
      ' ',
      'undefined',
      'NaN',
    ]) {
      const reply = await post(body, JSON_TYPE);
      expectProblem(reply, 400);
      expect(reply.json().errors).toEqual([{ path: '', message: expect.any(String) }]);
    }
  });

  test('that is malformed is a 400 that names the member', async () => {
    const pathOf = async (body: object) => (await post(body)).json().errors[0].path;
    expect(await pathOf([])).toBe('');
    expect(await pathOf({ sourceId: 's' })).toBe('/presenceEvents');
    expect(await pathOf({ ...SUBMISSION, presenceEvents: [EVENT, { ...EVENT, eventId: 7 }] })).toBe(
      '/presenceEvents/1/eventId',
    );
  });
});

describe('a path', () => {
  test('that does not exist is a 404', async () => {
    for (const url of [
      '/',
      '/v1',
      '/v1/presences',
      '/v1/presence/basic/x',
      '/nothing(',
      '/*',
      '/:id',
      '/docs/static/x',
    ]) {
      expectProblem(await app.inject(url), 404);
    }
  });

  test('that cannot be decoded is a 400', async () => {
    for (const url of ['/%zz', '/v1/presence/%ff', '/v1/auth%']) {
      const reply = await app.inject({ url, headers: { correlationid: 'mine' } });
      expectProblem(reply, 400);
      expect(reply.headers.correlationid).toBe('mine');
      expect(server.logs.at(-1)).toContain('"mine"');
    }
  });

  test('with a wrong method is a 405 that lists the right ones', async () => {
    for (const [method, url, allow] of [
      ['GET', '/v1/auth/', 'POST'],
      ['PUT', '/v1/presence', 'POST'],
      ['DELETE', '/v1/analytics/users/', 'GET, HEAD'],
      ['OPTIONS', '/v1/auth/token', 'POST'],
    ] as const) {
      const reply = await app.inject({ method, url });
      expectProblem(reply, 405);
      expect(reply.headers.allow).toBe(allow);
    }
  });
});

describe('over a socket,', () => {
  const open = async (): Promise<Socket> => {
    if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  test('a request whose client closes before its end gets no answer and no line in the log', async () => {
    const lines = server.logs.length;
    const socket = await open();
    socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: ');
    expect(await text(socket)).toBe('');
    expect(server.logs.slice(lines).join('')).not.toContain('answered bytes that are not a valid request');
  });

  test.each([
    [400, 'text that is not HTTP', 'nonsense\r\n\r\n'],
    [400, 'an invalid content length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n'],
    [431, 'headers that are too long', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('a %i for %s is a problem document', async (status, _name, sent) => {
    const socket = await open();
    socket.end(sent);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/problem\+json/im);
    const problem = JSON.parse(body);
    expect(problem).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      detail: expect.any(String),
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(head).toContain(`correlationId: ${problem.correlationId}`);
    expect(server.logs.at(-1)).toContain(problem.correlationId);
  });

  test('answers have the headers that protect browsers, each once, like any answer', async () => {
    const socket = await open();
    socket.end('GET /v1/presence HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [head = ''] = (await text(socket)).split('\r\n\r\n');
    const injected = await app.inject({ url: '/v1/presence' });
    const names = head.split('\r\n').map((line) => (line.split(':')[0] ?? '').toLowerCase());
    for (const [name, value] of Object.entries(injected.headers)) {
      expect(
        names.filter((other) => other === name),
        name,
      ).toHaveLength(1);
      if (/^(x-|cross-origin-|referrer-policy)/.test(name)) {
        expect(head.toLowerCase()).toContain(`${name}: ${String(value).toLowerCase()}`);
      }
    }
    expect(injected.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    });
  });

  test('a request on an open connection is still answered after the server begins to close', async () => {
    const socket = await open();
    const closed = app.close();
    await expect.poll(() => app.server.listening).toBe(false);
    const body = JSON.stringify(SUBMISSION);
    socket.write(
      `POST /v1/presence/basic HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await text(socket);
    await closed;
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/^connection: close/im);
  });
});
