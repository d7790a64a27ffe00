import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { card, sendUpdates, storedCards, type UpdateResult, updateOf } from './support/credentials.ts';
import { addUser, type TestUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Members, Workplace } from './support/submissions.ts';

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

const inactive = (members: Members = {}) => card({ active: false, ...members });
const give = async (user: TestUser, ...cards: Members[]) =>
  (await sendUpdates<UpdateResult>(workplace, updateOf(user, ...cards))).results.map(({ result }) => result);
/** The owner of each stored card. Brackets mean that the card is not active. */
const holdings = async () =>
  Object.fromEntries(
    (await storedCards(workplace)).map(({ facilityCode, cardNumber, userId, active }) => {
      const name = userId === ada.userId ? 'ada' : 'bob';
      return [`${facilityCode}:${cardNumber}`, active ? name : `(${name})`];
    }),
  );
const setStatus = (user: TestUser, status: string) =>
  server.db.owner.inTenant(workplace.tenantId, (tx) =>
    tx.query('UPDATE users SET status = $3 WHERE tenant_id = $1 AND user_id = $2', [
      workplace.tenantId,
      user.userId,
      status,
    ]),
  );

describe('a card', () => {
  test('is the same in every notation of its hexadecimal number, and keeps the first notation', async () => {
    const members = { facilityCode: null };
    expect(await give(ada, card({ ...members, cardNumber: '51:E6:96:21' }))).toEqual(['OK']);
    expect(await give(bob, card({ ...members, cardNumber: '51e69621' }))).toEqual(['CARD_UPDATE_FAILED']);
    expect(await give(bob, card({ ...members, cardNumber: '0051e69621' }))).toEqual(['OK']);
    const scanData = ['AA:BB', 'aabb', ' AA bb', 'x'];
    expect(await give(ada, inactive({ ...members, cardNumber: '51E6 9621', scanData }))).toEqual(['OK']);
    expect(await holdings()).toEqual({ ':51:E6:96:21': '(ada)', ':0051e69621': 'bob' });
    expect((await storedCards(workplace)).map((each) => each.scanData)).toContainEqual([' AA bb', 'x']);
    expect(
      await give(
        ada,
        card({ ...members, cardNumber: '51 E6 96 21' }),
        card({ ...members, cardNumber: '51e69621' }),
      ),
    ).toEqual(['OK', 'OK']);
    expect(await holdings()).toEqual({ ':51:E6:96:21': 'ada', ':0051e69621': 'bob' });
  });

  test('is refused if a spreadsheet has shortened its number', async () => {
    const [result] = (
      await sendUpdates<UpdateResult>(workplace, updateOf(ada, card({ cardNumber: '5.63537E+08' })))
    ).results;
    expect(result).toMatchObject({
      cardNumber: '5.63537E+08',
      result: 'CARD_UPDATE_FAILED',
      message: expect.stringMatching(/^cardNumber .*spreadsheet/),
    });
    expect(await storedCards(workplace)).toEqual([]);
  });

  test('is identified by facility code and number; an absent code equals an empty one', async () => {
    await give(
      ada,
      card({ facilityCode: undefined }),
      card({ facilityCode: '1' }),
      card({ facilityCode: '2' }),
    );
    expect(await give(bob, card({ facilityCode: '' }), card({ facilityCode: null }))).toEqual([
      'CARD_UPDATE_FAILED',
      'CARD_UPDATE_FAILED',
    ]);
    await give(ada, inactive({ facilityCode: null }));
    expect(await holdings()).toEqual({
      ':1234567890': '(ada)',
      '1:1234567890': 'ada',
      '2:1234567890': 'ada',
    });
  });

  test('is stored as it was last sent, with each text of its scan data once and without empty texts', async () => {
    await give(ada, card({ scanData: ['a', 'b'] }));
    await give(ada, inactive({ scanData: ['c', 'b', '', 'c'], credentialType: '' }));
    expect(await storedCards(workplace)).toEqual([
      {
        facilityCode: '100',
        cardNumber: '1234567890',
        userId: ada.userId,
        active: false,
        credentialType: '',
        scanData: ['b', 'c'],
      },
    ]);
    await give(ada, card({ scanData: [] }));
    expect(await storedCards(workplace)).toMatchObject([{ active: true, scanData: [] }]);
  });

  test('that a request does not name stays as it is', async () => {
    await give(ada, card(), card({ cardNumber: '2' }));
    await give(ada, inactive());
    await give(ada);
    expect(await holdings()).toEqual({ '100:1234567890': '(ada)', '100:2': 'ada' });
  });

  test('that is active for another user is refused, whether the request activates it or not', async () => {
    await give(ada, card());
    for (const members of [card(), inactive()]) {
      const answer = await sendUpdates<UpdateResult>(workplace, updateOf(bob, members));
      expect(answer).toMatchObject({ result: 'CARD_UPDATE_FAILED' });
      expect(answer.results[0]).toMatchObject({ message: 'the card is active for someone else' });
      expect(JSON.stringify(answer)).not.toContain(ada.email);
    }
    expect(await storedCards(workplace)).toMatchObject([{ userId: ada.userId, active: true }]);
    expect(await workplace.refused()).toMatchObject([
      { endpoint: 'access-credentials', eventId: 'u1', resultCode: 3 },
      { reason: 'CARD_UPDATE_FAILED: the card is active for someone else' },
    ]);
  });

  test('that is inactive for another user changes its owner only if the request activates it', async () => {
    await give(ada, inactive());
    expect(await give(bob, inactive())).toEqual(['CARD_UPDATE_FAILED']);
    expect(await holdings()).toEqual({ '100:1234567890': '(ada)' });
    expect(await give(bob, card({ scanData: ['new'] }))).toEqual(['OK']);
    expect(await storedCards(workplace)).toMatchObject([
      { userId: bob.userId, active: true, scanData: ['new'] },
    ]);
    expect(await give(ada, card())).toEqual(['CARD_UPDATE_FAILED']);
  });

  test('of an inactive user can change its owner, because nobody could deactivate it', async () => {
    await give(ada, card());
    await setStatus(ada, 'inactive');
    expect(await give(bob, card())).toEqual(['OK']);
    expect(await holdings()).toEqual({ '100:1234567890': 'bob' });
  });

  test('of another organisation is another card', async () => {
    await give(ada, card());
    const other = await Workplace.open(server);
    expect(await sendUpdates(other, updateOf(other.user, card()))).toMatchObject({ result: 'OK' });
    expect(await storedCards(workplace)).toMatchObject([{ userId: ada.userId }]);
  });
});

test('two entries for one card in a request apply in their order', async () => {
  const results = async (...data: object[]) =>
    (await sendUpdates(workplace, ...data)).flatMap((each) => each.results.map(({ result }) => result));
  expect(await results(updateOf(ada, card(), inactive()), updateOf(bob, card()))).toEqual(['OK', 'OK', 'OK']);
  expect(await holdings()).toEqual({ '100:1234567890': 'bob' });
  expect(await results(updateOf(ada, card()), updateOf(bob, inactive()), updateOf(ada, card()))).toEqual([
    'CARD_UPDATE_FAILED',
    'OK',
    'OK',
  ]);
  expect(await holdings()).toEqual({ '100:1234567890': 'ada' });
});

test('a request that cannot be stored completely stores nothing', async () => {
  // Fails the last statement of the transaction.
  const guard = (action: string) =>
    server.db.owner.inTenant(workplace.tenantId, (tx) => tx.query(`ALTER TABLE refused_events ${action}`));
  await guard("ADD CONSTRAINT none CHECK (endpoint <> 'access-credentials') NOT VALID");
  const reply = await workplace.post('access-credentials', {
    data: [updateOf(ada, card(), card({ cardNumber: '' }))],
  });
  await guard('DROP CONSTRAINT none');
  expect(reply.statusCode).toBe(500);
  expect(await storedCards(workplace)).toEqual([]);
});

describe('requests at the same time', () => {
  test('that activate one card for two users give it to one of them, without an error', async () => {
    for (let round = 0; round < 5; round++) {
      const cardNumber = String(round);
      const people = Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? ada : bob));
      const replies = await Promise.all(people.map((user) => give(user, card({ cardNumber }))));
      const winners = new Set(people.filter((_, n) => replies[n]?.[0] === 'OK'));
      expect(winners.size).toBe(1);
      const stored = (await storedCards(workplace)).find((each) => each.cardNumber === cardNumber);
      expect([...winners][0]?.userId).toBe(stored?.userId);
    }
  });

  test('with many cards in many orders, and events by these cards, end without an error', async () => {
    const cards = Array.from({ length: 40 }, (_, n) => card({ cardNumber: String(n), scanData: [`s${n}`] }));
    const orders = fc.sample(fc.shuffledSubarray(cards, { minLength: 30 }), { numRuns: 20, seed: 11 });
    const presence = () =>
      workplace.post('presence', {
        sourceId: 'door',
        presenceEvents: cards.map(({ cardNumber }, n) => ({
          eventId: String(n),
          timestamp: '2026-03-10T09:00:00Z',
          locationId: workplace.office.placeId,
          locationType: 'place',
          sourceUserId: cardNumber,
        })),
      });
    const updates = (order: Members[], n: number) =>
      workplace.post('access-credentials', {
        data: [
          updateOf(n % 2 ? ada : bob, ...order),
          updateOf(n % 2 ? ada : bob, ...order.map((each) => ({ ...each, active: n % 3 > 0 }))),
        ],
      });
    const replies = await Promise.all(
      orders.flatMap((order, n) => [updates(order, n), ...(n % 4 ? [] : [presence()])]),
    );
    expect(new Set(replies.map((reply) => reply.statusCode))).toEqual(new Set([200]));
    expect(await storedCards(workplace)).toHaveLength(40);
  });
});
