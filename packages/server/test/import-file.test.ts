import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { csvExample } from '../src/csv-import/template.ts';
import { ImportError, importCsv } from '../src/csv-import/import.ts';
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

describe('what a file may look like', () => {
  test('the examples of the templates can be imported as they are', async () => {
    for (const kind of ['locations', 'desks', 'spaces', 'users'] as const) {
      expect(await importFile(db.owner, tenant, kind, csvExample(kind))).toEqual({
        created: 1,
        updated: 0,
        unchanged: 0,
        refused: [],
        ignoredColumns: [],
      });
    }
  });

  test('header names compare without regard to case and white space, in any order', async () => {
    const report = await users([' EMAIL ,\tUserName', 'a@x.org,ada']);
    expect(counts(report)).toEqual([1, 0, 0, 0]);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', email: 'a@x.org' }]);
  });

  test('columns that are not known are ignored and reported once', async () => {
    const report = await users(['userName,primaryGroupId,Cost Centre,', 'a,g1,7,', 'b,g2,8,']);
    expect(counts(report)).toEqual([2, 0, 0, 0]);
    expect(report.ignoredColumns).toEqual(['primaryGroupId', 'Cost Centre']);
  });

  test.each([
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('separated by %s', async (_, d) => {
    await users([`userName${d}"last${d}Name"${d}firstName`, `ada${d}x${d}"A,;\tB"`]);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', first_name: 'A,;\tB' }]);
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])(
    'lines that end in %s, with a byte order mark, blank lines, and line ends inside quotes',
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

  test('white space around a value is not part of it', async () => {
    await users(['userName,firstName', ' ada , A B ']);
    expect(await listUsers(db.owner, tenant)).toMatchObject([{ user_name: 'ada', first_name: 'A B' }]);
  });
});

describe('a file that cannot be imported is one plain sentence', () => {
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
      'a quote left open',
      'users',
      'userName,firstName\r\na,"x\r\ny"\r\nb,"never\r\nc,d\r\n',
      'The record that starts on line 4 has a quote that is never closed.',
    ],
    [
      'a quote in the middle',
      'users',
      'userName\na\n5" disk\n',
      'The record that starts on line 3 has a quote in the middle of a value. A value with quotes is itself quoted, and each quote in it written twice.',
    ],
    [
      'text after a closing quote',
      'users',
      'userName\n"a"b\n',
      'The record that starts on line 2 has a quote in the middle of a value. A value with quotes is itself quoted, and each quote in it written twice.',
    ],
    [
      'a quote left open in a long file',
      'users',
      `userName\na\n"${'long\n'.repeat(300_000)}`,
      'The record that starts on line 3 is longer than 1 MiB: is a quote left open?',
    ],
    ['no line ends', 'users', `userName\n${'x'.repeat(1_200_000)}`, 'Line 2 is longer than 1 MiB.'],
  ] as const)('%s', async (_, kind, file, message) => {
    const error = await importFile(db.owner, tenant, kind, file).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ImportError);
    expect((error as ImportError).message).toBe(message);
    expect([...(await listNodes(db.owner, tenant)), ...(await names())]).toEqual([]);
  });

  test.each([
    ['Latin-1', Buffer.from('userName\r\nada\r\nzoë\r\nbob\r\n', 'latin1'), 3],
    ['UTF-16', Buffer.from('\ufeffuserName\nada', 'utf16le'), 1],
    ['a character cut off at the end', Buffer.from('userName\nada\nzoë').subarray(0, -1), 3],
  ])('not UTF-8: %s', async (_, file, line) => {
    await expect(users(file)).rejects.toThrow(
      new ImportError(`Line ${line} is not valid UTF-8. Save the file as UTF-8 (CSV UTF-8 in Excel).`),
    );
    expect(await names()).toEqual([]);
  });

  test('what whole batches before the fault say is stored, and the message says so; with strict nothing is', async () => {
    const file = ['userName', ...Array.from({ length: 30_000 }, (_, n) => `user${n}`), 'x,"'];
    const error = await users(file).catch((caught: unknown) => caught as Error);
    const stored = (await names()).length;
    expect(stored).toBeGreaterThan(0);
    expect((error as Error).message).toBe(
      `The record that starts on line 30002 has a quote that is never closed. ${stored} rows before it are stored; the mended file can be imported again.`,
    );

    tenant = await createTestOrganisation(db.owner);
    await expect(importFile(db.owner, tenant, 'users', file, { strict: true })).rejects.toThrow(
      /^The record that starts on line 30002 has a quote that is never closed\.$/,
    );
    expect(await names()).toEqual([]);
  });

  test('what the input throws is thrown', async () => {
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
        clock: Date.now,
      }),
    ).rejects.toThrow('disk gone');
  });
});

describe('a bad row', () => {
  test('is reported with the line on which it starts, and stops no other', async () => {
    const report = await users([
      'userName,firstName,userId', // 1
      'ada,"two', // 2
      `lines",${id(1)}`, // 3
      'bob,B,not-a-guid', // 4
      'eve,"E', // 5
      '",zzz', // 6
      'too,few', // 7
      `too,many,${id(2)},x`, // 8
      `cyd,C,${id(3)}`, // 9
    ]);
    expect(report).toEqual({
      created: 2,
      updated: 0,
      unchanged: 0,
      refused: [
        { line: 4, reason: 'userId "not-a-guid" is not a GUID' },
        { line: 5, reason: 'userId "zzz" is not a GUID' },
        { line: 7, reason: 'the row has 2 columns where the header has 3' },
        { line: 8, reason: 'the row has 4 columns where the header has 3' },
      ],
      ignoredColumns: [],
    });
    expect(await names()).toEqual(['ada', 'cyd']);
  });

  test('with strict means that nothing is stored, and every bad row is reported', async () => {
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
      refused: [
        { line: 13, reason: 'onboarded "maybe" is neither true nor false' },
        { line: 2_403, reason: 'onboarded "maybe" is neither true nor false' },
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

test('progress tells rows and bytes, and ends at the end of the file', async () => {
  const file = ['userName', ...Array.from({ length: 2_500 }, (_, n) => `user${n}`)].join('\n');
  const seen: { rows: number; bytes: number }[] = [];
  await importFile(db.owner, tenant, 'users', file, { onProgress: (progress) => seen.push(progress) });
  expect(seen.map(({ rows }) => rows)).toEqual([1_000, 2_000, 2_500]);
  expect(seen.at(-1)?.bytes).toBe(Buffer.byteLength(file));
});
