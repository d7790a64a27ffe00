import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../src/csv-import/report.ts';
import { LONGEST_WAIT_S } from '../src/http/slots.ts';
import { lockDirectory } from '../src/store/connections/directory-lock.ts';
import { send } from './support/bodies.ts';
import { untilAllWait } from './support/locks.ts';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { listen } from './support/sockets.ts';
import { until } from './support/waiting.ts';
import { change, office, readLog } from './workday/support.ts';

const CSV = { 'content-type': 'text/csv' };

let server: TestServer;
let client: ManageClient;
let baseUrl: string;
let apiKey: string;
let bearer: { authorization: string };
beforeAll(async () => {
  server = await startTestServer();
  baseUrl = await listen(server);
});
beforeEach(async () => {
  client = await manageClient(server);
  const key = await server.key(client.tenantId);
  apiKey = key.apiKey;
  bearer = { authorization: `Bearer ${await server.token(key)}` };
});
afterAll(() => server.close());

const post = (path: string, payload: string | Buffer | string[], headers: Record<string, string> = {}) =>
  server.app.inject({
    method: 'POST',
    url: `/v1/manage/imports/${path}`,
    headers: { ...bearer, ...CSV, ...headers },
    payload: Array.isArray(payload) ? payload.join('\n') : payload,
  });
const report = async (reply: ReturnType<typeof post>): Promise<Report> => {
  const { statusCode, body } = await reply;
  expect([statusCode, statusCode === 200 ? '' : body]).toEqual([200, '']);
  return JSON.parse(body);
};
const LOCATIONS = ['locationName,timeZone,colour', 'HQ,UTC,red', 'Mars,Mars/Base,', 'Annex,UTC,'];

describe('a CSV file over HTTP', () => {
  test('is previewed by a dry run, which stores nothing, and then imported with the same result', async () => {
    const dry = await report(post('locations?dryRun=true', LOCATIONS));
    expect(await client.list('locations')).toEqual([]);
    const expected = {
      created: 2,
      updated: 0,
      unchanged: 0,
      refused: 1,
      refusals: [{ line: 3, reason: expect.stringContaining('Mars/Base') }],
      moreChanges: 0,
      moreRefusals: 0,
      ignoredColumns: ['colour'],
    };
    const none = { rebooked: 0, removed: 0, made: 0, days: [] };
    expect(dry).toEqual({
      ...expected,
      dryRun: true,
      stored: false,
      changes: [
        { line: 2, result: 'created', id: null, name: 'HQ' },
        { line: 4, result: 'created', id: null, name: 'Annex' },
      ],
      effects: none,
    });
    const real = await report(post('locations', LOCATIONS));
    const ids = new Map(
      (await client.list('locations')).map(({ locationName, locationId }) => [locationName, locationId]),
    );
    expect(real).toEqual({
      ...expected,
      dryRun: false,
      stored: true,
      changes: [
        { line: 2, result: 'created', id: ids.get('HQ'), name: 'HQ' },
        { line: 4, result: 'created', id: ids.get('Annex'), name: 'Annex' },
      ],
      effects: null,
    });
    expect(await report(post('locations?strict=true', LOCATIONS))).toMatchObject({
      stored: false,
      unchanged: 0,
      refused: 1,
    });
    expect(await report(post('locations', LOCATIONS.toSpliced(2, 1)))).toMatchObject({ unchanged: 2 });
  });

  test('says in a dry run what would become of bookings, and the change log names the key', async () => {
    const london = await makeLondon(client);
    const ada = await client.make('users', { userName: 'ada' });
    const { locationId, deskId } = london;
    const days = ['2026-03-10', '2026-03-11'];
    await change(
      server.db.restricted,
      client.tenantId,
      days.map((day) => office(ada, day, locationId, deskId)),
    );
    const file = ['deskName,zoneName,levelName,locationName,status', 'N1,North,L3,London,inactive'];
    const { effects } = await report(post('desks?dryRun=true', file));
    expect(effects).toEqual({
      rebooked: 2,
      removed: 0,
      made: 0,
      days: days.map((day) => ({
        day,
        bookings: 1,
        toLocationId: locationId,
        toLocationName: 'London',
      })),
    });
    const gone = await report(post('users?dryRun=true', ['userName,status', 'ada,inactive']));
    expect(gone.effects).toMatchObject({ rebooked: 0, removed: 2, made: 0 });
    expect(await readLog(server.db.owner, client.tenantId)).toHaveLength(4);
    await report(post('desks', file));
    const log = await readLog(server.db.owner, client.tenantId);
    expect(log.filter(({ changedByName }) => changedByName === apiKey)).toHaveLength(2);
  });

  test('is reported with a bounded number of rows, and counts of the rest', async () => {
    const rows = Array.from({ length: 2_200 }, (_, n) => (n % 2 ? `L${n},UTC` : `L${n},Nowhere`));
    const { changes, refusals, ...counts } = await report(
      post('locations?dryRun=true', ['locationName,timeZone', ...rows]),
    );
    expect([changes.length, refusals.length]).toEqual([1_000, 1_000]);
    expect(counts).toMatchObject({ created: 1_100, refused: 1_100, moreChanges: 100, moreRefusals: 100 });
  });

  test('may be UTF-16, Windows-1252, gzip, or of the charset that the content type names', async () => {
    const file = 'locationName,timeZone\nCafé,UTC';
    for (const [bytes, headers] of [
      [Buffer.from(`\ufeff${file}`, 'utf16le'), {}],
      [Buffer.from(file, 'latin1'), {}],
      [gzipSync(file), { 'content-encoding': 'gzip' }],
      [Buffer.from(file, 'utf16le'), { 'content-type': 'text/csv; charset=utf-16' }],
    ] as const) {
      const { changes } = await report(post('locations?dryRun=true', bytes, headers));
      expect(changes).toMatchObject([{ name: 'Café' }]);
    }
  });

  test.each([
    ['a workbook', Buffer.from('PK\x03\x04\0\0\0\0'), 'Excel workbook'],
    [
      'bytes of no text',
      Buffer.concat([Buffer.from('locationName,timeZone\né'), Buffer.from([0xff])]),
      'UTF-8',
    ],
    ['an empty file', '', 'no file|empty'],
    ['a header without a required column', 'locationName', 'timeZone'],
    ['a column twice', 'locationName,timeZone,timezone', 'twice'],
    ['a line of more than 1 MiB', `locationName,timeZone\n${'x'.repeat(1_100_000)}`, '1 MiB'],
  ])('that is %s gets a 400 that says so', async (_what, file, words) => {
    expect(expectProblem(await post('locations', file), 400)).toMatch(new RegExp(words));
    expect(await client.list('locations')).toEqual([]);
  });

  test('with open quotes, NUL, formulas and too many cells has refused rows, and good ones', async () => {
    const file = ['locationName,timeZone', 'a,UTC,b', '"x"y,UTC', 'n\0l,UTC', "'=1+1,UTC", '"open,UTC'];
    const { created, refusals } = await report(post('locations', file));
    expect([created, refusals.map(({ line }) => line)]).toEqual([1, [2, 3, 4, 6]]);
    expect(await client.list('locations')).toMatchObject([{ locationName: '=1+1' }]);
    const csv = await server.app.inject({ url: '/v1/analytics/locations?format=csv', headers: bearer });
    expect(csv.body).toContain("'=1+1");
    expect(await report(post('locations', csv.rawPayload))).toMatchObject({ unchanged: 1, refused: 0 });
  });

  test('that is too large gets a 413 that names the command', async () => {
    const bytes = Buffer.alloc(16 * 1024 * 1024 + 1, 'x');
    const lines = (count: number) => `groupName,groupType${'\na,b'.repeat(count)}`;
    for (const [path, file] of [
      ['locations', bytes],
      ['users', lines(200_002)],
      ['groups', lines(10_002)],
    ] as const)
      expect(expectProblem(await post(path, file), 413)).toContain('"rollcall import"');
    expect(await report(post('groups?dryRun=true', lines(10_000)))).toMatchObject({ created: 1 });
  });

  test('needs the content type text/csv, and a session a role', async () => {
    const wrong = await post('locations', '{}', { 'content-type': 'application/json' });
    expect(expectProblem(wrong, 415)).toContain('text/csv');
    const planner = await browserWithRole(server, client.tenantId, 'planner');
    const as = (path: string) =>
      server.app.inject({
        method: 'POST',
        url: `/v1/manage/imports/${path}`,
        headers: { ...planner, ...CSV },
        payload: 'deskName,userName\nN1,ada',
      });
    expect(expectProblem(await as('desks'), 403)).toContain('administrator');
    expect((await as('desk-assignments')).json()).toMatchObject({ refused: 1 });
  });
});

describe('imports of an organisation', () => {
  const many = `locationName,timeZone${Array.from({ length: 2_500 }, (_, n) => `\nL${n},UTC`).join('')}`;
  /** Runs `work` while the organisation's directory is locked. */
  const whileLocked = (work: () => Promise<void>) =>
    server.db.owner.inTenant(client.tenantId, async (tx) => {
      await lockDirectory(tx, client.tenantId);
      await work();
    });

  test.each([
    ['', 1_000],
    ['?strict=true', 0],
    ['?dryRun=true', 0],
  ])('end when their client goes away: imports/locations%s', async (query, stored) => {
    const connections = promisify(server.app.server.getConnections.bind(server.app.server));
    await whileLocked(async () => {
      const { request, answer } = send(`${baseUrl}/v1/manage/imports/locations${query}`, {
        headers: { ...bearer, ...CSV },
        body: many,
      });
      await untilAllWait(server.db.target);
      request.destroy();
      await expect(answer).rejects.toThrow();
      await until(async () => (await connections()) === 0);
    });
    // It gets the slot when the first import has ended.
    expect(await report(post('locations', 'locationName,timeZone\nLast,UTC'))).toMatchObject({ created: 1 });
    const { effects: _, ...counted } = await report(post('locations?dryRun=true', many));
    expect(counted.unchanged).toBe(stored);
  });

  test('run one at a time; a further one waits, and is told so; other organisations are not affected', async () => {
    let first: Promise<Report> | undefined;
    await whileLocked(async () => {
      first = report(post('locations', LOCATIONS));
      await untilAllWait(server.db.target);
      let isAnswered = false;
      const second = post('locations', LOCATIONS).finally(() => {
        isAnswered = true;
      });
      const other = await manageClient(server);
      const token = await server.token(await server.key(other.tenantId));
      const reply = await post('locations', LOCATIONS, { authorization: `Bearer ${token}` });
      expect(reply.json()).toMatchObject({ created: 2 });
      expect(isAnswered).toBe(false);
      server.stopwatch.nowMs += LONGEST_WAIT_S * 1_000;
      expect(expectProblem(await second, 503)).toContain('already runs 1 import,');
      expect((await second).headers['retry-after']).toBe('10');
    });
    expect(await first).toMatchObject({ created: 2 });
  });
});

test('GET /v1/manage/imports has the columns of each kind, and a template that can be imported', async () => {
  const { items } = (await client.get('imports')) as {
    items: { kind: string; columns: { name: string }[]; template: string }[];
  };
  expect(items.map(({ kind }) => kind)).toContain('desk-assignments');
  for (const { kind, columns, template } of items) {
    const [header = ''] = template.split('\r\n');
    expect(header.split(',')).toEqual(columns.map(({ name }) => name));
    const { ignoredColumns } = await report(post(`${kind}?dryRun=true`, template));
    expect(ignoredColumns).toEqual([]);
  }
});
