import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DATES, datesOf } from './support/changes.ts';
import { addUser } from './support/directory.ts';
import { addSite, goodEvent, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { logChanges } from './support/workday.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const NDJSON_TYPE = 'application/x-ndjson';
const CSV_TYPE = 'text/csv; charset=utf-8; header=present';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await addSite(server);
});
afterAll(() => server.close());

const get = (path: string, accept?: string) =>
  server.app.inject({
    url: `/v1/analytics/${path}`,
    headers: { ...site.headers, ...(accept === undefined ? {} : { accept }) },
  });
const owned = (sql: string, values: unknown[]) =>
  server.db.owner.inTenant(site.tenantId, (tx) => tx.query(sql, [site.tenantId, ...values]));
const typeOf = async (path: string, accept?: string) => (await get(path, accept)).headers['content-type'];

describe('the format', () => {
  test.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_TYPE],
    ['application/pdf', JSON_TYPE],
    ['text/*', JSON_TYPE],
    ['text/csv', CSV_TYPE],
    ['TEXT/CSV; Header=present', CSV_TYPE],
    ['application/x-ndjson', NDJSON_TYPE],
    ['application/json, text/csv', JSON_TYPE],
    ['text/csv, application/json', CSV_TYPE],
    ['*/*, text/csv', CSV_TYPE],
    ['text/*, application/x-ndjson', NDJSON_TYPE],
    ['text/csv, application/x-ndjson;profile=rows', NDJSON_TYPE],
    ['text/html, text/csv', JSON_TYPE],
    ['text/html;q=0.2, text/csv;q=0.3', CSV_TYPE],
    ['text/csv;q=0.5, application/x-ndjson;q=0.501', NDJSON_TYPE],
    ['text/csv;q=0.5, */*;q=0.6', JSON_TYPE],
    ['text/csv;q=0', JSON_TYPE],
    ['text/csv;q=0, application/x-ndjson;q=0.001', NDJSON_TYPE],
    ['application/json;q=0', JSON_TYPE],
    ['application/json;q=0, text/csv;q=0.1', CSV_TYPE],
    ['text/csv;q=1.5, application/x-ndjson;q=0.1', NDJSON_TYPE],
    ['text/csv;q=0.1234, ;q=1, ,,', JSON_TYPE],
    ['text/csv;x="a,b"', CSV_TYPE],
  ])('that Accept: %s selects is %s', async (accept, contentType) => {
    const reply = await get('locations/basic', accept);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers).toMatchObject({ 'content-type': contentType, vary: 'Accept, Accept-Encoding' });
  });

  test.each([
    ['json', JSON_TYPE],
    ['ndjson', NDJSON_TYPE],
    ['csv', CSV_TYPE],
  ])('?format=%s goes before Accept, on both paths of every dataset, also for HEAD', async (name, type) => {
    const authorization = `Bearer ${await server.token(site.key)}`;
    const urls = server.app.routeTable
      .filter(({ method, url }) => method === 'GET' && url.startsWith('/v1/analytics/'))
      .map(({ url }) => url);
    expect(urls.length).toBeGreaterThanOrEqual(20);
    for (const url of urls) {
      const { headers } = await server.app.inject({
        url: `${url}?${datesOf(url.replace(/^\/v1\/analytics\/|\/basic$/g, ''))}&format=${name}`,
        headers: {
          ...(url.endsWith('/basic') ? site.headers : { authorization }),
          accept: 'text/csv, application/x-ndjson;q=0.9',
        },
      });
      expect([url, headers['content-type']]).toEqual([url, type]);
    }
    const head = await server.app.inject({
      method: 'HEAD',
      url: `/v1/analytics/users/basic?format=${name}`,
      headers: site.headers,
    });
    expect(head.headers['content-type']).toBe(type);
    expect(head.body).toBe('');
  });

  test.each(['xml', '', 'CSV', 'csv&format=json'])(
    '?format=%s is a 400 that names the parameter',
    async (format) => {
      const reply = await get(`users/basic?format=${format}`, 'text/csv');
      expect(reply.statusCode).toBe(400);
      expect(reply.headers['content-type']).toBe('application/problem+json');
      expect(reply.json()).toMatchObject({ errors: [{ path: 'format' }] });
    },
  );

  test('no value of Accept is refused', async () => {
    const element = fc.oneof(
      fc.constantFrom('text/csv', '*/*', ';q=0', ';q=0.5', ';q=', ',', ' ', '"', '\\', 'a/b'),
      fc.string({ unit: fc.constantFrom(...'abc/;,=*"\\ q01.'), maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(element, { maxLength: 12 }), async (elements) => {
        expect([JSON_TYPE, NDJSON_TYPE, CSV_TYPE]).toContain(
          await typeOf('locations/basic', elements.join('')),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('the coding', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['deflate, zstd', undefined],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.5', 'gzip'],
    ['gzip;q=0.5, identity', undefined],
    ['gzip;q=0.5, identity;q=0.2', 'gzip'],
    ['identity;q=0', undefined],
    ['gzip;q=2, br;q=0.1', 'br'],
  ])('that Accept-Encoding: %s selects is %s', async (acceptEncoding, coding) => {
    const ask = (method: 'GET' | 'HEAD', headers: Record<string, string>) =>
      server.app.inject({
        method,
        url: '/v1/analytics/users/basic',
        headers: { ...site.headers, ...headers },
      });
    const headers: Record<string, string> =
      acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding };
    const [plain, reply, head] = [
      await ask('GET', {}),
      await ask('GET', headers),
      await ask('HEAD', headers),
    ];
    for (const answer of [reply, head]) {
      expect(answer.headers['content-encoding']).toBe(coding);
      expect(answer.headers.vary).toBe('Accept, Accept-Encoding');
    }
    const decode = { br: brotliDecompressSync, gzip: gunzipSync }[coding ?? ''];
    expect(decode ? decode(reply.rawPayload).toString() : reply.body).toBe(plain.body);
  });
});

describe('NDJSON', () => {
  test('is a line for each element of the JSON array', async () => {
    for (let n = 0; n < 600; n++) await addUser(server.db.owner, site.tenantId);
    await addUser(server.db.owner, site.tenantId, { userName: 'two\nlines \u2028 "quoted"' });
    const lines = (await get('users/basic?format=ndjson')).body.split('\n');
    expect(lines.pop()).toBe('');
    expect(`[${lines.join(',')}]`).toBe((await get('users/basic')).body);
  });

  test('has no line if there are no rows', async () => {
    expect((await get(`presence/basic?${DATES}&format=ndjson`)).body).toBe('');
  });
});

describe('CSV', () => {
  const rowsOf = (text: string) => parse(text, { record_delimiter: '\r\n' }) as string[][];
  const csvOf = async (path: string) =>
    (await get(`${path}${path.includes('?') ? '&' : '?'}format=csv`)).body;

  test('has the columns of the dataset as its header, with and without rows', async () => {
    expect(await csvOf(`visitors/basic?${DATES}`)).toBe(
      'eventId,timestamp,day,visitorName,visitorEmail,visitorCompany,hostUserId,sourceId,locationId,locationName\r\n',
    );
  });

  test('ends lines with CRLF, quotes values that need it, and tells null from an empty text', async () => {
    await owned(
      `UPDATE users SET user_name = 'a, "b"', first_name = '', last_name = E'two\\nlines', onboarded = true
       WHERE tenant_id = $1 AND user_id = $2`,
      [site.user.userId],
    );
    expect(await csvOf('users/basic')).toBe(
      'email,firstName,lastName,onboarded,primaryGroupId,primaryLocationId,status,userId,userName,employeeNumber\r\n' +
        `${site.user.email},"","two\nlines",true,,,active,${site.user.userId},"a, ""b""",\r\n`,
    );
  });

  test('has empty cells for absent members, so that each row has all columns', async () => {
    const { locationId, levelId, zoneId, placeId } = site.office;
    await results(server, site, [
      goodEvent(site),
      goodEvent(site, { locationId, locationType: 'location', timestamp: '2026-03-11T10:00:00Z' }),
    ]);
    const [header, atDesk, inOffice] = rowsOf(await csvOf(`presence/basic?${DATES}`));
    const cell = (row: string[] | undefined, name: string) => row?.[header?.indexOf(name) ?? -1];
    expect([atDesk?.length, inOffice?.length]).toEqual([header?.length, header?.length]);
    expect(['levelId', 'zoneId', 'placeId', 'spaceId'].map((name) => cell(atDesk, name))).toEqual([
      levelId,
      zoneId,
      placeId,
      '',
    ]);
    expect(['levelId', 'sourceUserId', 'spaceName'].map((name) => cell(inOffice, name))).toEqual([
      '',
      '',
      '',
    ]);
    expect(cell(inOffice, 'timestamp')).toBe('2026-03-11T10:00:00.000Z');
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '=HYPERLINK("x","y")', "'quoted'"])(
    'begins no cell with a formula: %j',
    async (name) => {
      await owned('UPDATE nodes SET name = $3 WHERE tenant_id = $1 AND node_id = $2', [
        site.office.locationId,
        name,
      ]);
      const [header = [], row = []] = rowsOf(await csvOf('locations/basic'));
      expect(row[header.indexOf('locationName')]).toBe(`'${name}`);
      expect((await get('locations/basic')).json()[0].locationName).toBe(name);
    },
  );

  test('has numbers unchanged, unlike texts that look like formulas', async () => {
    await owned(
      `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id,
                                     source_id, occupied, occupancy, received_at)
       VALUES ($1, '2026-03-10T09:00:00Z', md5('x')::uuid, '2026-03-10', $2, $2, '-1', '1e3', false, 0.5, '2026-03-10T09:00:00Z')`,
      [site.office.locationId],
    );
    const [header = [], row = []] = rowsOf(await csvOf(`occupancy/basic?${DATES}`));
    const cells = ['eventId', 'sourceId', 'occupied', 'occupancy'].map((name) => row[header.indexOf(name)]);
    expect(cells).toEqual(["'-1", '1e3', 'false', '0.5']);
  });

  test('writes objects as JSON', async () => {
    await logChanges(server.db.owner, site.tenantId, [
      {
        entryId: site.user.userId,
        actionId: site.user.userId,
        loggedAt: '2026-03-09T10:00:00Z',
        userId: site.user.userId,
        day: '2026-03-12',
        changedBy: 'admin',
        changedByName: 'Ann "A" Admin',
        reason: null,
        action: 'set',
        description: 'Remote',
        before: null,
        after: { plan: 'r' },
      },
    ]);
    const [header = [], row = []] = rowsOf(await csvOf(`change-log/user/basic?${DATES}`));
    expect(row[header.indexOf('before')]).toBe('');
    expect(JSON.parse(row[header.indexOf('after')] ?? '')).toEqual({ plan: 'r' });
    expect(row[header.indexOf('changedByName')]).toBe('Ann "A" Admin');
  });

  test('has the values of the JSON array, for any text', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'a1 \t\r\n",\'=+-@;é\u{1F600}'), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text, async (firstName) => {
        await owned('UPDATE users SET first_name = $3 WHERE tenant_id = $1 AND user_id = $2', [
          site.user.userId,
          firstName,
        ]);
        const [header = [], ...rows] = rowsOf(await csvOf('users/basic'));
        expect(rows).toHaveLength(1);
        const shown = rows[0]?.[header.indexOf('firstName')] ?? '';
        expect(shown.replace(/^'(?=[=+\-@\t\r'])/, '')).toBe(firstName);
        expect(shown).not.toMatch(/^[=+\-@\t\r]/);
      }),
      { numRuns: 60 },
    );
  });
});

test('OpenAPI lists the types of every dataset', async () => {
  const { paths } = (await server.app.inject('/openapi.json')).json();
  const datasets = Object.keys(paths).filter((path) => path.startsWith('/v1/analytics/'));
  for (const path of datasets) {
    const { responses, parameters } = paths[path].get;
    expect(Object.keys(responses[200].content)).toEqual([
      'application/json',
      'application/x-ndjson',
      'text/csv',
      'application/vnd.apache.parquet',
    ]);
    expect(parameters).toContainEqual(
      expect.objectContaining({
        name: 'format',
        schema: { type: 'string', enum: ['json', 'ndjson', 'csv', 'parquet'] },
      }),
    );
  }
});
