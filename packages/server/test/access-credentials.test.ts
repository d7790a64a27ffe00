import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { card, sendUpdates, storedCards, type UpdateResult } from './support/credentials.ts';
import { addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS, type Members, Workplace } from './support/submissions.ts';

let server: TestServer;
let workplace: Workplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await Workplace.open(server);
});
afterAll(() => server.close());

const update = (credentials: Members[], username = workplace.user.email, updateId = 'u1') => ({
  username,
  updateId,
  credentials,
});
const send = <Answer>(...data: object[]) => sendUpdates<Answer>(workplace, ...data);
const one = (...credentials: Members[]) => send<UpdateResult>(update(credentials));
const person = (members: Parameters<typeof addUser>[2] = {}) =>
  addUser(server.db.owner, workplace.tenantId, members);

const holders = async () => (await storedCards(workplace)).map(({ userId }) => userId);

describe('the answer', () => {
  const OK = { cardNumber: '1234567890', facilityCode: '100', result: 'OK', message: 'Success' };

  test('to one update is an object, to several an array in their order, and to none an empty array', async () => {
    const expected = { updateId: 'u1', result: 'OK', message: 'Success', results: [OK] };
    expect(await one(card())).toEqual(expected);
    const answers = await send<UpdateResult[]>(update([card()]), update([], workplace.user.userName, 'u2'));
    expect(answers).toEqual([expected, { ...expected, updateId: 'u2', results: [] }]);
    expect(await send()).toEqual([]);
  });

  test('echoes the facility code as it was sent: absent, null, empty or another', async () => {
    const codes = [undefined, null, '', '7'];
    const { results } = await one(...codes.map((facilityCode) => card({ facilityCode, cardNumber: '1' })));
    expect(results.map(({ facilityCode }) => facilityCode)).toEqual(codes);
    expect((await storedCards(workplace)).map((each) => each.facilityCode)).toEqual(['', '7']);
  });

  test('is PARTIAL_UPDATE when some cards fail, CARD_UPDATE_FAILED when all do', async () => {
    const bad = card({ cardNumber: '' });
    const partial = await one(card(), bad);
    expect(partial).toMatchObject({ result: 'PARTIAL_UPDATE', message: expect.stringContaining('1 of 2') });
    expect(partial.results.map(({ result }) => result)).toEqual(['OK', 'CARD_UPDATE_FAILED']);
    expect(await one(bad)).toMatchObject({ result: 'CARD_UPDATE_FAILED' });
  });
});

test('the route is for keys that submit events, and for Bearer tokens only', async () => {
  expect(await workplace.statusByRole('access-credentials', { data: [] })).toEqual({
    'submitting-events': 200,
    'visitor-only': 403,
    'data-warehouse': 403,
    all: 200,
  });
  expect((await workplace.post('access-credentials/', { data: [] })).statusCode).toBe(200);
  expect((await workplace.post('access-credentials/basic', { data: [] })).statusCode).toBe(404);
});

describe('the user', () => {
  const resultFor = async (username: string) => (await send<UpdateResult>(update([card()], username))).result;

  test('is found by exact e-mail or userName, else without regard to case', async () => {
    const { email, userName } = workplace.user;
    for (const name of [email, userName, email.toUpperCase(), userName.toUpperCase()]) {
      expect([name, await resultFor(name)]).toEqual([name, 'OK']);
    }
  });

  test('is not found if several users differ by case only, unless one matches exactly', async () => {
    const exact = await person({ email: 'Ada@example.com' });
    await person({ email: 'ada@example.com' });
    expect(await resultFor('ADA@example.com')).toBe('USER_NOT_FOUND');
    expect(await resultFor('Ada@example.com')).toBe('OK');
    expect(await holders()).toEqual([exact.userId]);
  });

  test('with this e-mail goes before one with it as userName; two matches in another case are ambiguous', async () => {
    await person({ userName: workplace.user.email });
    expect(await resultFor(workplace.user.email.toUpperCase())).toBe('USER_NOT_FOUND');
    expect(await resultFor(workplace.user.email)).toBe('OK');
    expect(await holders()).toEqual([workplace.user.userId]);
  });

  test('who is unknown, inactive or of another organisation is USER_NOT_FOUND, and no card is written', async () => {
    const inactive = await person({ status: 'inactive' });
    const foreign = (await Workplace.open(server)).user;
    for (const name of ['nobody@example.com', '', inactive.email, foreign.email]) {
      expect(await send(update([card()], name))).toEqual({
        updateId: 'u1',
        result: 'USER_NOT_FOUND',
        message: expect.stringContaining('username'),
        results: [expect.objectContaining({ cardNumber: '1234567890', result: 'CARD_UPDATE_FAILED' })],
      });
    }
    expect(await storedCards(workplace)).toEqual([]);
  });

  test('who is inactive does not hide an active one', async () => {
    await person({ email: 'Shared@example.com', status: 'inactive' });
    const active = await person({ email: 'shared@example.com' });
    expect(await resultFor('Shared@example.com')).toBe('OK');
    expect(await holders()).toEqual([active.userId]);
  });
});

describe('a bad value', () => {
  const MEMBERS = ['cardNumber', 'facilityCode', 'credentialType', 'scanData'] as const;
  const bad = BAD_TEXTS.flatMap((text) =>
    MEMBERS.map((member) => [member, member === 'scanData' ? ['fine', text] : text] as const),
  );

  test('is refused with its card alone, and the message names it', async () => {
    const answer = await one(
      card(),
      ...bad.map(([member, value]) => card({ [member]: value })),
      card({ cardNumber: ' ' }),
    );
    const failures = answer.results.slice(1);
    expect(failures.map(({ result }) => result)).toEqual(failures.map(() => 'CARD_UPDATE_FAILED'));
    for (const [index, [member]] of bad.entries()) expect(failures[index]?.message).toContain(member);
    expect(failures.at(-1)?.message).toContain('cardNumber');
    expect(await storedCards(workplace)).toHaveLength(1);
    const kept = await workplace.refused();
    expect(kept).toHaveLength(failures.length);
    expect(kept[0]).toMatchObject({ endpoint: 'access-credentials', eventId: 'u1', sourceId: null });
    for (const { reason } of kept) expect(reason).toMatch(/^CARD_UPDATE_FAILED: /);
  });

  test('of username or updateId refuses the update, and the message names it', async () => {
    for (const text of BAD_TEXTS) {
      for (const member of ['username', 'updateId']) {
        const answer = await send<UpdateResult>({ ...update([card()]), [member]: text });
        expect(answer).toMatchObject({ result: 'USER_NOT_FOUND', message: expect.stringContaining(member) });
      }
    }
    expect(await storedCards(workplace)).toEqual([]);
    const kept = await workplace.refused();
    expect(kept).toHaveLength(2 * BAD_TEXTS.length);
    for (const { reason } of kept) expect(reason).toMatch(/^USER_NOT_FOUND: (username|updateId) /);
  });

  test('texts may be as long as 1,024 characters, of any script', async () => {
    const random = (seed: number) =>
      Array.from({ length: 1_024 }, (_, n) => String.fromCharCode(0x4e00 + ((n * seed) % 20_000))).join('');
    const long = card({
      cardNumber: random(7_919),
      facilityCode: random(6_007),
      credentialType: random(17),
      scanData: [random(104_729), random(1_299_709)],
    });
    expect(await one(long)).toMatchObject({ result: 'OK' });
  });
});

describe('a malformed request is one 400, stores nothing, and is kept', () => {
  const bodies = (): [string, unknown][] => [
    ['', []],
    ['/data', {}],
    ['/data', { data: 'update' }],
    ['/data/0', { data: [null] }],
    ...['username', 'updateId', 'credentials'].flatMap((member) =>
      [undefined, null, 7].map(
        (value) =>
          [`/data/0/${member}`, { data: [{ ...update([card()]), [member]: value }] }] as [string, unknown],
      ),
    ),
    ...['active', 'cardNumber', 'scanData', 'credentialType'].flatMap((member) =>
      [undefined, null, {}].map(
        (value) =>
          [`/data/0/credentials/1/${member}`, { data: [update([card(), card({ [member]: value })])] }] as [
            string,
            unknown,
          ],
      ),
    ),
    ['/data/0/credentials/0/facilityCode', { data: [update([card({ facilityCode: 100 })])] }],
    ['/data/0/credentials/0/scanData/0', { data: [update([card({ scanData: [7] })])] }],
    ['/data', { data: Array.from({ length: 101 }, () => update([card()])) }],
  ];

  test('for every kind of fault', async () => {
    for (const [path, body] of bodies()) {
      const reply = await workplace.post('access-credentials', body as object);
      expect([path, reply.statusCode]).toEqual([path, 400]);
      expect((reply.json() as { errors: object[] }).errors[0]).toMatchObject({ path });
    }
    expect(await storedCards(workplace)).toEqual([]);
    expect(await workplace.refused()).toHaveLength(bodies().length);
    const hundred = Array.from({ length: 100 }, (_, n) => update([card({ cardNumber: String(n) })]));
    expect(await send<UpdateResult[]>(...hundred)).toHaveLength(100);
    expect(await storedCards(workplace)).toHaveLength(100);
  });
});
