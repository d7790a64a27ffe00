import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { addNode, addUser } from '../support/directory.ts';
import { type PresenceRow, presenceRows } from '../support/presence.ts';
import { Submitting } from './submit-support.ts';
import { expectOneSentence } from './support.ts';

const setup = Submitting.forEachTest();
let lookup: { apiKey: string; secret: string };
/** Ids by the names that the tests use. */
const ids: Record<string, string> = {};

beforeAll(async () => {
  const { owner } = setup.server.db;
  const { tenantId } = setup.site;
  lookup = await setup.server.key(tenantId, { role: 'data-warehouse' });
  const office = (name: string, timeZone: string) =>
    addNode(owner, tenantId, { kind: 'location', name, timeZone });
  ids.harbour = await office('Harbour Office', 'Australia/Sydney');
  ids.berlin = await office('Berlin', 'Europe/Berlin');
  ids.level = await addNode(owner, tenantId, { kind: 'level', parentId: ids.harbour, name: 'Level 3' });
  ids.zone = await addNode(owner, tenantId, { kind: 'zone', parentId: ids.level, name: 'Sales' });
  ids.desk = await addNode(owner, tenantId, { kind: 'place', parentId: ids.zone, name: '3/12' });
  ids.space = await addNode(owner, tenantId, { kind: 'space', parentId: ids.level, name: 'Room Sydney' });
  for (const name of ['Twin', 'Twin']) await office(name, 'UTC');
  const ada = await addUser(owner, tenantId, { userName: 'ada', email: 'ada@example.test' });
  const grace = await addUser(owner, tenantId, { userName: 'Grace', email: 'grace@example.test' });
  for (const name of ['Lin', 'lin2'])
    await addUser(owner, tenantId, { userName: name, email: `${name}@x.test` });
  Object.assign(ids, { ada: ada.userId, grace: grace.userId });
  const attributes = [
    { userName: 'ada', attributes: { employeeNumber: '0042' } },
    { userName: 'Lin', attributes: { employeeNumber: '7' } },
    { userName: 'lin2', attributes: { employeeNumber: '7' } },
  ];
  const reply = await setup.server.app.inject({
    method: 'POST',
    url: '/v1/directory-management/user-attributes/basic',
    headers: setup.site.headers,
    payload: { userAttributes: attributes },
  });
  expect(reply.statusCode).toBe(200);
});

async function fileOf(name: string, ...lines: string[]): Promise<string> {
  await writeFile(setup.work.path(name), lines.map((line) => `${line}\n`).join(''));
  return setup.work.path(name);
}

const withLookUp = () => ({ env: { ...setup.secret.env, ROLLCALL_LOOKUP_SECRET: lookup.secret } });

const submitWithLookUp = (file: string, ...more: string[]) =>
  setup.work.rollcall(
    ['submit', 'presence', file, ...setup.connection(), '--lookup-key', lookup.apiKey, ...more],
    withLookUp(),
  );

/** The events of a preview, or the reasons for their absence. */
async function preview(kind: string, file: string, ...more: string[]): Promise<(object | string)[]> {
  const outcome = await setup.work.rollcall(['submit', kind, file, '--preview', '100', ...more]);
  expect(outcome).toMatchObject({ code: 0 });
  const lines = outcome.stdout.trimEnd().split('\n');
  expect(lines.pop()).toMatch(/^Nothing was sent/);
  return lines.map((line) => {
    const text = line.replace(/^line \d+: /, '');
    return text.startsWith('{') ? (JSON.parse(text) as object) : text;
  });
}

/** The stored events of a source in November 2026, in the order of time. */
async function stored(sourceId: string): Promise<PresenceRow[]> {
  const rows = await presenceRows(setup.server, setup.site, 'startDate=2025-11-10&endDate=2025-11-30');
  return rows
    .filter((row) => row.sourceId === sourceId)
    .sort((a, b) => a.timestamp.localeCompare(b.timestamp));
}

describe('names', () => {
  test('of nodes and users are resolved; unknown or ambiguous ones are refused with the reason', async () => {
    const file = await fileOf(
      'badges.csv',
      'Where,When,Who,Staff no',
      'harbour office,2025-11-24T08:00:00Z,Ada@Example.test,',
      'Harbour Office/Level 3/Sales/3/12,2025-11-24T09:00:00Z,GRACE,',
      'Harbour Office / Level 3 / Room Sydney,2025-11-24T10:00:00Z,,0042',
      'Harbour Office/Level 3,2025-11-24T11:00:00Z,grace@example.test,',
      'Nowhere,2025-11-24T12:00:00Z,ada@example.test,',
      'Twin,2025-11-24T12:00:00Z,ada@example.test,',
      'Berlin,2025-11-24T12:00:00Z,nobody@example.test,',
      'Berlin,2025-11-24T12:00:00Z,,42',
      'Berlin,2025-11-24T12:00:00Z,,7',
    );
    const map = ['Where=locationName', 'When=timestamp', 'who=userEmail', 'Staff no=employeeNumber'];
    const outcome = await submitWithLookUp(
      file,
      '--source-id',
      'names',
      ...map.flatMap((each) => ['--map', each]),
    );
    expect(outcome).toMatchObject({ code: 2, stdout: '4 new, 0 there already, 5 refused.\n' });
    expect((await stored('names')).map((row) => [row.locationType, row.locationId, row.userId])).toEqual([
      ['location', ids.harbour, ids.ada],
      ['place', ids.harbour, ids.grace],
      ['space', ids.harbour, ids.ada],
      ['level', ids.harbour, ids.grace],
    ]);
    const rejected = (await readFile(`${file}.rejected.csv`, 'utf8')).trimEnd().split('\r\n').slice(1);
    expect(rejected.map((line) => line.split(',').slice(4).join(','))).toEqual([
      'line 6: locationName Nowhere: no active node has this name',
      'line 7: locationName Twin is ambiguous: 2 active nodes have this name',
      'line 8: userEmail nobody@example.test: no active user has this e-mail or userName',
      'line 9: employeeNumber 42: no active user has it',
      'line 10: employeeNumber 7 is ambiguous: 2 active users have it',
    ]);
  });

  test('without a look-up key are refused with their columns, and nothing is sent', async () => {
    const file = await fileOf(
      'no-key.csv',
      'timestamp,locationName,badge',
      '2025-11-24T08:00:00Z,Harbour Office,1',
    );
    const outcome = await setup.submit('presence', file, '--map', 'badge=employeeNumber');
    expectOneSentence(
      outcome,
      /column badge \(employeeNumber\) and locationName \(locationName\) needs .*--lookup-key/,
    );
    expect(setup.proxy.seen).toEqual([]);
    const zone = await fileOf('zone.csv', 'timestamp,locationId,locationType,userEmail', ',,,');
    expectOneSentence(await setup.submit('presence', zone, '--time-zone', 'office'), /--lookup-key/);
  });

  test('need a look-up key with a secret from the environment, and the role Data Warehouse', async () => {
    const file = await fileOf('key.csv', 'timestamp,locationName,userEmail', '2025-11-24T08:00:00Z,Berlin,x');
    const args = ['submit', 'presence', file, ...setup.connection(), '--lookup-key'];
    expectOneSentence(
      await setup.work.rollcall([...args, lookup.apiKey], setup.secret),
      /ROLLCALL_LOOKUP_SECRET/,
    );
    const other = await setup.server.key(setup.site.tenantId, { role: 'submitting-events' });
    const env = { ...setup.secret.env, ROLLCALL_LOOKUP_SECRET: other.secret };
    expectOneSentence(await setup.work.rollcall([...args, other.apiKey], { env }), /PermissionError/);
    expect(setup.proxy.count('/v1/presence')).toBe(0);
  });

  test('of offices give the zone for times without one, with --time-zone office', async () => {
    const file = await fileOf(
      'local.csv',
      'timestamp,locationName,userEmail',
      '2025-11-24 15:30:00,Harbour Office,ada@example.test',
      '24/11/2025 09:05,Berlin,ada@example.test',
    );
    const outcome = await submitWithLookUp(
      file,
      '--source-id',
      'local',
      '--time-zone',
      'office',
      '--time-format',
      'DD/MM/YYYY HH:mm',
    );
    expect(outcome).toMatchObject({ code: 0, stdout: '2 new, 0 there already, 0 refused.\n', stderr: '' });
    expect((await stored('local')).map(({ timestamp }) => timestamp)).toEqual([
      '2025-11-24T04:30:00.000Z',
      '2025-11-24T08:05:00.000Z',
    ]);
  });
});

describe('times', () => {
  const HEADER = 'timestamp,locationId,locationType,userEmail';
  const times = async (values: string[], ...more: string[]) => {
    const file = await fileOf('times.csv', HEADER, ...values.map((value) => `"${value}",x,location,a`));
    const rows = await preview('presence', file, ...more);
    return rows.map((row) => (typeof row === 'string' ? row : (row as { timestamp: string }).timestamp));
  };

  test('in a zone: offsets stay, local times are converted, and a time that the clock skips is refused', async () => {
    const values = [
      '2025-07-01T08:00:00Z',
      '2025-07-01T08:00:00+02:00',
      '2025-07-01 08:00',
      '2025-12-01T08:00:00.123456',
      '2025-03-30 02:30:00',
      '2025-10-26 02:30:00',
      '2025-02-30 08:00:00',
      '2025-07-01',
    ];
    expect(await times(values, '--time-zone', 'Europe/Berlin')).toEqual([
      '2025-07-01T08:00:00Z',
      '2025-07-01T08:00:00+02:00',
      '2025-07-01T06:00:00.000Z',
      '2025-12-01T07:00:00.123456Z',
      'refused: timestamp 2025-03-30 02:30:00 does not exist in Europe/Berlin: the clock was put forward',
      // This time exists twice. The command takes the earlier one.
      '2025-10-26T00:30:00.000Z',
      expect.stringMatching(/^refused: timestamp 2025-02-30 08:00:00 is not an existing ISO 8601/),
      expect.stringMatching(/^refused: timestamp 2025-07-01 is not an existing ISO 8601/),
    ]);
  });

  test('in a given format are read by the first format that fits, and times that do not exist are refused', async () => {
    const formats = ['DD/MM/YYYY HH:mm', 'MM/DD/YYYY hh:mm:ss A', 'YYYYMMDD[T]HHmm Z', 'D MMM YY, H:mm'];
    const values = [
      '03/04/2025 17:05',
      '11/24/2025 01:05:09 PM',
      '20251124T0930 +01:00',
      '4 Nov 25, 7:00',
      '31/02/2025 09:00',
      '24/11/2025 25:00',
      '2025-11-24T08:00:00Z',
    ];
    expect(
      await times(values, '--time-zone', 'UTC', ...formats.flatMap((each) => ['--time-format', each])),
    ).toEqual([
      '2025-04-03T17:05:00.000Z',
      '2025-11-24T13:05:09.000Z',
      '2025-11-24T08:30:00.000Z',
      '2025-11-04T07:00:00.000Z',
      expect.stringMatching(/^refused: .* or does not exist$/),
      expect.stringMatching(/^refused: .* or does not exist$/),
      '2025-11-24T08:00:00Z',
    ]);
  });

  test('in seconds, milliseconds, micro- and nanoseconds since 1970 are read, and smaller numbers are no times', async () => {
    const values = [
      '1795507200',
      '1795507200.5',
      '1795507200000',
      '1795507200000000',
      '1795507200000000000',
      '45985',
      '20251124',
    ];
    expect(await times(values)).toEqual([
      '2026-11-24T08:00:00.000Z',
      '2026-11-24T08:00:00.500Z',
      ...Array.from({ length: 3 }, () => '2026-11-24T08:00:00.000Z'),
      expect.stringMatching(/^refused: timestamp 45985 is not a time/),
      expect.stringMatching(/^refused: timestamp 20251124 is not a time/),
    ]);
  });

  test('without a zone are UTC if no zone is given, and one clear warning says so', async () => {
    const file = await fileOf(
      'utc.csv',
      HEADER,
      '2025-11-24 08:00:00,x,location,a',
      '2025-11-24 09:00:00,x,location,a',
    );
    const { stderr, stdout } = await setup.work.rollcall(['submit', 'presence', file, '--preview']);
    expect(stderr.match(/^WARNING: .*2025-11-24 08:00:00.*UTC/gm)).toHaveLength(1);
    expect(stdout).toContain('"timestamp":"2025-11-24 08:00:00"');
  });

  test('that are days of leave accept formats, and no zone', async () => {
    const file = await fileOf(
      'leave.csv',
      'email,eventType,startDate,endDate',
      'a,scheduled,24/12/2025,2025-12-31',
    );
    const [event] = await preview('timeoff', file, '--time-format', 'DD/MM/YYYY');
    expect(event).toMatchObject({ startDate: '2025-12-24', endDate: '2025-12-31' });
    const zoned = await setup.work.rollcall(['submit', 'timeoff', file, '--preview', '--time-zone', 'UTC']);
    expectOneSentence(zoned, /--time-zone does not apply to timeoff/);
  });

  test.each([
    ['--time-zone', 'Mars/Olympus', /name of a time zone/],
    ['--time-format', '%d/%m/%Y', /"%.*not a part of a format/],
    ['--time-format', 'DD/MM HH:mm', /needs a year/],
    ['--time-format', 'DD/MM/YYYY hh:mm', /belong together/],
    ['--time-format', 'DD/MM/YYYY', /no time of day/],
    ['--map', 'timestamp', /such as/],
  ])('%s %s is refused', async (option, value, reason) => {
    const file = await fileOf('any.csv', HEADER);
    const outcome = await setup.work.rollcall(['submit', 'presence', file, '--preview', option, value]);
    expectOneSentence(outcome, reason);
  });
});

describe('NDJSON', () => {
  test('from pandas is read: numbers are ids, and milliseconds are times', async () => {
    const at = { locationId: 'x', locationType: 'location' };
    const file = await fileOf(
      'pandas.ndjson',
      JSON.stringify({
        eventId: 17,
        timestamp: 1_795_507_200_000,
        ...at,
        sourceUserId: 4711,
        userEmail: null,
      }),
      JSON.stringify({ eventId: 18, timestamp: '2026-11-24T08:00:00.000', ...at, userEmail: 'a' }),
    );
    expect(await preview('presence', file, '--time-zone', 'UTC')).toEqual([
      { eventId: '17', timestamp: '2026-11-24T08:00:00.000Z', ...at, sourceUserId: '4711' },
      { eventId: '18', timestamp: '2026-11-24T08:00:00.000Z', ...at, userEmail: 'a' },
    ]);
  });

  test.each([
    ['one JSON array', '[{"timestamp":"2026-11-24T08:00:00Z"}]', /is one JSON array/],
    ['a JSON array over lines', '[\n  {"timestamp":"2026-11-24T08:00:00Z"}\n]', /is one JSON array/],
    [
      'one object over lines',
      '{\n  "timestamp": "2026-11-24T08:00:00Z"\n}',
      /no line at the beginning of the file is one/,
    ],
    ['CSV', 'timestamp,locationId\n2026-11-24T08:00:00Z,x', /no line at the beginning of the file is one/],
    ['compressed', gzipSync('{"timestamp":1}'), /is compressed by gzip, not text/],
    ['Parquet', Buffer.from('PAR1\x15\x04'), /is Parquet, not text/],
    [
      'rows of another kind',
      '{"timestamp":"2026-11-24T08:00:00Z","locationId":"x","locationType":"place","occupied":true}\n',
      /has one of the members userId.*Is it a file of occupancy\?/,
    ],
  ])('that is %s is refused in one sentence, and nothing is sent', async (_, content, reason) => {
    const file = setup.work.path('other.ndjson');
    await writeFile(file, content);
    expectOneSentence(await setup.submit('presence', file), reason);
    expect(setup.proxy.seen).toEqual([]);
  });
});

describe('rows without an id', () => {
  const HEADER = 'timestamp,locationId,locationType,userEmail';

  test('get one from their content, independent of the order, of other columns and of the format', async () => {
    const row = (minute: number) => `2025-11-24T08:0${minute}:00Z,x,location,a`;
    const idsOf = async (file: string) =>
      ((await preview('presence', file)) as { eventId: string }[]).map(({ eventId }) => eventId);
    const first = await idsOf(await fileOf('ids-1.csv', HEADER, row(1), row(2), row(1)));
    expect(new Set(first).size).toBe(2);
    expect(first[2]).toBe(first[0]);
    const again = await idsOf(
      await fileOf('ids-2.csv', `${HEADER},colour`, `${row(2)},red`, `${row(1)},blue`),
    );
    expect(again).toEqual([first[1], first[0]]);
    const [timestamp, locationId, locationType, userEmail] = row(1).split(',');
    const json = JSON.stringify({ userEmail, locationType, locationId, timestamp });
    expect(await idsOf(await fileOf('ids-3.ndjson', json))).toEqual([first[0]]);
  });
});

test.each([
  ['an unknown column', 'colour=userId', /no column colour; it has timestamp/],
  ['an unknown member', 'timestamp=when', /no member when; there are eventId/],
])('--map of %s is refused in one sentence', async (_, map, reason) => {
  const file = await fileOf('map.csv', 'timestamp,locationId,locationType,userEmail', ',,,');
  expectOneSentence(await setup.submit('presence', file, '--map', map), reason);
});

test('--preview reads standard input, and needs neither server nor key', async () => {
  const input = 'timestamp,locationId,locationType,cardNumber,who\n2025-11-24T08:00:00Z,x,location,11,\n';
  const { code, stdout } = await setup.work.rollcall(
    ['submit', 'presence', '-', '--format', 'csv', '--preview', '1'],
    { input },
  );
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^line 2: \{.*"sourceUserId":"11","eventId":"row-.{22}"\}\nNothing was sent/),
  ]);
});
