import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importCsv } from '../src/csv-import/import.ts';
import { CSV_KINDS, type ImportKind } from '../src/csv-import/kinds.ts';
import { csvExample } from '../src/csv-import/template.ts';
import { FileError } from '../src/files/errors.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { counts, id, importFile, listNodes, listUsers } from './support/import.ts';

let db: TestDatabase;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
});
afterAll(() => db.drop());

const users = (file: string | Buffer | string[]) => importFile(db.owner, tenant, 'users', file);
const names = async () => (await listUsers(db.owner, tenant)).map((user) => user.user_name);

describe('the form of a file', () => {
  test('the examples of the templates can be imported unchanged', async () => {
    for (const kind of Object.keys(CSV_KINDS) as ImportKind[]) {
      const example = csvExample(CSV_KINDS[kind]);
      const report = await importFile(db.owner, tenant, kind, example);
      expect([kind, report.refused, counts(report)]).toEqual([kind, [], [1, 0, 0, 0]]);
      expect(report.ignoredColumns).toEqual([]);
      expect([kind, counts(await importFile(db.owner, tenant, kind, example))]).toEqual([kind, [0, 0, 1, 0]]);
    }
  });

  test('header names match regardless of case and white space, in any order', async () => {
    const report = await users([' EMAIL ,\tUserName', 'a@x.org,ada']);
    expect(counts(report)).toEqual([1, 0, 0, 0]);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', email: 'a@x.org' }]);
  });

  test('unknown columns are ignored and reported once', async () => {
    const report = await users([',userName,primaryGroupId,Cost Centre,', '0,a,g1,7,', '1,b,g2,8,']);
    expect(counts(report)).toEqual([2, 0, 0, 0]);
    expect(report.ignoredColumns).toEqual(['column 1, which has no name', 'primaryGroupId', 'Cost Centre']);
  });

  test.each([
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['bars', '|'],
  ])('the separator may be %s', async (_, d) => {
    await users([`userName${d}"last${d}Name"${d}firstName`, `ada${d}x${d}"A,;\tB"`]);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', first_name: 'A,;\tB' }]);
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])(
    'lines may end in %s, with a byte order mark, blank lines, and line ends inside quotes',
    async (_, eol) => {
      const file = [
        '\ufeffuserName,firstName',
        'ada,"A',
        '',
        'B"',
        '',
        ' , ',
        'bob,"x ""y"""',
        'zoë,"',
        '"',
        ',late',
      ];
      const report = await users(file.join(eol));
      expect(report.refused).toEqual([{ line: 10, reason: 'userName is empty' }]);
      expect(await listUsers(db.owner, tenant)).toMatchObject([
        { user_name: 'ada', first_name: `A${eol}${eol}B` },
        { user_name: 'bob', first_name: 'x "y"' },
        { user_name: 'zoë', first_name: null },
      ]);
    },
  );

  test('white space around a value does not belong to it', async () => {
    await users(['userName,firstName', ' ada , A B ']);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', first_name: 'A B' }]);
  });
});

describe('the message for a file that cannot be imported is one plain sentence', () => {
  test.each([
    ['nothing', 'users', '', 'The file is empty.'],
    ['blank lines', 'users', '\ufeff\r\n\r\n', 'The file is empty.'],
    ['no userName', 'users', 'email\na@x.org', 'The header row of a users file needs the column userName.'],
    ['a column twice', 'users', 'userName,USERNAME\na,b', 'The header row has the column userName twice.'],
    [
      'two columns missing',
      'locations',
      'address\n',
      'The header row of a locations file needs the column locationName, and the column timeZone.',
    ],
    [
      'neither of two columns',
      'desks',
      'deskName,zoneName,levelName\nd,z,l',
      'The header row of a desks file needs the column locationId or locationName.',
    ],
    [
      'a header with a stray quote',
      'users',
      'userName,first"Name\na,b\n',
      'The header row cannot be read: the row has a quote in the middle of a value; quote the whole value and double each quote in it.',
    ],
    ['no line ends', 'users', `userName\n${'x'.repeat(1_200_000)}`, 'Line 2 is longer than 1 MiB.'],
  ] as const)('%s', async (_, kind, file, message) => {
    const error = await importFile(db.owner, tenant, kind, file).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).message).toBe(message);
    expect([...(await listNodes(db.owner, tenant)), ...(await names())]).toEqual([]);
  });

  test.each([
    [
      'characters of UTF-8 and of Latin-1',
      Buffer.concat([Buffer.from('userName\r\nadä\r\n'), Buffer.from('zoë\r\nbob\r\n', 'latin1')]),
      3,
    ],
    ['a byte order mark of UTF-8, and Latin-1', Buffer.from('\xef\xbb\xbfuserName\nzo\xeb\n', 'latin1'), 2],
    ['a character cut off at the end', Buffer.from('userName\nada\nzoë').subarray(0, -1), 3],
  ])('not text of one encoding: %s', async (_, file, line) => {
    await expect(users(file)).rejects.toThrow(
      new FileError(`Line ${line} is not valid UTF-8. Save the file as UTF-8 (CSV UTF-8 in Excel).`),
    );
    expect(await names()).toEqual([]);
  });

  test('the batches before a fault are stored, and the message says so; with strict, nothing is stored', async () => {
    const file = ['userName', ...Array.from({ length: 2_500 }, (_, n) => `user${n}`), 'x'.repeat(1_200_000)];
    const error = await users(file).catch((caught: unknown) => caught as Error);
    const stored = (await names()).length;
    expect(stored).toBeGreaterThan(0);
    expect((error as Error).message).toBe(
      `Line 2502 is longer than 1 MiB. ${stored} rows before it are stored; correct the file and import it again.`,
    );

    tenant = await createTestOrganisation(db.owner);
    await expect(importFile(db.owner, tenant, 'users', file, { strict: true })).rejects.toThrow(
      /^Line 2502 is longer than 1 MiB\.$/,
    );
    expect(await names()).toEqual([]);
  });

  test('an error of the input stream is thrown', async () => {
    const input = new Readable({
      read() {
        this.destroy(new Error('disk gone'));
      },
    });
    await expect(
      importCsv({
        kind: 'users',
        input,
        database: db.owner,
        tenantId: tenant,
        strict: false,
        dryRun: false,
        clock: Date.now,
      }),
    ).rejects.toThrow('disk gone');
  });
});

describe('a bad row', () => {
  test('is reported with the number of its first line, and stops no other row', async () => {
    const report = await users([
      'userName,firstName,userId', // 1
      'ada,"two', // 2
      `lines",${id(1)}`, // 3
      'bob,B,not-a-guid', // 4
      'eve,"E', // 5
      '",zzz', // 6
      'too,few', // 7
      `too,many,${id(2)},x`, // 8
      `cyd,C,${id(3)},,`, // 9
    ]);
    expect(counts(report)).toEqual([3, 0, 0, 3]);
    expect(report.refused).toEqual([
      { line: 4, reason: 'userId "not-a-guid" is not a GUID' },
      { line: 5, reason: 'userId "zzz" is not a GUID' },
      { line: 8, reason: 'the row has 4 cells where the header has 3' },
    ]);
    expect(report.rows).toMatchObject([
      { line: 2, result: 'created', id: id(1), name: 'ada' },
      { line: 7, result: 'created', name: 'too' },
      { line: 9, result: 'created', id: id(3), name: 'cyd' },
    ]);
    expect(await names()).toEqual(['ada', 'cyd', 'too']);
  });

  test('means with strict that nothing is stored, and every bad row is reported', async () => {
    await users(['userName', 'old']);
    const before = await listUsers(db.owner, tenant);
    const rows = Array.from({ length: 2_500 }, (_, n) =>
      n === 10 || n === 2_400 ? `u${n},maybe` : `u${n},true`,
    );
    const file = ['userName,onboarded', 'OLD,true', ...rows];
    expect(await importFile(db.owner, tenant, 'users', file, { strict: true })).toEqual({
      created: 0,
      updated: 0,
      unchanged: 0,
      rows: [],
      refused: [
        { line: 13, reason: 'onboarded "maybe" is none of yes, no, true, false, 1 or 0' },
        { line: 2_403, reason: 'onboarded "maybe" is none of yes, no, true, false, 1 or 0' },
      ],
      ignoredColumns: [],
    });
    expect(await listUsers(db.owner, tenant)).toEqual(before);

    const good = file.map((line) => line.replace('maybe', 'false'));
    expect(counts(await importFile(db.owner, tenant, 'users', good, { strict: true }))).toEqual([
      2_500, 1, 0, 0,
    ]);
  });
});

test('progress reports the number of rows, and ends at the end of the file', async () => {
  const file = ['userName', ...Array.from({ length: 2_500 }, (_, n) => `user${n}`)].join('\n');
  const seen: number[] = [];
  await importFile(db.owner, tenant, 'users', file, { onProgress: (rows) => seen.push(rows) });
  expect(seen).toEqual([1_000, 2_000, 2_500]);
});
