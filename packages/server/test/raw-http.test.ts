import { afterAll, describe, expect, test } from 'vitest';
import { writeThenRead } from './support/bodies.ts';
import { addSite, goodEvent, presenceRows } from './support/presence.ts';
import { startTestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';

const server = await startTestServer();
const site = await addSite(server);
const baseUrl = await listen(server);
afterAll(() => server.close());

const { authorization = '' } = site.headers as Record<string, string>;
const submission = (eventId: string) =>
  JSON.stringify({ sourceId: 'door', presenceEvents: [goodEvent(site, { eventId })] });

/** A request without its last lines. `Connection: close` lets the exchange end. */
const head = (line: string, ...fields: string[]) =>
  [line, 'Host: test', ...fields, 'Connection: close'].join('\r\n');
const get = (...fields: string[]) => `${head('GET /healthz HTTP/1.1', ...fields)}\r\n\r\n`;
const post = (body: string, ...fields: string[]) =>
  `${head('POST /v1/presence/basic HTTP/1.1', 'Content-Type: application/json', `Authorization: ${authorization}`, ...fields)}\r\n\r\n${body}`;
const chunked = (body: string, extension = '') =>
  `${body.length.toString(16)}${extension}\r\n${body}\r\n0\r\n\r\n`;

/** Sends bytes on one connection. Returns the statuses of all answers, until the server closes the connection. */
async function statuses(...bytes: string[]): Promise<number[]> {
  const text = await writeThenRead(
    baseUrl,
    bytes.map((piece) => Buffer.from(piece, 'latin1')),
  );
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const storedIds = async () => (await presenceRows(server, site)).map((row) => row.eventId);

describe('RFC 9112: a message whose end is ambiguous is a 400 and stores nothing', () => {
  const body = submission('smuggled');
  test.each([
    [
      'both lengths (6.3)',
      post(chunked(body), `Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'),
    ],
    [
      'both lengths, the other way round',
      post(chunked(body), 'Transfer-Encoding: chunked', 'Content-Length: 5'),
    ],
    ['two lengths that differ (6.3)', post(body, 'Content-Length: 5', `Content-Length: ${body.length}`)],
    ['a list of lengths that differ', post(body, `Content-Length: 5, ${body.length}`)],
    ['a length with a sign (8.6 of RFC 9110)', post(body, `Content-Length: +${body.length}`)],
    ['a negative length', post(body, 'Content-Length: -1')],
    ['a length that no number holds', post(body, `Content-Length: ${'9'.repeat(40)}`)],
    ['an empty length', post(body, 'Content-Length: ')],
    ['chunked that is not last (6.3)', post(chunked(body), 'Transfer-Encoding: chunked, gzip')],
    ['an unknown coding', post(chunked(body), 'Transfer-Encoding: xchunked')],
    ['chunked twice', post(chunked(body), 'Transfer-Encoding: chunked, chunked')],
    [
      'a chunk size that is no number (7.1)',
      post(`zz\r\n${body}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked'),
    ],
    ['a chunk size that no number holds', post(`${'f'.repeat(20)}\r\n${body}`, 'Transfer-Encoding: chunked')],
    ['a chunk that is longer than its size', post(`1\r\n${body}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked')],
    [
      'bare LF after a chunk size',
      post(`${body.length.toString(16)}\n${body}\n0\n\n`, 'Transfer-Encoding: chunked'),
    ],
  ])('%s', async (_what, bytes) => {
    expect(await statuses(bytes)).toEqual([400]);
    expect(await storedIds()).not.toContain('smuggled');
  });

  test('a body in chunks with short extensions is read (7.1.1)', async () => {
    expect(
      await statuses(
        post(chunked(submission('extended'), ';name="a value";x'), 'Transfer-Encoding: chunked'),
      ),
    ).toEqual([200]);
    expect(await storedIds()).toContain('extended');
  });

  test('extensions of chunks without an end are a 4xx (7.1.1)', async () => {
    const endless = post(
      chunked(submission('endless'), `;${'x'.repeat(100_000)}`),
      'Transfer-Encoding: chunked',
    );
    expect(await statuses(endless)).toEqual([413]);
    expect(await storedIds()).not.toContain('endless');
  });
});

describe('RFC 9112: a header that programs could read in two ways is a 400', () => {
  test.each([
    ['obsolete folding (5.2)', get('X-Folded: a\r\n b')],
    ['white space before the first field (2.2)', `GET /healthz HTTP/1.1\r\n Host: test\r\n\r\n`],
    ['a space before the colon (5.1)', get('X-Spaced : a')],
    ['NUL in a value (5.5 of RFC 9110)', get('X-Nul: a\0b')],
    ['a bare CR in a value (2.2)', get('X-Bare: a\rb')],
    ['bare LF between fields', get('X-Bare: a\nX-Next: b')],
    ['no name', get(': a')],
    ['no colon', get('nonsense')],
    ['a name with a space', get('X Name: a')],
    ['two Host headers (3.2)', get('Host: other')],
    ['two equal Host headers (3.2)', get('Host: test')],
    ['no Host header (3.2)', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a Host that is no host (3.2)', 'GET /healthz HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n'],
    ['a version that is none', 'GET /healthz HTTP/1.x\r\nHost: test\r\n\r\n'],
    ['HTTP/2 without its negotiation', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'.padEnd(180, 'x')],
  ])('%s', async (_what, bytes) => {
    expect(await statuses(bytes)).toEqual([400]);
  });

  test('64 kB of headers are a 431, in one field and in many', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `X-${at}: ${'x'.repeat(60)}`);
    expect(await statuses(get(`X-Long: ${'x'.repeat(65_536)}`))).toEqual([431]);
    expect(await statuses(get(...many))).toEqual([431]);
    expect(await statuses(`GET /${'x'.repeat(65_536)} HTTP/1.1\r\nHost: test\r\n\r\n`)).toEqual([431]);
  });

  test('an empty line before the request line is ignored (2.2)', async () => {
    expect(await statuses(`\r\n${get()}`)).toEqual([200]);
  });
});

describe('RFC 9112, section 3.2: the target of a request', () => {
  const target = (method: string, of: string, ...fields: string[]) =>
    `${head(`${method} ${of} HTTP/1.1`, ...fields)}\r\n\r\n`;

  test('may be a whole URL, of any server name', async () => {
    expect(await statuses(target('GET', `${baseUrl}/healthz`))).toEqual([200]);
    expect(await statuses(target('GET', 'http://elsewhere.example/v1/manage/users?limit=1'))).toEqual([401]);
    expect(await statuses(target('GET', 'http://elsewhere.example/scim/v2/users'))).toEqual([401]);
    expect(await statuses(target('GET', 'http://elsewhere.example/nothing'))).toEqual([404]);
  });

  test('`*` is no path of a resource', async () => {
    expect(await statuses(target('OPTIONS', '*'))).toEqual([404]);
    expect(await statuses(target('GET', '*'))).toEqual([404]);
  });

  test('of CONNECT is refused with an answer: the server is no proxy', async () => {
    expect(
      await statuses('CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n'),
    ).toEqual([405]);
  });

  test('with an unknown method is refused with an answer', async () => {
    expect(await statuses(target('BREW', '/v1/presence'))).toEqual([400]);
    expect(await statuses(target('TRACE', '/v1/presence'))).toEqual([405]);
  });

  test('with an Upgrade that the server does not know is served', async () => {
    const upgrade =
      'GET /healthz HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n';
    expect(await statuses(upgrade)).toEqual([200]);
  });
});

describe('Requests that are sent without waiting', () => {
  const open = 'GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n';

  test('are answered in their order, also after an error', async () => {
    const wrong = 'GET /v1/manage/users HTTP/1.1\r\nHost: test\r\n\r\n';
    const missing = 'GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n';
    const undecodable = 'GET /%zz HTTP/1.1\r\nHost: test\r\n\r\n';
    expect(await statuses(open, wrong, missing, undecodable, get())).toEqual([200, 401, 404, 400, 200]);
  });

  test('are answered before the bytes after them are refused', async () => {
    const body = submission('before');
    const stored = post(body, `Content-Length: ${body.length}`).replace('Connection: close\r\n', '');
    expect(await statuses(`${stored}nonsense\r\n\r\n`)).toEqual([200, 400]);
    expect(await storedIds()).toContain('before');
  });

  test('are not read after bytes that are not HTTP', async () => {
    expect(await statuses(open, 'GET /healthz HTTP/1.1\r\nHost : test\r\n\r\n', open, get())).toEqual([
      200, 400,
    ]);
    const body = submission('hidden');
    const both = post(
      `0\r\n\r\n${post(body, `Content-Length: ${body.length}`)}`,
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
    );
    expect(await statuses(both)).toEqual([400]);
    expect(await storedIds()).not.toContain('hidden');
  });

  test('of HTTP/1.0 without Host and length get an answer and a closed connection', async () => {
    expect(await statuses('GET /healthz HTTP/1.0\r\n\r\n')).toEqual([200]);
  });
});
