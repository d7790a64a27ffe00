import { once } from 'node:events';
import http from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { DEEPEST_JSON, MOST_JSON_PARTS } from '../src/http/json-gauge.ts';
import { send, writeThenRead } from './support/bodies.ts';
import { addSite, goodEvent, presenceRows } from './support/presence.ts';
import { basic, startTestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';
import { until } from './support/waiting.ts';

const server = await startTestServer();
const site = await addSite(server);
const visitorKey = await server.key(site.tenantId, { role: 'visitor-only' });
const baseUrl = await listen(server);
afterAll(() => server.close());

const MIB = 1024 * 1024;
const PRESENCE = `${baseUrl}/v1/presence/basic`;
const ATTRIBUTES = `${baseUrl}/v1/directory-management/user-attributes/basic`;
const { headers } = site;
const event = (eventId: string) => JSON.stringify(goodEvent(site, { eventId }));
const withExtra = (extra: string, eventId = 'extra') =>
  `{"sourceId":"door","extra":${extra},"presenceEvents":[${event(eventId)}]}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('A body of JSON', () => {
  test('may be nested up to the limit, and no deeper', async () => {
    const extra = nested(DEEPEST_JSON - 1);
    expect((await send(PRESENCE, { headers, body: withExtra(extra) }).answer).status).toBe(200);
    const { status, text } = await send(PRESENCE, { headers, body: withExtra(`[${extra}]`) }).answer;
    expect(status).toBe(400);
    expect(JSON.parse(text).detail).toContain('deep');
  });

  test('may have brackets in its texts, which do not count', async () => {
    const text = JSON.stringify(`${'[{"\\'.repeat(200)}"`);
    expect((await send(PRESENCE, { headers, body: withExtra(text) }).answer).status).toBe(200);
  });

  test.each([
    ['lists', '[],', 2],
    ['objects', '{},', 2],
    ['numbers', '0,', 1],
    ['names', '{"k":0},', 5],
  ])('may have many %s, but not more than the server can parse quickly', async (_what, value, parts) => {
    const extra = (count: number) => `[${value.repeat(count)}0]`;
    const enough = Math.floor((MOST_JSON_PARTS - 100) / parts);
    const status = async (body: string) => (await send(ATTRIBUTES, { headers, body }).answer).status;
    expect(await status(`{"userAttributes":[],"extra":${extra(enough)}}`)).toBe(200);
    expect(await status(`{"userAttributes":[],"extra":${extra(enough + 200)}}`)).toBe(413);
  });

  test('that is nested too deeply is refused before all of it has arrived, also where a route has a lower size limit', async () => {
    const { answer } = send(ATTRIBUTES, { headers, body: '['.repeat(1_000), announced: 16 * MIB });
    expect((await answer).status).toBe(400);
  });
});

test('A large body arrives unchanged, wherever its characters of several bytes are cut', async () => {
  const name = `${'é席😀x'.repeat(100_000)}`;
  const body = JSON.stringify({ userAttributes: [{ userName: `nobody${name}`, attributes: {} }] });
  const { status, text } = await send(ATTRIBUTES, { headers, body }).answer;
  expect(status).toBe(200);
  expect((JSON.parse(text) as { results: { userName: string }[] }).results[0]?.userName).toBe(
    `nobody${name}`,
  );
});

describe('A slow body', () => {
  test.each([
    ['one byte and then nothing', [1, 0]],
    ['many bytes at first, and then nothing', [200_000, 0]],
    ['less than 1 KiB each second', [1, 3_000]],
  ])('ends with a 408 and a closed connection: %s', async (_what, [first, then]) => {
    const { request, answer } = send(PRESENCE, { headers, body: ' '.repeat(first ?? 0), announced: MIB });
    const [socket] = await once(request, 'socket');
    let isAnswered = false;
    const result = answer.finally(() => {
      isAnswered = true;
    });
    // Two measuring periods: the first may have had enough bytes.
    while (!isAnswered) {
      server.stopwatch.nowMs += 5_000;
      if (then) request.write(' '.repeat(then));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { status, text, headers: answered } = await result;
    expect(status).toBe(408);
    expect(JSON.parse(text)).toMatchObject({ status: 408, correlationId: answered.correlationid });
    expect(answered.connection).toBe('close');
    if (!socket.destroyed) await once(socket, 'close');
  });

  test('is read to its end while it brings 1 KiB each second', async () => {
    const body = withExtra(JSON.stringify('x'.repeat(40_000)), 'steady');
    const request = http.request(PRESENCE, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length },
    });
    const answered = once(request, 'response');
    for (let at = 0; at < body.length; at += 8_000) {
      // A stalled request shows that the server has checked the rate.
      const stalled = send(PRESENCE, {
        headers: { ...headers, expect: '100-continue' },
        body: '{',
        announced: MIB,
      });
      await once(stalled.request, 'continue');
      await new Promise<void>((resolve) => request.write(body.slice(at, at + 8_000), () => resolve()));
      server.stopwatch.nowMs += 6_000;
      expect((await stalled.answer).status).toBe(408);
    }
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    await until(async () => (await presenceRows(server, site)).some(({ eventId }) => eventId === 'steady'));
  });
});

describe('An answer before the body was read', () => {
  const MEBIBYTE = Buffer.alloc(MIB, 0x20);
  const head = (path: string, fields: Record<string, string | number>) =>
    [
      `POST ${path} HTTP/1.1`,
      'host: test',
      'content-type: application/json',
      ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n');
  const pieces = (start: string, mebibytes: number) => [start, ...Array(mebibytes).fill(MEBIBYTE)];
  const { authorization } = headers;
  const closing = { connection: 'close' };

  test('with 413 reaches a client that writes the whole body first, announced or in chunks', async () => {
    const announced = head('/v1/presence/basic', { authorization, 'content-length': 30 * MIB });
    expect(await writeThenRead(baseUrl, pieces(announced, 30))).toMatch(/^HTTP\/1.1 413 .*"status":413/s);
    const chunked = head('/v1/presence/basic', { authorization, 'transfer-encoding': 'chunked' });
    const chunks = Array.from({ length: 30 }, () => [`${MIB.toString(16)}\r\n`, MEBIBYTE, '\r\n']).flat();
    expect(await writeThenRead(baseUrl, [chunked, ...chunks, '0\r\n\r\n'])).toMatch(/^HTTP\/1.1 413 /);
  });

  test('with 401, 403, 404, 400 and 415 does, too', async () => {
    const length = { 'content-length': 20 * MIB, ...closing };
    for (const [status, path, fields] of [
      [401, '/v1/presence/basic', {}],
      [403, '/v1/presence/basic', { authorization: basic(visitorKey) }],
      [404, '/v1/nothing', {}],
      [415, '/v1/presence/basic', { authorization, 'content-encoding': 'br' }],
    ] as const) {
      expect(await writeThenRead(baseUrl, pieces(head(path, { ...fields, ...length }), 20))).toMatch(
        `HTTP/1.1 ${status} `,
      );
    }
    const deep = head('/v1/directory-management/user-attributes/basic', {
      authorization,
      'content-length': 16 * MIB,
      ...closing,
    });
    const lists = Array(16).fill(Buffer.alloc(MIB, '['));
    expect(await writeThenRead(baseUrl, [deep, ...lists])).toMatch(/^HTTP\/1.1 400 .*deep/s);
  });

  test('with 431 does, too, although the server parses no request', async () => {
    const long = `GET / HTTP/1.1\r\nhost: test\r\nx: ${'x'.repeat(8 * MIB)}\r\n\r\n`;
    expect(await writeThenRead(baseUrl, [long])).toMatch(/^HTTP\/1.1 431 /);
  });

  test('leaves the connection usable for the next request', async () => {
    const wrong = head('/v1/presence/basic', { 'content-length': 2 * MIB });
    const body = withExtra('0', 'next');
    const next = `${head('/v1/presence/basic', { authorization, 'content-length': body.length, ...closing })}${body}`;
    const text = await writeThenRead(baseUrl, [wrong, MEBIBYTE, MEBIBYTE, next]);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200']);
  });

  test('comes without 100 Continue, so that the client does not send the body; an accepted client gets 100 Continue', async () => {
    const expecting = (fields: http.OutgoingHttpHeaders, bytes: number) => {
      const request = http.request(PRESENCE, {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': 'application/json',
          expect: '100-continue',
          'content-length': bytes,
          ...fields,
        },
      });
      let goesOn = false;
      request.on('continue', () => {
        goesOn = true;
      });
      const status = once(request, 'response').then(([response]) => {
        response.resume();
        return [response.statusCode, goesOn, response.headers.connection];
      });
      request.flushHeaders();
      return { request, status };
    };
    expect(await expecting(headers, 2 * MIB).status).toEqual([413, false, 'close']);
    expect(await expecting({}, 1_000).status).toEqual([401, false, 'close']);
    const body = withExtra('0', 'expected');
    const { request, status } = expecting(headers, body.length);
    await once(request, 'continue');
    request.end(body);
    expect((await status).slice(0, 2)).toEqual([200, true]);
  });
});

describe('DELETE and GET take no body, and ignore its content type', () => {
  const { app } = server;
  const routes = app.routeTable.flatMap(({ method, url, schema }) =>
    [method]
      .flat()
      .filter((each) => each === 'DELETE' || each === 'GET')
      .map((each) => ({ method: each as 'DELETE' | 'GET', url, schema })),
  );

  test('on every path: the answer is the same as without a content type', async () => {
    expect(routes.filter(({ method }) => method === 'DELETE').length).toBeGreaterThan(5);
    const token = await server.token(site.key);
    for (const { method, url } of routes) {
      const path = url.replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000').replace('*', 'x');
      const authorized = url.endsWith('/basic') ? headers.authorization : `Bearer ${token}`;
      const statusOf = async (fields: Record<string, string>, payload?: string) => {
        const sent = { authorization: authorized, ...fields };
        return (await app.inject({ method, url: path, headers: sent, ...(payload ? { payload } : {}) }))
          .statusCode;
      };
      const expected = await statusOf({});
      for (const [type, payload] of [
        ['application/json'],
        ['application/scim+json; charset=utf-8'],
        ['text/plain'],
        ['application/json', 'not JSON'],
      ] as const) {
        expect([method, url, type, await statusOf({ 'content-type': type }, payload)]).toEqual([
          method,
          url,
          type,
          expected,
        ]);
      }
    }
  });

  test('a user is deleted over SCIM with the content type of JSON, and with no body, an empty chunked one, or any other', async () => {
    const token = await server.token(site.key);
    const users = `${baseUrl}/scim/v2/Users`;
    const bearer = { authorization: `Bearer ${token}` };
    for (const [index, fields] of [
      {},
      { 'transfer-encoding': 'chunked' },
      { 'content-length': '2' },
    ].entries()) {
      const created = await send(users, { headers: bearer, body: `{"userName":"gone${index}"}` }).answer;
      const { id } = JSON.parse(created.text) as { id: string };
      const body = 'content-length' in fields ? '{}' : '';
      const deleted = send(`${users}/${id}`, { method: 'DELETE', headers: { ...bearer, ...fields }, body });
      expect((await deleted.answer).status).toBe(204);
    }
  });
});
