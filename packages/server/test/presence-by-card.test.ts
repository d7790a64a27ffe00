import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { card, sendUpdates, updateOf } from './support/credentials.ts';
import { addUser, type TestUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS, type Members, type Result, Workplace } from './support/submissions.ts';

let server: TestServer;
let workplace: Workplace;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await Workplace.open(server);
  ada = workplace.user;
  bob = await addUser(server.db.owner, workplace.tenantId);
});
afterAll(() => server.close());

const give = (user: TestUser, ...cards: Members[]) => sendUpdates(workplace, updateOf(user, ...cards));
const seen = (sourceUserId: unknown, members: Members = {}): Members => ({
  eventId: 'e1',
  timestamp: '2026-03-10T09:00:00Z',
  locationId: workplace.office.placeId,
  locationType: 'place',
  sourceUserId,
  ...members,
});
const results = async (...presenceEvents: Members[]) =>
  (await workplace.submit<{ results: Result[] }>('presence', { sourceId: 'door', presenceEvents })).results;
const exported = async () =>
  (await workplace.exported('presence')).map(({ sourceUserId, userId }) => [sourceUserId, userId]);

const STORED = { eventId: 'e1', resultCode: 0, message: 'Success' };
const notFound = (message: string | RegExp) => ({
  eventId: 'e1',
  resultCode: 1,
  message: expect.stringMatching(message),
});

test("an event without a user's id or name identifies the user by scan data or number of an active card", async () => {
  await give(ada, card({ cardNumber: '1', scanData: ['scan a', 'scan b'] }));
  await give(bob, card({ cardNumber: '2', scanData: [] }));
  const events = ['scan a', 'scan b', '1', '2'].map((text) => seen(text, { userId: null }));
  expect(await results(...events)).toEqual(events.map(() => STORED));
  // Events do not differ by card: Ada's three events are one.
  expect(await exported()).toHaveLength(2);
  expect(await exported()).toEqual(
    expect.arrayContaining([
      ['scan a', ada.userId],
      ['2', bob.userId],
    ]),
  );
});

test.each([
  ['51e69621', ['51E69621', '51:E6:96:21', '51 e6 96 21', ' 51E6 9621 ', '51E6:9621', '51e69621\t']],
  ['00:1A:2B', ['001a2b', '00 1A 2b']],
  ['12:34:56', ['123456', '12 34 56']],
  ['1234 5678', ['12345678', '12:34:56:78']],
])('case, blanks and colons of the hexadecimal number %s do not matter', async (stored, spellings) => {
  const members = { cardNumber: 'other', scanData: [stored] };
  await give(ada, card(members));
  await give(bob, card({ cardNumber: `9${stored}`, scanData: [] }));
  const found = await results(...spellings.map((text, n) => seen(text, { eventId: `e${n}` })));
  expect(found.map(({ resultCode }) => resultCode)).toEqual(spellings.map(() => 0));
  await give(ada, card({ ...members, scanData: [] }), card({ cardNumber: stored, scanData: [] }));
  const byNumber = await results(...spellings.map((text, n) => seen(text, { eventId: `n${n}` })));
  expect(byNumber.map(({ resultCode }) => resultCode)).toEqual(spellings.map(() => 0));
  expect(new Set((await exported()).map(([, userId]) => userId))).toEqual(new Set([ada.userId]));
});

test('leading zeros, other characters, and a separator between decimal numbers do matter', async () => {
  const cards = ['51e69621', '12:345678', 'Badge AB', 'ab-cd'].map((cardNumber) =>
    card({ cardNumber, scanData: [] }),
  );
  await give(ada, ...cards);
  const others = [
    '0051e69621',
    '123:45678',
    '12345678',
    '12 345678',
    'badge ab',
    'BadgeAB',
    'ab:cd',
    'abcd',
    '0x51e69621',
  ];
  expect(await results(...others.map((text) => seen(text)))).toEqual(
    others.map(() => notFound('no active access credential')),
  );
});

test('the message for an unknown number that a spreadsheet has shortened says so', async () => {
  const shortened = ['5.63537E+08', '5,63537E+08', '5E+08', '5.63537e+08'];
  expect(await results(...shortened.map((text) => seen(text)))).toEqual(
    shortened.map(() => notFound(/spreadsheet.*as text/)),
  );
  expect(await results(seen('563537000'), seen('5E08'))).toEqual([
    notFound(/^(?!.*spreadsheet)/),
    notFound(/^(?!.*spreadsheet)/),
  ]);
});

test("an event with a user's id or name ignores the card", async () => {
  await give(bob, card({ cardNumber: '1' }));
  expect(await results(seen('1', { userId: ada.userId }))).toEqual([STORED]);
  expect(await exported()).toEqual([['1', ada.userId]]);
  expect(await results(seen('1', { userEmail: 'nobody@example.com' }))).toEqual([notFound(/userEmail/)]);
});

test('scan data is matched before card numbers', async () => {
  await give(ada, card({ cardNumber: '1', scanData: ['2'] }));
  await give(bob, card({ cardNumber: '2', scanData: ['3'] }));
  expect(await results(seen('2'))).toEqual([STORED]);
  expect(await exported()).toEqual([['2', ada.userId]]);
});

describe('the user is not found, code 1,', () => {
  test('if nothing matches, or only a text that is not hexadecimal in another case', async () => {
    await give(ada, card({ cardNumber: 'xyz', scanData: ['uvw', ''] }));
    for (const text of ['XYZ', 'UVW', '100', 'xyz ', '%', '']) {
      expect([text, await results(seen(text))]).toEqual([text, [notFound(/sourceUserId/)]]);
    }
    expect(await workplace.refused()).toHaveLength(6);
  });

  test('if the event has neither a name nor a card', async () => {
    for (const event of [seen(null), seen(undefined, { userId: null, userEmail: null })]) {
      expect(await results(event)).toEqual([notFound(/userId, userEmail and sourceUserId/)]);
    }
  });

  test('by a card that is inactive, that has another owner, or that has other scan data now', async () => {
    await give(ada, card({ active: false, cardNumber: '1', scanData: ['s1'] }));
    expect(await results(seen('1'), seen('s1'))).toEqual([notFound(/active/), notFound(/active/)]);
    await give(bob, card({ cardNumber: '1', scanData: ['s2'] }));
    expect(await results(seen('1'), seen('s1'), seen('s2'))).toEqual([STORED, notFound(/active/), STORED]);
    expect((await exported()).map(([, userId]) => userId)).toEqual([bob.userId]);
  });

  test("if the card's user is inactive", async () => {
    await give(ada, card({ cardNumber: '1', scanData: ['s1'] }));
    await server.db.owner.inTenant(workplace.tenantId, (tx) =>
      tx.query("UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2", [
        workplace.tenantId,
        ada.userId,
      ]),
    );
    expect(await results(seen('1'), seen('s1'))).toEqual([notFound(/active/), notFound(/active/)]);
  });

  test('if several users match, and the message says so; several cards of one user are no problem', async () => {
    await give(ada, card({ facilityCode: '1' }), card({ facilityCode: '2', scanData: [] }));
    expect(await results(seen('1234567890'))).toEqual([STORED]);
    await give(bob, card({ facilityCode: '3' }));
    expect(await results(seen('1234567890'))).toEqual([notFound(/sourceUserId.*ambiguous/)]);
    expect(await results(seen('100:1234567890'))).toEqual([notFound(/sourceUserId.*ambiguous/)]);
    await give(bob, card({ facilityCode: '3', active: false }));
    expect(await results(seen('1234567890'))).toEqual([STORED]);
  });

  test('by a card of another organisation', async () => {
    const other = await Workplace.open(server);
    await sendUpdates(other, updateOf(other.user, card({ scanData: ['s1'] })));
    expect(await results(seen('1234567890'), seen('s1'))).toEqual([notFound(/active/), notFound(/active/)]);
  });
});

test('a bad sourceUserId is code 3, and the rest of the batch is stored', async () => {
  await give(ada, card({ cardNumber: '1' }));
  const answered = await results(...BAD_TEXTS.map((text) => seen(text)), seen('1'));
  expect(answered.map(({ resultCode }) => resultCode)).toEqual([...BAD_TEXTS.map(() => 3), 0]);
});

test('a call resolves as many cards as it has events', async () => {
  await give(
    ada,
    ...Array.from({ length: 100 }, (_, n) => card({ cardNumber: String(n), scanData: [`s${n}`] })),
  );
  const events = Array.from({ length: 100 }, (_, n) =>
    seen(n % 2 ? String(n) : `s${n}`, { eventId: String(n) }),
  );
  expect(new Set((await results(...events)).map(({ resultCode }) => resultCode))).toEqual(new Set([0]));
  expect(await exported()).toHaveLength(100);
});
