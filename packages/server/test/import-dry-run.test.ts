import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CSV_KINDS, type ImportKind } from '../src/csv-import/kinds.ts';
import { importFolder } from '../src/folder-import/import-folder.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { counts, id, importFile } from './support/import.ts';
import { snapshotOf } from './support/snapshot.ts';

let db: TestDatabase;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
  tenant = await createTestOrganisation(db.owner);
  for (const [kind, rows] of Object.entries(THERE)) {
    const report = await importFile(db.owner, tenant, kind as ImportKind, rows);
    expect([kind, report.refused]).toEqual([kind, []]);
  }
});
afterAll(() => db.drop());

/** The data before the import. */
const THERE: Record<ImportKind, string[]> = {
  locations: ['locationName,timeZone', 'HQ,UTC', 'Old,UTC'],
  desks: ['deskName,zoneName,levelName,locationName', 'D1,Z,L,HQ', 'D2,Z,L,HQ', 'D3,Z,L,HQ', 'D4,Z,L,HQ'],
  spaces: ['spaceName,levelName,locationName', 'S1,L,HQ', 'S2,L,HQ'],
  users: ['userName,email', 'ada,ada@x.org', 'bob,bob@x.org', 'cyd,'],
  groups: ['groupName,groupType', 'Red,team', 'Blue,team'],
  'week-plans': ['userName,monday', 'ada,office', 'bob,remote'],
  'desk-assignments': ['deskName,userName', 'D1,ada', 'D2,ada'],
  'access-credentials': ['username,cardNumber', 'ada,1', 'ada,2'],
  'floor-positions': ['name,x,y', 'D1,0.1,0.2', 'D2,0.3,0.4'],
};

/** The rows, in order: one that creates, one that updates, one that changes nothing, and one that is refused. */
const FILES: Record<ImportKind, string[]> = {
  locations: ['locationName,timeZone', 'New,UTC', 'Old,Europe/Paris', 'HQ,UTC', 'Bad,Mars/Base'],
  desks: [
    'deskName,zoneName,levelName,locationName,status',
    'D9,New zone,New level,HQ,',
    'D1,Z,L,HQ,inactive',
    'D2,Z,L,HQ,active',
    'D8,Z,L,Nowhere,',
  ],
  spaces: ['spaceName,levelName,locationName,capacity', 'S9,L,HQ,1', 'S1,L,HQ,4', 'S2,L,HQ,', 'S8,L,HQ,many'],
  users: ['userName,status', 'new,', 'ada,inactive', 'bob,active', 'bad,gone'],
  groups: [
    'groupName,groupType,parentGroupName',
    'New,team,Blue',
    'Red,team,New',
    'Blue,team,',
    'Bad,team,None',
  ],
  'week-plans': [
    'userName,monday,applyFrom',
    'cyd,remote,2020-01-01',
    'ada,away,',
    'bob,remote,',
    'nobody,away,',
  ],
  'desk-assignments': ['deskName,userName', 'D4,bob', 'D1,bob', 'D2,ada', 'D0,ada'],
  'access-credentials': ['username,cardNumber,active', 'bob,3,', 'ada,1,no', 'ada,2,yes', 'bob,5.6E+08,'],
  'floor-positions': ['name,x,y', 'D3,0.5,0.5', 'D1,0.1,0.25', 'D2,0.3,0.4', 'D4,2,0.5'],
};

test.each(Object.keys(CSV_KINDS) as ImportKind[])(
  'a dry run of %s reports what would change, and writes nothing',
  async (kind) => {
    const before = await snapshotOf(db);
    expect(Object.keys(before).length).toBeGreaterThan(20);
    const dry = await importFile(db.owner, tenant, kind, FILES[kind], { dryRun: true });
    expect(await snapshotOf(db)).toEqual(before);

    expect([dry.refused, dry.rows.map(({ line, result }) => [line, result])]).toEqual([
      [{ line: 5, reason: expect.any(String) }],
      [
        [2, 'created'],
        [3, 'updated'],
        [4, 'unchanged'],
      ],
    ]);
    const strict = await importFile(db.owner, tenant, kind, FILES[kind], { dryRun: true, strict: true });
    expect(counts(strict)).toEqual([0, 0, 0, 1]);
    expect(await snapshotOf(db)).toEqual(before);

    // Each case has its own organisation, because later kinds build on this one.
    const other = await createTestOrganisation(db.owner);
    for (const [each, rows] of Object.entries(THERE))
      await importFile(db.owner, other, each as ImportKind, rows);
    const real = await importFile(db.owner, other, kind, FILES[kind]);
    expect([counts(real), real.refused]).toEqual([counts(dry), dry.refused]);
  },
);

test('a dry run of a folder writes nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-dry-run-'));
  const users = [{ userId: id(1), userName: 'new' }, { userId: 'bad' }];
  await mkdir(join(directory, 'users'));
  await writeFile(join(directory, 'users', 'all.json'), JSON.stringify(users));
  await writeFile(join(directory, 'manifest.json'), '{}');
  const before = await snapshotOf(db);
  const options = { directory, database: db.owner, tenantId: tenant, timeZone: 'UTC', replaceDays: false };
  const report = await importFolder({ ...options, dryRun: true, clock: Date.now });
  expect(report.datasets).toMatchObject([{ dataset: 'users', stored: 1, refused: 1 }]);
  expect(await snapshotOf(db)).toEqual(before);
  await rm(directory, { recursive: true });
});
