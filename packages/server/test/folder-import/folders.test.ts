import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ShownKey } from '../../src/auth/manage-keys.ts';
import { FolderError } from '../../src/folder-import/folder.ts';
import { type FolderImportOptions, importFolder } from '../../src/folder-import/import-folder.ts';
import type { FolderImportReport, ReportedRow } from '../../src/folder-import/report.ts';
import { exportAll, type Rows } from '../support/export-folder.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MONTH = [{ startDate: '2026-03-01', endDate: '2026-03-31' }];
const [OFFICE, LEVEL, ZONE, DESK, ADA, BOB, CY] = Array.from({ length: 7 }, () => randomUUID()) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const USERS: Rows = [
  { userId: ADA, userName: 'ada', email: 'ada@example.com', status: 'active', primaryLocationId: OFFICE },
  { userId: BOB, userName: 'bob', email: 'bob@example.com', status: 'active', primaryLocationId: OFFICE },
  { userId: CY, userName: 'cy', email: 'cy@example.com', status: 'inactive', primaryLocationId: null },
];
const LOCATIONS: Rows = [{ locationId: OFFICE, locationName: 'Head office', timeZone: 'Europe/Paris' }];
const BOOKED = {
  plan: 'o',
  bookingDepth: 3,
  bookingLocationId: OFFICE,
  bookingLevelId: LEVEL,
  bookingLevelName: '1st',
  bookingZoneId: ZONE,
  bookingZoneName: 'North',
  bookingPlaceId: DESK,
  bookingPlaceName: 'N1',
};

let server: TestServer;
let folder: string;
let tenantId: string;
let key: ShownKey;
let rejects: ReportedRow[];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-folder-import-'));
  tenantId = await server.organisation({ timeZone: 'Asia/Tokyo' });
  key = await server.key(tenantId);
  rejects = [];
  return () => rm(folder, { recursive: true });
});

async function write(datasets: Record<string, Rows | string>): Promise<void> {
  for (const [dataset, rows] of Object.entries(datasets)) {
    const file = join(folder, dataset, 'part.ndjson');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(
      file,
      typeof rows === 'string' ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
  }
  await writeFile(join(folder, 'manifest.json'), '{}');
}

function load(options: Partial<FolderImportOptions> = {}): Promise<FolderImportReport> {
  return importFolder({
    directory: folder,
    database: server.db.owner,
    tenantId,
    timeZone: 'Asia/Tokyo',
    replaceDays: false,
    dryRun: false,
    clock: server.clock.read,
    onReportedRow: (reject) => rejects.push(reject),
    ...options,
  });
}

const exported = () => exportAll(server, key, MONTH);
const countsOf = ({ datasets }: FolderImportReport, path: string) => {
  const { stored, already, adjusted, refused } = datasets.find(({ dataset }) => dataset === path) ?? {};
  return { stored, already, adjusted, refused };
};

test('a folder without a manifest is incomplete, and nothing of it is stored', async () => {
  await write({ users: USERS });
  await rm(join(folder, 'manifest.json'));
  await expect(load()).rejects.toThrow(FolderError);
  await expect(load()).rejects.toThrow(/has no manifest\.json, which an export writes last/);
  expect((await exported()).users).toEqual([]);
});

test.each(['manifest.json', 'users', 'users/part.ndjson', 'users/more'])(
  'a symbolic link in the folder, %s, is named in the error and not followed',
  async (name) => {
    await write({ users: USERS });
    const path = join(folder, name);
    const elsewhere = `${folder}-elsewhere`;
    if (name === 'users/more') await mkdir(elsewhere);
    else await rename(path, elsewhere);
    await symlink(elsewhere, path);
    try {
      await expect(load()).rejects.toThrow(
        new FolderError(
          `${path} is a symbolic link, and an import does not follow links: put the file or the folder itself there.`,
        ),
      );
    } finally {
      await rm(elsewhere, { recursive: true });
    }
    expect((await exported()).users).toEqual([]);
  },
);

test('a symbolic link that a manifest names is not followed', async () => {
  await write({ users: USERS });
  const path = join(folder, 'users', 'part.ndjson');
  await rename(path, `${folder}.ndjson`);
  await symlink(`${folder}.ndjson`, path);
  const files = [{ path: 'users/part.ndjson', dataset: 'users', bytes: 1 }];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ files }));
  await expect(load()).rejects.toThrow(/users\/part\.ndjson is a symbolic link/);
  await rm(`${folder}.ndjson`);
});

test('the folder itself may be a symbolic link', async () => {
  await write({ users: USERS, locations: LOCATIONS });
  await symlink(folder, `${folder}-link`);
  const report = await load({ directory: `${folder}-link` });
  await rm(`${folder}-link`);
  expect(countsOf(report, 'users')).toEqual({ stored: 3, already: 0, adjusted: 0, refused: 0 });
});

test('CSV from spreadsheets is read, and a bad row is refused alone', async () => {
  await write({ locations: LOCATIONS });
  const rows = [
    'sep=;',
    'userId;userName;lastName;onboarded;status;primaryLocationId',
    `${ADA};ada;M\xfcller;Yes`,
    `${BOB};bob; "Str\xf6m"`,
    `${CY};cy;'-1;0;inactive;;;`,
  ];
  await mkdir(join(folder, 'users'));
  await writeFile(join(folder, 'users', 'all.csv'), Buffer.from(rows.join('\r\n'), 'latin1'));
  const report = await load();
  expect(countsOf(report, 'users')).toEqual({ stored: 2, already: 0, adjusted: 0, refused: 1 });
  expect(rejects).toMatchObject([{ line: 4, refused: true, row: `${BOB};bob; "Ström"` }]);
  expect((await exported()).users).toMatchObject(
    [
      { userId: ADA, lastName: 'Müller', onboarded: true, status: 'active' },
      { userId: CY, lastName: '-1', onboarded: false, status: 'inactive' },
    ].sort((a, b) => (a.userId < b.userId ? -1 : 1)),
  );
});

test.each([[{ files: [null] }], [{ files: {} }], [{ files: 'all' }]])(
  'a manifest of %j is refused',
  async (manifest) => {
    await write({ users: USERS });
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await expect(load()).rejects.toThrow(FolderError);
    await expect(load()).rejects.toThrow(/is not a manifest of an export/);
  },
);

test.each(['../users/all.ndjson', '/etc/passwd.csv', 'users/../../all.json', 'users\\..\\all.csv', null])(
  'a manifest with the path %j is refused',
  async (path) => {
    await write({ users: USERS });
    const files = [{ path, dataset: 'users', bytes: 1 }];
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ version: 1, files }));
    await expect(load()).rejects.toThrow(/names a file that cannot be one of an export/);
  },
);

test('nodes that the vendor does not list are created from the rows that name them, with a remark', async () => {
  await write({
    locations: [{ locationId: OFFICE, locationName: 'Head office', status: 'active' }],
    users: USERS,
    'user-booking-attendance': [
      { userId: ADA, day: '2026-03-02T00:00:00.000Z', ...BOOKED, attendanceType: 'confirmed' },
      { userId: BOB, day: '2026-03-02', plan: 'r', attendanceType: 'walkIn' },
      { userId: CY, day: '2026-03-02', plan: 'a' },
    ],
    // Without eventId, sourceId and locationType. 18:00 UTC is the next day in Tokyo.
    presence: [
      { timestamp: '2026-03-02T01:00:00Z', userId: ADA, locationId: OFFICE, placeId: DESK },
      {
        timestamp: '2026-03-02T18:00:00Z',
        userEmail: 'bob@example.com',
        locationId: DESK,
        locationType: 'place',
      },
    ],
  });

  const report = await load();

  expect(rejects).toEqual([]);
  expect(report.remarks).toContain('1 offices have no time zone in the folder: the import set Asia/Tokyo.');
  expect(report.remarks).toContain('The folder has no desks.');
  const { desks, locations, presence, ...rest } = await exported();
  expect(locations).toMatchObject([{ timeZone: 'Asia/Tokyo', status: 'active' }]);
  expect(desks).toMatchObject([
    { deskId: DESK, deskName: 'N1', zoneId: ZONE, levelId: LEVEL, levelName: '1st' },
  ]);
  expect(presence?.map(({ userId, day, placeId }) => ({ userId, day, placeId }))).toEqual([
    { userId: ADA, day: '2026-03-02T00:00:00.000Z', placeId: DESK },
    { userId: BOB, day: '2026-03-03T00:00:00.000Z', placeId: DESK },
  ]);
  const attendance = rest['user-booking-attendance'] ?? [];
  const of = (userId: string) => attendance.filter((row) => row.userId === userId);
  expect(of(ADA)).toMatchObject([{ plan: 'o', bookingPlaceId: DESK, attendanceType: 'confirmed' }]);
  expect(of(BOB)).toMatchObject([{ plan: 'r' }, { plan: 'a', attendanceType: 'walkIn' }]);
  expect(of(CY)).toMatchObject([{ plan: 'a' }]);
});

test('a desk with two users on one day goes to the first, and the other one has the office', async () => {
  const day = '2026-03-02';
  await write({
    locations: LOCATIONS,
    users: USERS,
    'user-booking-attendance': [
      { userId: ADA, day, ...BOOKED },
      { userId: BOB, day, ...BOOKED },
    ],
  });
  expect(countsOf(await load(), 'user-booking-attendance')).toEqual({
    stored: 2,
    already: 0,
    adjusted: 1,
    refused: 0,
  });
  expect(rejects).toMatchObject([
    { line: 2, refused: false, reason: expect.stringContaining('Desk N1 is booked by') },
  ]);
  expect(countsOf(await load(), 'user-booking-attendance')).toEqual({
    stored: 0,
    already: 2,
    adjusted: 1,
    refused: 0,
  });
  const attendance = (await exported())['user-booking-attendance'] ?? [];
  expect(attendance.find((row) => row.userId === BOB)).toMatchObject({ plan: 'o', bookingDepth: 1 });
});

test('a bad row is refused alone, with its line and reason', async () => {
  await write({
    locations: LOCATIONS,
    users: `${JSON.stringify(USERS[0])}\nnot JSON\n\n${JSON.stringify({ ...USERS[1], userId: 'b' })}\n${JSON.stringify(USERS[2])}`,
    presence: [
      { eventId: '1', timestamp: '2026-03-02T08:00:00Z', userId: BOB, locationId: OFFICE },
      { eventId: '2', timestamp: '2026-02-30T08:00:00Z', userId: ADA, locationId: OFFICE },
      { eventId: '3', timestamp: '2026-03-02T08:00:00Z', userId: CY, locationId: OFFICE },
    ],
    'change-log/user': [
      { eventTime: '2026-03-02T08:00:00Z', userId: ADA, day: '2026-03-32', category: 'plan', action: 'x' },
    ],
  });
  const report = await load();
  expect(rejects.map(({ dataset, line, reason }) => `${dataset} ${line}: ${reason}`)).toEqual([
    'users 2: it is not JSON',
    'users 4: userId "b" is not a GUID',
    'change-log/user 1: day "2026-03-32" is not a day',
    expect.stringMatching(/^presence 1: userId: no active user/),
    'presence 2: timestamp must be an ISO 8601 date and time that exists',
  ]);
  expect(rejects[1]?.row).toMatchObject({ userName: 'bob' });
  expect(countsOf(report, 'users')).toEqual({ stored: 2, already: 0, adjusted: 0, refused: 2 });
  expect((await exported()).presence).toMatchObject([{ eventId: '3', userId: CY }]);
});

test('a day with another plan here is kept, and changed only on request, with an entry in the log', async () => {
  const days = (plan: object) => ({
    'user-booking-attendance': [{ userId: ADA, day: '2026-03-20', ...plan }],
  });
  await write({ locations: LOCATIONS, users: USERS, ...days(BOOKED) });
  await load();
  expect((await exported())['change-log/user']).toEqual([]);

  await write(days({ plan: 'r' }));
  expect(countsOf(await load(), 'user-booking-attendance')).toMatchObject({ stored: 0, refused: 1 });
  expect((await exported())['user-booking-attendance']).toMatchObject([{ plan: 'o' }]);

  expect(countsOf(await load({ replaceDays: true }), 'user-booking-attendance')).toMatchObject({
    stored: 1,
    refused: 0,
  });
  const after = await exported();
  expect(after['user-booking-attendance']).toMatchObject([{ plan: 'r' }]);
  expect(after['change-log/user']).toMatchObject([{ action: 'changed' }, { action: 'cancelled' }]);
});

test('a future day of an inactive user gets no desk, and past days do', async () => {
  await write({
    locations: LOCATIONS,
    users: USERS,
    'user-booking-attendance': [
      { userId: CY, day: '2026-03-02', ...BOOKED },
      { userId: CY, day: '2026-03-20', ...BOOKED },
    ],
  });
  await load();
  expect(rejects).toMatchObject([
    { line: 2, refused: true, reason: expect.stringContaining('not known, or not active') },
  ]);
  expect((await exported())['user-booking-attendance']).toMatchObject([{ userId: CY, bookingPlaceId: DESK }]);
});

test('groups come in any order, a group above itself is refused, and users keep the other groups', async () => {
  const [top, low, loop] = [randomUUID(), randomUUID(), randomUUID()];
  const group = (groupId: string, groupName: string, parentGroupId: string | null) => ({
    groupId,
    groupName,
    groupType: 'team',
    parentGroupId,
    status: 'active',
  });
  await write({
    groups: [group(low, 'Low', top), group(top, 'Top', null), group(loop, 'Loop', loop)],
    users: [
      { ...USERS[0], primaryGroupId: low },
      { ...USERS[1], primaryGroupId: loop },
    ],
  });
  await load();
  expect(rejects.map(({ refused, reason }) => [refused, reason])).toEqual([
    [true, expect.stringContaining('parentGroupId')],
    [false, expect.stringContaining(`primaryLocationId ${OFFICE} is not known`)],
    [false, expect.stringContaining(`primaryGroupId ${loop} is not known and was left out`)],
  ]);
  const { groups, users } = await exported();
  expect(groups).toHaveLength(2);
  expect(groups).toContainEqual(group(low, 'Low', top));
  expect(users?.find((row) => row.userId === ADA)).toMatchObject({ primaryGroupId: low });
});

test('a dry run reports the same as the run, and stores nothing', async () => {
  await write({ locations: LOCATIONS, users: [...USERS, { userId: 'nobody' }] });
  const dry = await load({ dryRun: true });
  expect((await exported()).users).toEqual([]);
  expect(await load()).toEqual({ ...dry, dryRun: false });
  expect((await exported()).users).toHaveLength(3);
});

test('the presence reporting of an office follows from its attendance in the folder', async () => {
  const days = ['2026-03-02', '2026-03-03'];
  const seen = { eventId: '1', timestamp: '2026-03-02T08:00:00Z', userId: CY, locationId: OFFICE };
  const rows = (attendanceType: string) =>
    days.map((day) => ({ userId: ADA, day, ...BOOKED, attendanceType }));
  await write({
    locations: LOCATIONS,
    users: USERS,
    'user-booking-attendance': rows('noShow'),
    presence: [seen],
  });
  expect((await load()).remarks).toContain(
    'Head office: its presence reporting was set to always, because its attendance in the folder requires that.',
  );
  const types = async () =>
    (await exported())['user-booking-attendance']?.flatMap((row) =>
      row.userId === ADA ? row.attendanceType : [],
    );
  expect(await types()).toEqual(['noShow', 'noShow']);

  tenantId = await server.organisation();
  key = await server.key(tenantId);
  await write({ 'user-booking-attendance': rows('unconfirmed') });
  await load();
  expect(await types()).toEqual(['unconfirmed', 'unconfirmed']);
});

test('a desk needs no level, new names apply here too, and a name of another node is refused', async () => {
  const desk = {
    deskId: DESK,
    deskName: 'N1',
    zoneId: ZONE,
    zoneName: 'North',
    locationId: OFFICE,
    status: 'inactive',
  };
  const office = { ...LOCATIONS[0], locationId: randomUUID() };
  await write({
    locations: [...LOCATIONS, office],
    desks: [desk],
    users: [...USERS, { userId: randomUUID(), userName: 'ADA' }],
  });
  await load();
  expect(rejects.map(({ dataset, line, reason }) => `${dataset} ${line}: ${reason}`)).toEqual([
    expect.stringMatching(/^locations 2: .*"Head office" has the id/),
    expect.stringMatching(/^users 4: .*userName "ADA" already belongs to line 1/),
  ]);
  expect((await exported()).desks).toMatchObject([{ ...desk, levelName: 'Unnamed level' }]);

  await write({ desks: [{ ...desk, zoneName: 'South', deskName: 'S1' }] });
  await load();
  expect((await exported()).desks).toMatchObject([{ zoneName: 'South', deskName: 'S1', status: 'inactive' }]);
});
