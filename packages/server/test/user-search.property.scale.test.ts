import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { type ScimClient, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { addFirstUsers, byTrigrams, withoutTrigrams } from './support/trigrams.ts';

let server: TestServer;
let client: ManageClient;
let idp: ScimClient;
let locationId: string;
/** Texts of the users, and the attributes of SCIM that have them. */
const texts: { attribute: string; whole: string }[] = [];

/** Letters that SQL, LIKE, JSON, folding and trigrams treat in different ways. */
const unit = fc.constantFrom(
  ...[
    'a',
    'B',
    'xyz',
    'Xylo',
    'zeb',
    'quix',
    'Azul',
    'zorro',
    '7',
    '%',
    '_',
    '\\',
    "'",
    '"',
    '.',
    '-',
    '@',
    ' ',
    'é',
    'e\u0301',
    'Å',
  ],
  ...['İ', 'I', 'ı', 'ß', 'ẞ', 'Σ', 'ς', 'σ', 'ﬁ', 'жук', '東京都', '😀', '𝔸𝔹', '\u0307', 'Ϊ\u0300', 'Ǆ'],
);
const text = fc.array(unit, { minLength: 1, maxLength: 6 }).map((units) => units.join(''));
const person = fc.record({
  userName: text,
  email: fc.option(text.map((local) => `${local}@x.test`)),
  firstName: fc.option(text),
  lastName: fc.option(text),
  displayName: fc.option(text),
  others: fc.array(text, { maxLength: 1 }),
  isActive: fc.boolean(),
});
const PEOPLE = 120;

beforeAll(async () => {
  server = await startTestServer();
  client = await manageClient(server);
  ({ locationId } = await makeLondon(client));
  idp = await scimClient(server, client.tenantId);
  const people = fc.sample(person, { numRuns: PEOPLE, seed: 5 });
  for (const [index, each] of people.entries()) {
    const { userName, email, firstName, lastName, displayName, others, isActive } = each;
    const name = `${userName}${index}`;
    const all = {
      ...{ userName: name, displayName, 'name.givenName': firstName, 'name.familyName': lastName },
      ...{ emails: email, 'emails.value': others[0] ?? null },
    };
    for (const [attribute, whole] of Object.entries(all))
      if (whole !== null) texts.push({ attribute, whole });
    if (index % 2 === 0) {
      const primaryLocationId = index % 4 === 0 ? locationId : null;
      const status = isActive ? 'active' : 'inactive';
      await client.bulk('users', [{ userName: name, email, firstName, lastName, status, primaryLocationId }]);
    } else {
      const emails = [
        ...(email === null ? [] : [{ value: `${index}${email}`, type: 'work' }]),
        ...others.map((value) => ({ value: `${value}${index}`, type: 'home' })),
      ];
      const names = { givenName: firstName ?? undefined, familyName: lastName ?? undefined };
      await idp.call('POST', '/Users', {
        ...{ schemas: [USER], userName: name, active: isActive, name: names, emails },
        ...(displayName !== null && { displayName }),
      });
    }
  }
  await addFirstUsers(server.db, client.tenantId, 2_100);
});
afterAll(() => server.close());

/** A part of one of the texts, in some case. It may cut a character in two. */
const partOfOne = fc
  .tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 8 }), fc.constantFrom('', 'upper', 'lower'))
  .map(([which, from, length, letters]) => {
    const { attribute = '', whole = '' } = texts[which % texts.length] ?? {};
    const some = whole.slice(from % whole.length).slice(0, length);
    const part = letters === 'upper' ? some.toUpperCase() : letters === 'lower' ? some.toLowerCase() : some;
    return { attribute, part };
  });
/** Or a text that is nobody's. */
const part = fc.oneof(
  { arbitrary: text, weight: 1 },
  { arbitrary: partOfOne.map((some) => some.part), weight: 4 },
);

const search = fc.record(
  {
    search: fc.array(part, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
    limit: fc.constantFrom('1', '2', '7', '1000'),
    status: fc.constantFrom('active', 'inactive'),
    locationId: fc.constant('here'),
    after: fc.constantFrom('00000000-0000-4000-8000-000000000050', '80000000-0000-4000-8000-000000000000'),
  },
  { requiredKeys: ['search'] },
);

/** Each answer to these requests; the same requests to the same rows without the index of trigrams. */
async function bothAnswers<T>(requests: T[], ask: (request: T) => Promise<unknown>): Promise<unknown[][]> {
  const askAll = async () => {
    const answers = [];
    for (const request of requests) answers.push(await ask(request));
    return answers;
  };
  return [await askAll(), await withoutTrigrams(server.db, askAll)];
}

test('searches of users find the same users in the same order with and without the index of trigrams', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(search, { minLength: 20, maxLength: 40 }), async (searches) => {
      const [indexed, read] = await bothAnswers(searches, async ({ locationId: here, ...query }) => {
        const parameters = new URLSearchParams({ ...query, ...(here && { locationId }) });
        const reply = await client.send('GET', `users?${parameters}`);
        expect([200, 400]).toContain(reply.statusCode);
        found += reply.statusCode === 200 ? reply.json().items.length : 0;
        return [reply.statusCode, reply.json().items ?? 'refused', reply.json().next];
      });
      expect(indexed).toEqual(read);
    }),
    { numRuns: 12 },
  );
  expect(found).toBeGreaterThan(100);
});

const term = fc.oneof(
  {
    arbitrary: partOfOne.map((some) => `${some.attribute} co ${JSON.stringify(some.part)}`),
    weight: 10,
  },
  {
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          ...['userName', 'displayName', 'name.givenName', 'name.familyName', 'emails', 'emails.value'],
          ...['emails.display', 'externalId'],
        ),
        fc.constantFrom('co', 'co', 'sw', 'ew'),
        part,
      )
      .map(([attribute, operator, value]) => `${attribute} ${operator} ${JSON.stringify(value)}`),
    weight: 6,
  },
  {
    arbitrary: fc.oneof(
      fc.constantFrom('active eq true', 'emails[type eq "home"]', 'displayName pr'),
      part.map((value) => `userName eq ${JSON.stringify(value)}`),
      part.map((value) => `emails[type eq "home" and value co ${JSON.stringify(value)}]`),
    ),
    weight: 2,
  },
);
const filter = fc
  .array(fc.array(term, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 })
  .map((alternatives) => alternatives.map((terms) => terms.join(' and ')).join(' or '));

test('filters of SCIM have the same users and totals with and without the index of trigrams', async () => {
  let found = 0;
  const page = fc.record({
    filter,
    startIndex: fc.constantFrom('1', '2', '5'),
    count: fc.constantFrom('0', '3', '200'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(page, { minLength: 20, maxLength: 40 }), async (pages) => {
      const [indexed, read] = await bothAnswers(pages, async (query) => {
        const reply = await idp.get(`/Users?${new URLSearchParams(query)}`);
        const { totalResults, Resources } = reply.json();
        expect([200, 400]).toContain(reply.statusCode);
        found += reply.statusCode === 200 ? totalResults : 0;
        return [reply.statusCode, totalResults, Resources];
      });
      expect(indexed).toEqual(read);
    }),
    { numRuns: 12 },
  );
  expect(found).toBeGreaterThan(100);
});

test('each attribute that the index of trigrams serves is found by it', async () => {
  await idp.createUser({
    ...{
      userName: 'OnlyUserName',
      displayName: 'Jumbled',
      name: { givenName: 'Kindled', familyName: 'Wizened' },
    },
    emails: [
      { value: 'hexagon@x.test', type: 'work' },
      { value: 'vortex@x.test', type: 'home' },
    ],
  });
  await idp.createUser('Nameless');
  for (const [wanted, userName] of [
    ['userName co "lyuser"', 'OnlyUserName'],
    ['displayName co "umble"', 'OnlyUserName'],
    ['name.givenName co "indle"', 'OnlyUserName'],
    ['name.familyName ew "zened"', 'OnlyUserName'],
    ['emails co "hexag"', 'OnlyUserName'],
    ['emails.value sw "vort"', 'OnlyUserName'],
    ['emails co "vort" or displayName co "nobody"', 'OnlyUserName'],
    ['displayName co "AMELE"', 'Nameless'],
  ] as const) {
    const found = await idp.list(`/Users?filter=${encodeURIComponent(wanted)}`);
    expect([wanted, found.map((user) => user.userName)]).toEqual([wanted, [userName]]);
  }
});

test('the index of trigrams has the answers in these tests', async () => {
  expect(await byTrigrams(server.db, client.tenantId, ['xylo'])).not.toHaveLength(0);
  expect(await withoutTrigrams(server.db, () => byTrigrams(server.db, client.tenantId, ['xylo']))).toBeNull();
});
