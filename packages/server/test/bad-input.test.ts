import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addSite,
  goodEvent,
  presenceRows,
  refusedRows,
  results,
  type Site,
  submit,
} from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await addSite(server);
});
afterAll(() => server.close());

const good = (members = {}) => goodEvent(site, members);
const NUL = '\0';
const LONE_SURROGATES = ['\ud800', 'a\udc00b'];

/** Sends a body unchanged. */
const post = (payload: string | Buffer, contentType: string | undefined = 'application/json') =>
  server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { ...site.headers, ...(contentType ? { 'content-type': contentType } : {}) },
    payload,
  });

describe('a malformed request is one error, stores nothing, and is kept for the operator without a code', () => {
  const envelope = (members: string) => `{"sourceId":"door","presenceEvents":[${members}]}`;
  const withGood = (bad: object) => envelope(`${JSON.stringify(good())},${JSON.stringify(bad)}`);

  async function expectMalformed(
    reply: { statusCode: number; headers: object; json(): unknown },
    path: string | undefined,
  ) {
    expect(reply.statusCode).toBe(400);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/problem+json' });
    expect(reply.json()).toMatchObject({ status: 400, correlationId: expect.any(String) });
    if (path !== undefined) expect(reply.json()).toMatchObject({ errors: [{ path }] });
    expect(await presenceRows(server, site)).toEqual([]);
    expect(await refusedRows(server, site)).toEqual([
      expect.objectContaining({ endpoint: 'presence', eventId: null, resultCode: null }),
    ]);
  }

  test.each(['', '{', 'null}', '<xml/>', '{"sourceId":"door"', 'NaN'])('not JSON: %j', async (text) => {
    await expectMalformed(await post(text), '');
  });

  test.each(['null', '[]', '"text"', '7', 'true'])('not an object: %s', async (text) => {
    await expectMalformed(await post(text), '');
  });

  test('not UTF-8', async () => {
    const text = Buffer.from(envelope(JSON.stringify(good({ eventId: 'caf\u00e9' }))), 'latin1');
    await expectMalformed(await post(text), '');
  });

  test.each([
    ['sourceId', { presenceEvents: [] }],
    ['sourceId', { sourceId: null, presenceEvents: [] }],
    ['sourceId', { sourceId: 7, presenceEvents: [] }],
    ['presenceEvents', { sourceId: 'door' }],
    ['presenceEvents', { sourceId: 'door', presenceEvents: null }],
    ['presenceEvents', { sourceId: 'door', presenceEvents: {} }],
    ['presenceEvents/0', { sourceId: 'door', presenceEvents: ['e1'] }],
    ['presenceEvents/0', { sourceId: 'door', presenceEvents: [null] }],
  ])('%s is wrong in %j', async (member, body) => {
    await expectMalformed(await post(JSON.stringify(body)), `/${member}`);
  });

  test.each(['eventId', 'timestamp', 'locationId', 'locationType'])('%s missing or null', async (member) => {
    for (const value of [undefined, null]) {
      site = await addSite(server);
      await expectMalformed(await post(withGood(good({ [member]: value }))), `/presenceEvents/1/${member}`);
    }
  });

  test.each(['eventId', 'timestamp', 'locationId', 'locationType', 'userId', 'userEmail', 'sourceUserId'])(
    '%s of another type than text',
    async (member) => {
      for (const value of [7, true, {}, ['x']]) {
        site = await addSite(server);
        await expectMalformed(await post(withGood(good({ [member]: value }))), `/presenceEvents/1/${member}`);
      }
    },
  );

  test('101 events, which is one more than the limit', async () => {
    const events = Array.from({ length: 101 }, (_, index) => good({ eventId: String(index) }));
    await expectMalformed(await submit(server, site, events), '/presenceEvents');
    expect((await submit(server, site, events.slice(1))).statusCode).toBe(200);
    expect(await presenceRows(server, site)).toHaveLength(100);
  });

  test('another content type, or none, is 415', async () => {
    for (const contentType of [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      undefined,
    ]) {
      const reply = await server.app.inject({
        method: 'POST',
        url: '/v1/presence/basic',
        headers: { ...site.headers, ...(contentType ? { 'content-type': contentType } : {}) },
        payload: Buffer.from(envelope(JSON.stringify(good()))),
      });
      expect([contentType, reply.statusCode]).toEqual([contentType, 415]);
    }
    expect(await presenceRows(server, site)).toEqual([]);
    expect((await post(envelope(JSON.stringify(good())), 'application/json; charset=utf-8')).statusCode).toBe(
      200,
    );
  });

  test('a body that is too large is 413', async () => {
    const reply = await post(envelope(JSON.stringify(good({ note: 'x'.repeat(1_048_576) }))));
    expect(reply.statusCode).toBe(413);
    expect(await refusedRows(server, site)).toHaveLength(1);
  });
});

describe('an unacceptable value refuses only its event, with code 3', () => {
  /** Sends the bad events between two good ones and returns their results. The good events must be stored. */
  async function amongGood(bad: object[]) {
    const batch = [
      good({ eventId: 'first' }),
      ...bad.map((members) => ({ ...good({ eventId: 'bad' }), ...members })),
      good({ eventId: 'last' }),
    ];
    const answered = await results(server, site, batch);
    const codes = answered.map((each) => each.resultCode);
    expect(codes).toEqual([0, ...bad.map(() => 3), 0]);
    const stored = (await presenceRows(server, site)).map((row) => row.eventId);
    expect(stored.toSorted()).toEqual(['first', 'last']);
    expect(await refusedRows(server, site)).toHaveLength(bad.length);
    return answered.slice(1, -1);
  }

  test.each([
    [
      'no instant',
      ['', 'yesterday', '1773133200', '2026-03-10', '09:00', '2026-03-10T', '2026-03-10T25:00:00Z'],
    ],
    [
      'no date that exists',
      ['2026-02-30T09:00:00Z', '2025-02-29T09:00:00Z', '2026-13-01T09:00:00Z', '2026-00-10T09:00Z'],
    ],
    [
      'out of range',
      ['0000-01-01T00:00:00Z', '0001-01-01T00:00Z', '1999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59Z'],
    ],
    ['ahead', ['2026-03-11T12:00:00.000001Z', '2026-03-11T12:00:01Z', '9999-12-31T23:59:59-23:59']],
    [
      'absurd',
      [`2026-03-10T09:00:00.${'1'.repeat(990)}Z `, '+002026-03-10T09:00:00Z', '2026-03-10T09:00:00+24:00'],
    ],
  ])('timestamp: %s', async (_, timestamps) => {
    const message = expect.stringMatching(/^timestamp /);
    expect(await amongGood(timestamps.map((timestamp) => ({ timestamp })))).toEqual(
      timestamps.map(() => ({ eventId: 'bad', resultCode: 3, message })),
    );
  });

  test('the ends of the range are accepted: 2000-01-01 and 24 hours ahead', async () => {
    const edges = ['2000-01-01T00:00:00Z', '2026-03-11T12:00:00Z', '2024-02-29T12:00:00Z'];
    const answered = await results(
      server,
      site,
      edges.map((timestamp) => good({ timestamp })),
    );
    expect(answered.map((each) => each.resultCode)).toEqual([0, 0, 0]);
  });

  test('locationType that is not exactly one of the five', async () => {
    const types = ['', 'desk', 'Place', 'places', ' place', '__proto__', 'constructor'];
    for (const { message } of await amongGood(types.map((locationType) => ({ locationType })))) {
      expect(message).toMatch(/^locationType must be one of location, level/);
    }
  });

  test.each(['eventId', 'timestamp', 'locationId', 'locationType', 'userId', 'userEmail', 'sourceUserId'])(
    '%s: NUL, lone surrogates, too long; the answer has the eventId as sent',
    async (member) => {
      const base = String(good()[member] ?? 'x');
      const texts = [
        ...[NUL, ...LONE_SURROGATES].map((text) => base + text),
        'x'.repeat(1_025),
        'x'.repeat(100_000),
        '\u00e9'.repeat(100_000),
      ];
      const message = expect.stringMatching(new RegExp(`^${member} `));
      expect(await amongGood(texts.map((text) => ({ [member]: text })))).toEqual(
        texts.map((text) => ({ eventId: member === 'eventId' ? text : 'bad', resultCode: 3, message })),
      );
    },
  );

  test('sourceId: the whole call is refused with a reason for each event, and the answer has the sourceId as sent', async () => {
    for (const text of [NUL, ...LONE_SURROGATES, 'x'.repeat(1_025), 'x'.repeat(100_000)]) {
      const reply = await submit(server, site, [good({ eventId: 'a' }), good({ eventId: 'b' })], text);
      expect(reply.statusCode).toBe(200);
      const message = expect.stringMatching(/^sourceId /);
      expect(reply.json()).toEqual({
        sourceId: text,
        timestamp: '2026-03-10T12:00:00.000Z',
        results: [
          { eventId: 'a', resultCode: 3, message },
          { eventId: 'b', resultCode: 3, message },
        ],
      });
    }
    expect(await presenceRows(server, site)).toEqual([]);
    expect(await refusedRows(server, site)).toHaveLength(10);
  });
});

describe('an unusual but acceptable value is stored as sent', () => {
  test('texts of 1,024 characters, empty ones, quotes, emoji, control characters', async () => {
    const texts = [
      'x'.repeat(1_024),
      '\u{1f600}'.repeat(512),
      '',
      `'"\\;--`,
      '\u0001\u2028\ufffe',
      '__proto__',
    ];
    for (const text of texts) {
      await results(server, site, [good({ eventId: text, sourceUserId: text })], text);
    }
    const rows = await presenceRows(server, site);
    const stored = rows.map((row) => [row.eventId, row.sourceUserId, row.sourceId]);
    expect(stored.toSorted()).toEqual(texts.map((text) => [text, text, text]).toSorted());
  });

  test('members named __proto__ and constructor are ignored like any unknown member', async () => {
    const event = JSON.stringify(good()).slice(0, -1);
    const body = `{"sourceId":"door","__proto__":{"x":1},"presenceEvents":[${event},"__proto__":{"userId":null},
      "constructor":{"prototype":{"eventId":"x"}}}]}`;
    const reply = await post(body);
    expect(reply.json()).toMatchObject({ results: [{ eventId: 'e1', resultCode: 0 }] });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
