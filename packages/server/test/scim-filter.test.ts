import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { ENTERPRISE, expectScimError, GROUP, type ScimClient, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
const ids: Record<string, string> = {};
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
  const add = async (user: { userName: string }) => {
    ids[user.userName] = (await idp.createUser(user)).id;
  };
  await add({
    userName: 'Ada',
    externalId: 'X1',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [
      { value: 'ada@work.test', type: 'work' },
      { value: 'ada@home.test', type: 'home', primary: true, display: 'At home' },
    ],
    [ENTERPRISE]: { employeeNumber: '7a', department: 'Engines', manager: { value: 'M1' } },
  } as never);
  await add({
    userName: 'Zoë',
    externalId: 'x1',
    emails: ['Zoe@Example.com'],
    displayName: 'Zoë "Z" O(k]',
  } as never);
  await add({ userName: 'c\\d', active: false, emails: [{ value: 'c@example.com' }] } as never);
  ids.team = (await idp.createGroup('The Team', [ids.Ada as string], { externalId: 'G1' })).id;
  ids.other = (await idp.createGroup('Other')).id;
});
afterAll(() => server.close());

const find = async (path: string, filter: string) => idp.get(`/${path}?filter=${encodeURIComponent(filter)}`);
/** The names of the resources that a filter selects. */
async function selected(path: 'Users' | 'Groups', filter: string): Promise<string[]> {
  const reply = await find(path, filter);
  expect([filter, reply.statusCode]).toEqual([filter, 200]);
  const { Resources, totalResults } = reply.json();
  expect(totalResults).toBe(Resources.length);
  return Resources.map((each: Record<string, string>) => each.userName ?? each.displayName).toSorted();
}

const PEOPLE: [filter: string, names: string[]][] = [
  ['userName eq "ADA"', ['Ada']],
  ['userName eq "zoe\\u0308"', ['Zoë']],
  ['username EQ "ada"', ['Ada']],
  [`${USER}:userName eq "ada"`, ['Ada']],
  ['userName eq "nobody"', []],
  ['userName eq "c\\\\d"', ['c\\d']],
  ['userName sw "a"', ['Ada']],
  ['userName co "D"', ['Ada', 'c\\d']],
  ['userName ew "d"', ['c\\d']],
  ['userName ne "ada"', ['Zoë', 'c\\d']],
  ['userName co "%"', []],
  ['externalId eq "x1"', ['Zoë']],
  ['externalId eq "X1"', ['Ada']],
  ['externalId pr', ['Ada', 'Zoë']],
  ['displayName eq "ada lovelace"', ['Ada']],
  ['displayName eq "zoë \\"z\\" o(k]"', ['Zoë']],
  ['displayName sw "c"', ['c\\d']],
  ['emails eq "zoe@example.com"', ['Zoë']],
  ['emails.value eq "zoe@example.com"', ['Zoë']],
  ['emails[type eq "work"].value eq "zoe@example.com"', ['Zoë']],
  ['emails[type eq "work" and value co "example"]', ['Zoë', 'c\\d']],
  ['emails[type eq "home"].value eq "zoe@example.com"', []],
  ['emails[primary eq true].value ew ".com"', ['Zoë', 'c\\d']],
  ['emails pr', ['Ada', 'Zoë', 'c\\d']],
  ['active eq false', ['c\\d']],
  ['active eq "True"', ['Ada', 'Zoë']],
  ['active ne true', ['c\\d']],
  ['userName eq "ada" and active eq true', ['Ada']],
  ['userName eq "ada" and active eq false', []],
  ['userName eq "ada" or userName eq "zoë" and active eq false', ['Ada']],
  ['(userName eq "ada" or userName eq "zoë") and externalId eq "x1"', ['Zoë']],
  ['userName sw "a" and userName ew "a"', ['Ada']],
  ['emails[type eq "work" and value eq "ADA@work.test"]', ['Ada']],
  ['emails[type eq "home" and value eq "ada@work.test"]', []],
  ['emails.value eq "ada@work.test" or emails.value eq "c@example.com"', ['Ada', 'c\\d']],
  ['emails[type eq "HOME"]', ['Ada']],
  ['emails[primary eq true].value eq "ada@home.test"', ['Ada']],
  ['emails[primary eq true].value eq "ada@work.test"', []],
  ['emails[primary eq false].value sw "ada"', ['Ada']],
  ['emails.display eq "at home"', ['Ada']],
  ['emails[type eq "home"] or emails[type eq "work" and value sw "zoe"]', ['Ada', 'Zoë']],
  ['active eq True', ['Ada', 'Zoë']],
  ['active eq TRUE', ['Ada', 'Zoë']],
  ['active eq FALSE', ['c\\d']],
  ['active eq "False"', ['c\\d']],
  ['emails[primary eq "True"].value eq "ada@home.test"', ['Ada']],
  ['name.familyName eq "LOVELACE"', ['Ada']],
  ['name.givenName sw "a" and active eq true', ['Ada']],
  ['employeeNumber eq "7A"', ['Ada']],
  [`${ENTERPRISE}:employeeNumber eq "7a"`, ['Ada']],
  [`${ENTERPRISE}.employeeNumber eq "7a"`, ['Ada']],
  [`${ENTERPRISE.toUpperCase()}:EMPLOYEENUMBER eq "7a"`, ['Ada']],
  [`${ENTERPRISE}:employeeNumber eq "7"`, []],
  [`${ENTERPRISE}:employeeNumber pr`, ['Ada']],
  [`${ENTERPRISE}:department eq "engines"`, ['Ada']],
  [`${ENTERPRISE}:manager.value eq "m1"`, ['Ada']],
  [`${ENTERPRISE}:manager eq "m1"`, ['Ada']],
  [`${USER}:externalId eq "x1"`, ['Zoë']],
  [`${USER}.name.familyName eq "lovelace"`, ['Ada']],
  [`${USER}:emails[type eq "work"].value eq "ada@work.test"`, ['Ada']],
  ['meta.lastModified gt "2026-01-01T00:00:00Z"', ['Ada', 'Zoë', 'c\\d']],
  ['meta.lastModified lt "2026-01-01T00:00:00Z"', []],
  ['meta.created ge "2026-01-01T00:00:00.123456+01:00" and userName sw "a"', ['Ada']],
  ['meta.created le "2026-01-01T00:00:00"', []],
];
test.each(PEOPLE)('users by %s', async (filter, names) => {
  expect(await selected('Users', filter)).toEqual(names);
});

test('users by the instant in meta, which is neither before nor after itself', async () => {
  const [ada] = await idp.list(`/Users?filter=${encodeURIComponent('userName eq "ada"')}`);
  const { created, lastModified } = (ada as { meta: Record<string, string> } | undefined)?.meta ?? {};
  for (const [attribute, instant] of [
    ['meta.created', created],
    ['meta.lastModified', lastModified],
  ]) {
    for (const operator of ['eq', 'ge', 'le']) {
      expect(await selected('Users', `${attribute} ${operator} "${instant}"`)).toContain('Ada');
    }
    for (const operator of ['ne', 'gt', 'lt']) {
      expect(await selected('Users', `${attribute} ${operator} "${instant}"`)).not.toContain('Ada');
    }
  }
  expect(await selected('Groups', 'meta.lastModified gt "2026-01-01T00:00:00Z"')).toEqual([
    'Other',
    'The Team',
  ]);
});

test('an error about quotes names the double quotes', async () => {
  for (const filter of [
    "userName eq 'ada'",
    'userName eq ada',
    'userName eq \u201cada\u201d',
    'userName eq "ada',
    'userName eq 7',
  ]) {
    expect(expectScimError(await find('Users', filter), 400, 'invalidFilter')).toContain('double quotes');
  }
});

test.each([
  'active eq "maybe"',
  'active ne "maybe"',
  'active eq ""',
  'emails.primary eq "maybe"',
  'meta.created gt "yesterday"',
  'meta.created gt "2026-02-30T00:00:00Z"',
  'meta.created gt "9999-12-31T23:59:59-10:00"',
  'meta.created gt "2026-01-01T25:00:00Z"',
  'meta.created eq true',
  'meta.created co "2026-01-01T00:00:00Z"',
  'emails[type eq "work"] and emails[type eq "home"]',
])('%s is a 400 for users', async (filter) => {
  expectScimError(await find('Users', filter), 400, 'invalidFilter');
});

test('users and groups by id', async () => {
  expect(await selected('Users', `id eq "{${ids.Ada}}"`)).toEqual(['Ada']);
  expect(await selected('Users', `id eq "${ids.Ada?.toUpperCase()}"`)).toEqual(['Ada']);
  expect(await selected('Users', 'id eq "nonsense"')).toEqual([]);
  expect(await selected('Groups', `id eq "${ids.team}"`)).toEqual(['The Team']);
});

test('groups by name, externalId and member', async () => {
  expect(await selected('Groups', 'displayName eq "the team"')).toEqual(['The Team']);
  expect(await selected('Groups', `${GROUP}:displayName sw "THE"`)).toEqual(['The Team']);
  expect(await selected('Groups', 'externalId eq "G1"')).toEqual(['The Team']);
  expect(await selected('Groups', 'externalId eq "g1"')).toEqual([]);
  for (const member of ['members', 'members.value']) {
    expect(await selected('Groups', `id eq "${ids.team}" and ${member} eq "${ids.Ada}"`)).toEqual([
      'The Team',
    ]);
    expect(await selected('Groups', `id eq "${ids.other}" and ${member} eq "${ids.Ada}"`)).toEqual([]);
  }
  expect(await selected('Groups', `members[value eq "${ids.Ada}"]`)).toEqual(['The Team']);
});

test.each([
  ['an unknown attribute', 'shoeSize eq "7"'],
  ['an attribute without filter support', 'title eq "x"'],
  ['an unknown operator', 'userName is "x"'],
  ['an unsupported operator', 'displayName gt "a"'],
  ['not', 'not (userName eq "ada")'],
  ['groups within groups', '((userName eq "ada") or active eq true) and active eq true'],
  ['no value', 'userName eq'],
  ['no operator', 'userName'],
  ['a value without quotes', 'userName eq ada'],
  ['a number', 'userName eq 7'],
  ['null', 'externalId eq null'],
  ['a string that does not end', 'userName eq "ada'],
  ['a string that is not JSON', 'userName eq "\\x"'],
  ['a NUL', 'userName eq "a\\u0000"'],
  ['two filters', 'userName eq "ada" userName eq "zoë"'],
  ['two values', 'userName eq "ada" "zoë"'],
  ['an internal placeholder', 'userName eq "~0" and externalId eq ~0'],
  ['nothing', ' '],
  ['an operator alone', 'or'],
  ['half a group', '(userName eq "ada"'],
  ['too many terms', Array(21).fill('userName pr').join(' and ')],
  ['too many alternatives', Array(5).fill('(active pr or active pr)').join(' and ')],
  [
    'too many alternatives without spaces',
    Array(4)
      .fill(`(active pr${'or_x pr'.repeat(8)})`)
      .join('and'),
  ],
  ['too long a text', `userName eq "${'a'.repeat(4_000)}"`],
  ['quotes without end', `userName eq "${'\\'.repeat(61)}`],
  ['line ends without end', `userName eq "${'\n'.repeat(60)}`],
])('%s is a 400, in little processor time', async (_what, filter) => {
  const cost = await costOf(async () => {
    for (const path of ['Users', 'Groups']) expectScimError(await find(path, filter), 400, 'invalidFilter');
  });
  expect(cost.processorMs).toBeLessThan(2_000);
});

test("names of JavaScript's object members are no attributes, and reach no object of the server", async () => {
  for (const name of [
    'constructor',
    'Constructor.polluted',
    'constructor.prototype.polluted',
    '__proto__.polluted',
    'toString.call',
    'emails.hasOwnProperty.call',
    'emails[toString.call eq "x"].value',
    'urn:x:constructor.prototype.polluted',
  ]) {
    expectScimError(await find('Users', `${name} eq "x"`), 400, 'invalidFilter');
    expectScimError(await find('Groups', `displayName pr and ${name} pr`), 400, 'invalidFilter');
    const operation = { op: 'remove', path: `emails[${name.replace(/[[\]]/g, '')} pr]` };
    expectScimError(await idp.patch(`/Users/${ids.Ada}`, operation), 400);
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect((Object as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.prototype.toString.call([])).toBe('[object Array]');
});

describe('a page', () => {
  const page = async (query: string) => (await idp.get(`/Users?${query}`)).json();

  test('has the requested number of resources, of all in the order of their creation', async () => {
    const all = await page('');
    const created = [ids.Ada, ids.Zoë, ids['c\\d']];
    expect(all).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 3,
    });
    expect(all.Resources.map(({ id }: { id: string }) => id)).toEqual(created);
    const second = await page('startIndex=2&count=1');
    expect(second).toMatchObject({
      totalResults: 3,
      startIndex: 2,
      itemsPerPage: 1,
      Resources: [{ id: created[1] }],
    });
    expect(await page('startIndex=4')).toMatchObject({ totalResults: 3, itemsPerPage: 0, Resources: [] });
    expect(await page('count=0')).toMatchObject({ totalResults: 3, itemsPerPage: 0, Resources: [] });
    expect(await page('count=-5&startIndex=-5')).toMatchObject({
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 0,
    });
    expect(await page('count=999999')).toMatchObject({ itemsPerPage: 3 });
  });

  test('needs whole numbers as parameters', async () => {
    for (const query of ['count=x', 'startIndex=1.5', 'count=']) {
      expectScimError(await idp.get(`/Users?${query}`), 400, 'invalidValue');
    }
  });

  test('is also the answer to a search request', async () => {
    const search = { filter: 'active eq true', attributes: ['userName'], startIndex: 2, count: 1 };
    const reply = await idp.call('POST', '/Users/.search', search);
    expect(reply.json()).toMatchObject({ totalResults: 2, startIndex: 2, itemsPerPage: 1 });
    expect(Object.keys(reply.json().Resources[0]).toSorted()).toEqual(['id', 'schemas', 'userName']);
    expectScimError(await idp.call('POST', '/Groups/.search', { filter: 7 }), 400, 'invalidFilter');
  });
});

describe('attributes', () => {
  const keys = async (path: string) => Object.keys((await idp.get(path)).json()).toSorted();

  test('that the request names come with the id, and no others', async () => {
    const path = `/Users/${ids.Ada}`;
    expect(await keys(`${path}?attributes=userName,DISPLAYNAME`)).toEqual([
      'displayName',
      'id',
      'schemas',
      'userName',
    ]);
    expect(await keys(`${path}?attributes=${USER}:userName`)).toEqual(['id', 'schemas', 'userName']);
    expect((await idp.get(`${path}?attributes=name.familyName`)).json().name).toEqual({
      familyName: 'Lovelace',
    });
    expect((await idp.get(`${path}?attributes=groups.value`)).json().groups).toEqual([{ value: ids.team }]);
    await idp.patch(path, { op: 'add', value: { [ENTERPRISE]: { department: 'D', division: 'V' } } });
    const { [ENTERPRISE]: extension } = (await idp.get(`${path}?attributes=${ENTERPRISE}:department`)).json();
    expect(extension).toEqual({ department: 'D' });
  });

  test('that the URN of the extension names are recognised with either separator', async () => {
    const path = `/Users/${ids.Ada}`;
    for (const name of [`${ENTERPRISE}.manager`, `${ENTERPRISE.toUpperCase()}:MANAGER.value`]) {
      const reply = (await idp.get(`${path}?attributes=${name}`)).json();
      expect(reply[ENTERPRISE]).toEqual({ manager: { value: 'M1' } });
    }
  });

  test('are names: a filter in the list is a 400', async () => {
    for (const query of ['attributes', 'excludedAttributes']) {
      const bracket = encodeURIComponent('emails[type eq "work"]');
      for (const path of [`/Users/${ids.Ada}`, '/Users']) {
        const reply = await idp.get(`${path}?${query}=userName,${bracket}`);
        expect(expectScimError(reply, 400, 'invalidValue')).toContain('emails[type');
      }
    }
  });

  test('that the request excludes do not come, but the id does', async () => {
    expect(await keys(`/Groups/${ids.team}?excludedAttributes=members,id`)).toEqual([
      'displayName',
      'externalId',
      'id',
      'meta',
      'schemas',
    ]);
    const [group] = await idp.list(`/Groups?excludedAttributes=members&filter=externalId%20pr`);
    expect(group).not.toHaveProperty('members');
    expect((await idp.get(`/Users/${ids.Ada}?excludedAttributes=name.familyName`)).json().name).toEqual({
      formatted: 'Ada Lovelace',
      givenName: 'Ada',
    });
  });

  test('have a maximum number in a request', async () => {
    const attributes = Array(101).fill('userName');
    expectScimError(await idp.call('POST', '/Users/.search', { attributes }), 400, 'invalidValue');
  });

  test('can be left out, so that the answer to a PATCH is empty', async () => {
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { externalId: 'G1' } }],
    };
    expect((await idp.call('PATCH', `/Groups/${ids.team}`, patch)).statusCode).toBe(204);
    const reply = await idp.call('PATCH', `/Groups/${ids.team}?attributes=displayName`, patch);
    expect([reply.statusCode, Object.keys(reply.json())]).toEqual([200, ['schemas', 'id', 'displayName']]);
  });
});
