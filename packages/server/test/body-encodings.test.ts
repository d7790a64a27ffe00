import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { addSite, goodEvent, presenceRows } from './support/presence.ts';
import { expectProblem } from './support/problems.ts';
import { login, startTestServer } from './support/server.ts';

const server = await startTestServer();
const { app } = server;
const site = await addSite(server);
afterAll(() => server.close());

const MIB = 1024 * 1024;
const TEXT = 'Größe 5 €, “Žižkov”';
const submission = (sourceId = 'door', eventId = sourceId) =>
  JSON.stringify({ sourceId, presenceEvents: [goodEvent(site, { eventId })] });

const post = (payload: string | Buffer, headers: Record<string, string>) =>
  app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { ...site.headers, 'content-type': 'application/json', ...headers },
    payload,
  });
const inGzip = (payload: string | Buffer, coding = 'gzip') =>
  post(gzipSync(payload), { 'content-encoding': coding });

/** Encodes a text as windows-1252, where each character is one byte. */
const windows1252 = (text: string) => {
  // Without `stream`, Node.js 20 decodes this charset as Latin-1.
  const decoder = new TextDecoder('windows-1252');
  const codes = new Map(
    Array.from({ length: 256 }, (_, code) => [decoder.decode(Buffer.of(code), { stream: true }), code]),
  );
  return Buffer.from(Array.from(text, (character) => codes.get(character) ?? 0x3f));
};
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

test.each([
  ['utf-8', (text: string) => Buffer.from(text)],
  ['UTF8', (text: string) => Buffer.from(text)],
  ['utf-16', (text: string) => Buffer.from(text, 'utf16le')],
  ['"utf-16"', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['utf-16', utf16be],
  ['utf-16', (text: string) => utf16be(`\ufeff${text}`)],
  ['utf-16le', (text: string) => Buffer.from(text, 'utf16le')],
  ['UTF-16BE', utf16be],
  ['windows-1252', windows1252],
  ['Windows-1252', windows1252],
  // The Encoding Standard, and so every browser, reads this name as windows-1252.
  ['iso-8859-1', windows1252],
])('a body in the charset that its content type declares is read: %s, form %#', async (charset, encode) => {
  const sourceId =
    charset.includes('utf') || charset.startsWith('UTF')
      ? `${TEXT} 席 😀`
      : TEXT.replace('Ž', 'Z').replace('ž', 'z');
  const reply = await post(encode(submission(sourceId)), {
    'content-type': `application/json; charset=${charset}`,
  });
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toMatchObject({ sourceId, results: [{ eventId: sourceId, resultCode: 0 }] });
});

test('a body with bytes outside the declared charset is a 400, and one with an unknown charset is a 415', async () => {
  const odd = Buffer.concat([Buffer.from(submission(), 'utf16le'), Buffer.of(0x20)]);
  expectProblem(await post(odd, { 'content-type': 'application/json; charset=utf-16' }), 400);
  const reply = await post(submission(), { 'content-type': 'application/json; charset=utf-7' });
  expectProblem(reply, 415);
  expect(reply.json().detail).toContain('UTF-8');
});

test('a body in gzip is read, with any charset and on every route that takes JSON', async () => {
  for (const coding of ['gzip', 'GZIP', 'x-gzip', 'identity, gzip']) {
    expect((await inGzip(submission(coding), coding)).statusCode).toBe(200);
  }
  const reply = await post(gzipSync(Buffer.from(submission(TEXT), 'utf16le')), {
    'content-encoding': 'gzip',
    'content-type': 'application/json; charset=utf-16',
  });
  expect(reply.json()).toMatchObject({ sourceId: TEXT });
  const zipped = (url: string, contentType: string, body: string) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': contentType, 'content-encoding': 'gzip' },
      payload: gzipSync(body),
    });
  const credentials = JSON.stringify(login(site.key, server.clock.nowS));
  expect((await zipped('/v1/auth', 'application/json', credentials)).statusCode).toBe(200);
  const form = new URLSearchParams({ client_id: site.key.apiKey, client_secret: site.key.secret });
  const granted = await zipped('/v1/auth/token', 'application/x-www-form-urlencoded', String(form));
  expect(granted.statusCode).toBe(200);
});

test('the limit for a body holds for its decompressed size too', async () => {
  const padded = (bytes: number) => `${submission('bomb').slice(0, -1)},"x":"${'x'.repeat(bytes)}"}`;
  expect((await inGzip(padded(MIB - 1_000))).statusCode).toBe(200);
  const bomb = gzipSync(padded(200 * MIB));
  expect(bomb.length).toBeLessThan(MIB);
  expectProblem(await post(bomb, { 'content-encoding': 'gzip' }), 413);
});

test('a body that is not gzip, or is incomplete, is a 400 and stores nothing', async () => {
  const zipped = gzipSync(submission('broken'));
  for (const body of [submission('broken'), zipped.subarray(0, -12), Buffer.alloc(0)]) {
    expectProblem(await post(body, { 'content-encoding': 'gzip' }), 400);
  }
  const stored = await presenceRows(server, site);
  expect(stored.filter(({ eventId }) => eventId === 'broken')).toEqual([]);
});

test('identity in any case, and an empty Content-Encoding, mean no encoding', async () => {
  for (const coding of ['identity', 'Identity', '', ' ', 'identity, Identity']) {
    expect([coding, (await post(submission(), { 'content-encoding': coding })).statusCode]).toEqual([
      coding,
      200,
    ]);
  }
});

test('any other encoding is a 415 that lists the supported ones', async () => {
  for (const coding of ['deflate', 'br', 'gzip, gzip', 'gzip, br', 'nonsense']) {
    const reply = await post(deflateSync(submission()), { 'content-encoding': coding });
    expectProblem(reply, 415);
    expect(reply.headers['accept-encoding']).toBe('gzip, identity');
  }
});
