import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { upsertUsers } from '../src/directory/users.ts';
import { fold } from '../src/store/values/fold.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { counts, id, importFile, listUsers, listWrittenXids, type Row } from './support/import.ts';

let db: TestDatabase;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  await importFile(db.owner, tenant, 'locations', [
    'locationId,locationName,timeZone',
    `${id(901)},HQ,UTC`,
    `${id(902)},Annex,UTC`,
  ]);
});
afterAll(() => db.drop());

const HEADER =
  'userId,userName,email,firstName,lastName,onboarded,status,primaryLocationId,primaryLocationName';
const users = (...lines: string[]) => importFile(db.owner, tenant, 'users', lines);
const rows = () => listUsers(db.owner, tenant);
const reasons = async (report: ReturnType<typeof users>) =>
  (await report).refused.map(({ line, reason }) => `${line}: ${reason}`);

test('users are created with the given ids or new ones, and with defaults for missing values', async () => {
  const report = await users(
    HEADER,
    `${id(1)},Ada@x.org,Ada@X.org,Ada,Lovelace,TRUE,Inactive,,HQ`,
    ',BOB,,,,,,,',
    `,cyd,,,,false,active,${id(902)},Annex`,
  );
  expect(counts(report)).toEqual([3, 0, 0, 0]);
  expect(await rows()).toEqual([
    {
      user_id: id(1),
      user_name: 'Ada@x.org',
      user_name_folded: 'ada@x.org',
      email: 'Ada@X.org',
      email_folded: 'ada@x.org',
      first_name: 'Ada',
      last_name: 'Lovelace',
      onboarded: true,
      status: 'inactive',
      primary_location_id: id(901),
    },
    {
      user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      user_name: 'BOB',
      user_name_folded: 'bob',
      email: null,
      email_folded: null,
      first_name: null,
      last_name: null,
      onboarded: false,
      status: 'active',
      primary_location_id: null,
    },
    expect.objectContaining({ user_name: 'cyd', primary_location_id: id(902) }),
  ]);
});

test('users are matched by id, or else by userName without regard to case', async () => {
  await users(HEADER, `${id(1)},ada,ada@x.org,Ada,L,true,,,HQ`, `${id(2)},bob,,,,,,,`);
  expect(counts(await users('userId,userName,lastName', `${id(1)},ada.l,King`, ',BOB,'))).toEqual([
    0, 2, 0, 0,
  ]);
  expect(await rows()).toMatchObject([
    {
      user_id: id(1),
      user_name: 'ada.l',
      email: 'ada@x.org',
      last_name: 'King',
      primary_location_id: id(901),
    },
    { user_id: id(2), user_name: 'BOB', user_name_folded: 'bob' },
  ]);
});

test('an empty cell and an absent column keep the value', async () => {
  await users(HEADER, `${id(1)},ada,ada@x.org,Ada,L,true,inactive,,HQ`);
  const before = await rows();
  expect(counts(await users(HEADER, ',ada,,,,,,,'))).toEqual([0, 0, 1, 0]);
  expect(counts(await users('userName', 'ada'))).toEqual([0, 0, 1, 0]);
  expect(await rows()).toEqual(before);
});

test('a repeated import writes nothing, and a changed row writes only itself', async () => {
  const file = [
    HEADER,
    `${id(1)},Ada,a@x.org,A,L,true,inactive,,HQ`,
    `${id(2)},bob,,,,,,,`,
    ',Zoë,z@x.org,,,,,,',
  ];
  await users(...file);
  const [before, written] = [await rows(), await listWrittenXids(db.owner, tenant)];
  expect(counts(await users(...file))).toEqual([0, 0, 3, 0]);
  expect(await rows()).toEqual(before);
  expect(await listWrittenXids(db.owner, tenant)).toEqual(written);

  await users('userName,firstName', 'BOB,Bob', 'ada,A');
  const now = await listWrittenXids(db.owner, tenant);
  const changed = now.filter((row, index) => row.written_xid !== written[index]?.written_xid);
  expect(changed.map((row) => row.id)).toEqual([id(1), id(2)]);
});

test('values that cannot be stored are refused, and the message names the column', async () => {
  const long = 'x'.repeat(1_025);
  expect(
    await reasons(
      users(
        HEADER,
        '17,a,,,,,,,',
        `,b,,${long},,,,,`,
        ',c,,,n\0,,,,',
        ',d,,,,maybe,,,',
        ',e,,,,,on leave,,',
        `,f,,,,,,${id(999)},`,
        ',g,,,,,,,Elsewhere',
        `,h,,,,,,${id(901)},Annex`,
        `,${'漢'.repeat(900)},,,,,,,`,
        `,i,${'漢'.repeat(900)},,,,,,`,
        ',,,Nobody,,,,,',
      ),
    ),
  ).toEqual([
    '2: userId "17" is not a GUID',
    `3: firstName "${'x'.repeat(40)}…" is longer than 1,024 characters`,
    '4: lastName "n\\u0000" contains a NUL',
    '5: onboarded "maybe" is none of yes, no, true, false, 1 or 0',
    '6: status "on leave" is neither active nor inactive',
    `7: primaryLocationId "${id(999)}" is not known`,
    '8: primaryLocationName "Elsewhere" is not known',
    `9: primaryLocationName "Annex" is not the name of primaryLocationId "${id(901)}": its name is "HQ"`,
    `10: userName "${'漢'.repeat(40)}…" is longer than 2,400 bytes`,
    `11: email "${'漢'.repeat(40)}…" is longer than 2,400 bytes`,
    '12: userName is empty',
  ]);
  expect(await rows()).toEqual([]);
});

test('the longest texts fit into their indexes', async () => {
  const random = (n: number) =>
    Array.from({ length: n }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join(
      '',
    );
  expect(
    counts(await users('userName,email,firstName', `${random(800)},${random(800)},${random(1_024)}`)),
  ).toEqual([1, 0, 0, 0]);
});

test('half a surrogate pair is refused', async () => {
  const author = { actor: { changedBy: 'admin', name: null, reason: null }, at: new Date() } as const;
  const results = await db.owner.inTenant(tenant, (tx) =>
    upsertUsers(tx, tenant, [{ userName: 'a\ud800' }, { userName: 'b\ud83d\ude00' }], author),
  );
  expect(results).toEqual([
    { refused: 'userName "a\\ud800" contains half a surrogate pair' },
    { id: expect.any(String), result: 'created' },
  ]);
});

test('ids, names and addresses of other users are refused', async () => {
  await users(
    HEADER,
    `${id(1)},ada,ada@x.org,,,,,,`,
    `${id(2)},bob,bob@x.org,,,,,,`,
    `${id(3)},old,ada@x.org,,,,inactive,,`,
  );
  expect(
    await reasons(
      users(
        HEADER,
        `${id(9)},ADA,,,,,,,`,
        `${id(2)},Ada,,,,,,,`,
        ',new,bob@x.org,,,,,,',
        ',old,,,,,active,,',
        ',new,Bob@x.org,,,,,,',
        ',retired,bob@x.org,,,,inactive,,',
      ),
    ),
  ).toEqual([
    `2: userId "${id(9)}" is not known, and userName "ADA" already belongs to user ${id(1)}`,
    `3: userName "Ada" already belongs to user ${id(1)}`,
    `4: email "bob@x.org" already belongs to user ${id(2)}`,
    `5: email "ada@x.org" already belongs to user ${id(1)}`,
  ]);
  expect((await rows()).map((user) => user.user_name)).toEqual(['ada', 'bob', 'new', 'old', 'retired']);
});

test('repeated rows are refused, in one batch and across batches, unless their values are the same', async () => {
  const filler = Array.from({ length: 1_200 }, (_, n) => `,filler${n},,,,,,,`);
  for (const between of [[], filler]) {
    tenant = await createTestOrganisation(db.owner);
    const first = [`${id(1)},ada,ada@x.org,Ada,,,,,`, ',bob,,Bob,,,,,', ...between];
    const second = [
      `${id(1)},ada,ada@x.org,Ada,,,,,`,
      ',BOB,,Bob,,,,,',
      ',bob,,Bob,,,,,',
      ',bob,,Robert,,,,,',
      ',eve,ada@x.org,,,,,,',
      `${id(5)},Ada,,,,,,,`,
    ];
    const line = 2 + first.length;
    expect(await reasons(users(HEADER, ...first, ...second))).toEqual([
      `${line}: userId "${id(1)}" was already given in line 2`,
      `${line + 1}: userName "BOB" differs only by case from "bob" in line 3`,
      `${line + 3}: userName "bob" was already given in line 3, with other values`,
      `${line + 4}: email "ada@x.org" already belongs to line 2`,
      `${line + 5}: userId "${id(5)}" is not known, and userName "Ada" already belongs to line 2`,
    ]);
  }
});

test('a name or address that a row gives up is free for later rows, even in a circle', async () => {
  await users(
    HEADER,
    `${id(1)},ada,a@x.org,,,,,,`,
    `${id(2)},bob,b@x.org,,,,,,`,
    `${id(3)},cyd,c@x.org,,,,,,`,
  );
  const report = await users(
    HEADER,
    `${id(1)},tmp,t@x.org,,,,,,`,
    `${id(2)},ada,a@x.org,,,,,,`,
    `${id(3)},bob,b@x.org,,,,,,`,
    ',cyd,c@x.org,,,,,,',
  );
  expect(counts(report)).toEqual([1, 3, 0, 0]);
  expect(await rows()).toMatchObject([
    { user_id: id(2), user_name: 'ada', email: 'a@x.org' },
    { user_id: id(3), user_name: 'bob', email: 'b@x.org' },
    { user_name: 'cyd', email: 'c@x.org' },
    { user_id: id(1), user_name: 'tmp', email: 't@x.org' },
  ]);
});

test('ids and names of another organisation can be used, and its rows do not change', async () => {
  const other = await createTestOrganisation(db.owner);
  await importFile(db.owner, other, 'users', ['userId,userName,email', `${id(1)},ada,a@x.org`]);
  const before = [await listUsers(db.owner, other), await listWrittenXids(db.owner, other)];
  expect(
    counts(await users('userId,userName,email', `${id(1)},ada,a@x.org`, `${id(2)},bob,b@x.org`)),
  ).toEqual([2, 0, 0, 0]);
  expect(counts(await users('userId,userName,email', `${id(1)},ada,a2@x.org`))).toEqual([0, 1, 0, 0]);
  expect([await listUsers(db.owner, other), await listWrittenXids(db.owner, other)]).toEqual(before);
  expect(await reasons(users('userName,primaryLocationId', `eve,${id(1)}`))).toHaveLength(1);
});

test('correct rows with ids give the same directory in any order', async () => {
  const people = fc.uniqueArray(
    fc.record({
      n: fc.integer({ min: 1, max: 99 }),
      name: fc.stringMatching(/^[a-zA-Z]{0,3}$/),
      email: fc.boolean(),
      status: fc.constantFrom('active', 'inactive', ''),
      location: fc.constantFrom('HQ', 'Annex', ''),
    }),
    { selector: ({ n }) => n, minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(
      people.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      async ([all, shuffled]) => {
        const directories: Row[][] = [];
        for (const order of [all, shuffled]) {
          tenant = await createTestOrganisation(db.owner);
          await importFile(db.owner, tenant, 'locations', [
            'locationId,locationName,timeZone',
            `${id(901)},HQ,UTC`,
            `${id(902)},Annex,UTC`,
          ]);
          const lines = order.map(
            ({ n, name, email, status, location }) =>
              `${id(n)},u${n}${name},${email ? `${name}${n}@x.org` : ''},${name},,,${status},,${location}`,
          );
          expect(counts(await users(HEADER, ...lines))).toEqual([all.length, 0, 0, 0]);
          directories.push(await rows());
        }
        expect(directories[1]).toEqual(directories[0]);
      },
    ),
    { numRuns: 30 },
  );
});

test('case folding is idempotent, and ignores case and the composition of accents', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fold(fold(text))).toBe(fold(text));
      expect(fold(text.normalize('NFD'))).toBe(fold(text.normalize('NFC')));
    }),
    { numRuns: 500 },
  );
  expect(fold('ZOË')).toBe(fold('zoe\u0308'));
  expect(fold('\u03aa\u0300')).toBe(fold(fold('\u03aa\u0300')));
});

test('20,000 users are imported quickly', async () => {
  const file = [
    HEADER,
    ...Array.from(
      { length: 20_000 },
      (_, n) => `${id(n)},user${n}@x.org,user${n}@x.org,First${n},Last,true,active,,HQ`,
    ),
  ];
  const speeds: number[] = [];
  for (const expected of [
    [20_000, 0, 0, 0],
    [0, 0, 20_000, 0],
  ]) {
    const startMs = performance.now();
    expect(counts(await users(...file))).toEqual(expected);
    speeds.push(Math.round(20_000 / ((performance.now() - startMs) / 1_000)));
  }
  console.log(`users/s: ${speeds[0]} created, ${speeds[1]} unchanged`);
});
