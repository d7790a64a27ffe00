import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { addOffice, addUser } from './support/directory.ts';
import { basic, login, startTestServer } from './support/server.ts';

const server = await startTestServer();
const { app, clock, db } = server;
await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as AddressInfo;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(async () => {
  agent.destroy();
  await server.close();
});

const tenantId = await server.organisation();
const key = await server.key(tenantId);
const office = await addOffice(db.owner, tenantId);
const person = await addUser(db.owner, tenantId);

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a client of these tests reads any JSON
  json: any;
  /** The client's end of the connection. */
  localPort: number | undefined;
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent }).end(body);
  const [incoming] = await once(outgoing, 'response');
  return {
    status: incoming.statusCode,
    headers: incoming.headers,
    json: JSON.parse(await text(incoming)),
    localPort: outgoing.socket?.localPort,
  };
}

/** The vendor's SDK as it behaves on the wire, with every habit that the server must support. */
class Sdk {
  logins = 0;
  readonly ports = new Set<number | undefined>();
  readonly #region: string;
  readonly #correlationId: string | undefined;
  #token: string | undefined;
  #expiration = 0;

  constructor(region: string, correlationId?: string) {
    this.#region = region;
    this.#correlationId = correlationId;
  }

  async post(path: string, body: object): Promise<Answer> {
    // It compares seconds with milliseconds. The expiration is never in the future, so that it logs in before every
    // call.
    if (this.#expiration < clock.nowMs) await this.#logIn();
    return this.#send(path, { Authorization: `Bearer ${this.#token}` }, body);
  }

  async #logIn(): Promise<void> {
    this.logins++;
    const { status, json } = await this.#send('/v1/auth/', {}, login(key, clock.nowS));
    expect([status, json.authenticated, typeof json.expiration]).toEqual([200, true, 'number']);
    this.#token = json.token;
    this.#expiration = json.expiration;
  }

  async #send(path: string, headers: Record<string, string>, body: object): Promise<Answer> {
    const text = JSON.stringify(body);
    const answer = await send(
      'POST',
      path,
      {
        'Content-Type': 'application/json',
        'x-calven-region': this.#region,
        'Content-Length': String(Buffer.byteLength(text)),
        ...(this.#correlationId === undefined ? {} : { correlationId: this.#correlationId }),
        ...headers,
      },
      text,
    );
    this.ports.add(answer.localPort);
    return answer;
  }
}

/** `Date` objects, which become ISO instants in JSON. */
const events = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    eventId: `event ${index}`,
    timestamp: new Date(clock.nowMs - index * 1_000),
    locationId: office.placeId,
    locationType: 'place',
    userEmail: person.email,
  }));

describe.each(['usce1', 'ause1'])("the vendor's SDK in the region %s", (region) => {
  test('logs in before every call, in one second, over one connection', async () => {
    const sdk = new Sdk(region);
    for (let call = 1; call <= 5; call++) {
      const { status, json } = await sdk.post('/v1/presence/', {
        sourceId: region,
        presenceEvents: events(call),
      });
      expect(status).toBe(200);
      expect(json.results).toEqual(
        events(call).map(({ eventId }) => ({ eventId, resultCode: 0, message: expect.any(String) })),
      );
      expect(sdk.logins).toBe(call);
    }
    expect(sdk.ports.size).toBe(1);
  });

  test('receives its correlationId with every answer, and in errors', async () => {
    const sdk = new Sdk(region, `trace/${region}`);
    const good = await sdk.post('/v1/presence/', { sourceId: 's', presenceEvents: [] });
    expect([good.status, good.headers.correlationid]).toEqual([200, `trace/${region}`]);
    const bad = await sdk.post('/v1/presence/', { presenceEvents: 'none' });
    expect([bad.status, bad.headers.correlationid]).toEqual([400, `trace/${region}`]);
    expect(bad.json.correlationId).toBe(`trace/${region}`);
  });
});

test('many clients can log in and submit at the same time', async () => {
  const clients = Array.from({ length: 20 }, () => new Sdk('usce1'));
  const answers = await Promise.all(
    clients.map((sdk) => sdk.post('/v1/presence/', { sourceId: 'many', presenceEvents: events(3) })),
  );
  expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 200));
});

test('a script sends its token in the Authentication header', async () => {
  const token = await server.token(key);
  const headers = { Authentication: `Bearer ${token}` };
  const { status, json } = await send('GET', '/v1/analytics/users/', headers);
  expect([status, json]).toEqual([200, [expect.objectContaining({ userId: person.userId })]]);
});

test('an access-control system posts with HTTP Basic in one step, in chunks', async () => {
  const headers = {
    Authorization: basic(key),
    'Content-Type': 'application/json; charset=UTF-8',
    'Transfer-Encoding': 'chunked',
  };
  const body = JSON.stringify({ sourceId: 'door', presenceEvents: events(1) });
  for (const path of ['/v1/presence/basic', '/v1/presence/basic/']) {
    const { status, json } = await send('POST', path, headers, body);
    expect([status, json.results[0].resultCode]).toEqual([200, 0]);
  }
});

test('an OAuth client gets its token with a header only, and calls with it', async () => {
  const granted = await send('POST', '/v1/auth/token', { Authorization: basic(key), 'Content-Length': '0' });
  expect(granted.json).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
  const headers = { Authorization: `${granted.json.token_type} ${granted.json.access_token}` };
  expect((await send('GET', '/v1/analytics/locations', headers)).status).toBe(200);
});

describe('a body over the socket', () => {
  const LIMIT = 1024 * 1024;
  const headers = { Authorization: basic(key), 'Content-Type': 'application/json' };
  const padded = (bytes: number) => {
    const body = JSON.stringify({ sourceId: 'big', presenceEvents: [], padding: '' });
    return `${body.slice(0, -2)}${'x'.repeat(bytes - body.length)}"}`;
  };

  test('may be as large as 1 MiB', async () => {
    const body = padded(LIMIT);
    expect(Buffer.byteLength(body)).toBe(LIMIT);
    expect((await send('POST', '/v1/presence/basic', headers, body)).status).toBe(200);
  });

  test('that is larger is a 413 that the client can read, with a content length or in chunks', async () => {
    for (const framing of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await send('POST', '/v1/presence/basic', { ...headers, ...framing }, padded(LIMIT + 1));
      expect(answer.status).toBe(413);
      expect(answer.json).toMatchObject({ status: 413, correlationId: answer.headers.correlationid });
    }
  });
});
