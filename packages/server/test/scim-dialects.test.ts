import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importFile } from './support/import.ts';
import {
  ENTERPRISE,
  expectScimError,
  GROUP,
  PATCH_OP,
  type ScimClient,
  scimClient,
  USER,
} from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
let count = 0;
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
});
afterAll(() => server.close());

const WORK = { value: 'ada@example.test', type: 'work', primary: true };
const HOME = { value: 'home@example.test', type: 'home' };
const unmarked = { value: WORK.value, type: 'work' };

/** Creates a user with every attribute that the server stores. No other user has the same name or addresses. */
async function newUser(more: object = {}): Promise<string> {
  count += 1;
  const { id } = await idp.createUser({
    userName: `ada${count}`,
    externalId: `x${count}`,
    displayName: 'Ada',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ ...WORK, value: address(WORK.value) }],
    [ENTERPRISE]: { department: 'Poetry', costCenter: 'C', manager: { value: 'm1' } },
    ...more,
  });
  return id;
}

/** The address of the running test's user. */
const address = (value: string) => value.replace('@', `${count}@`);
const own = <T>(value: T): T =>
  value === undefined
    ? value
    : JSON.parse(
        JSON.stringify(value, (_key, each) => (/@example\.test$/.test(each) ? address(each) : each)),
      );

async function patched(id: string, operations: object[]) {
  const reply = await idp.patch(`/Users/${id}`, ...own(operations));
  expect([reply.statusCode, reply.json().detail]).toEqual([200, undefined]);
  expect((await idp.get(`/Users/${id}`)).json()).toEqual(reply.json());
  return reply.json();
}

/** The address of each user by which events match. */
async function exportedEmail(userId: string): Promise<string | null> {
  const headers = { authorization: `Bearer ${await server.token(await server.key(idp.tenantId))}` };
  const users = (await server.app.inject({ url: '/v1/analytics/users', headers })).json();
  return users.find((user: { userId: string }) => user.userId === userId).email;
}

const deactivate = { op: 'replace', value: { active: false } };

describe('the path is enough to recognise a PATCH', () => {
  test.each([
    ['without schemas', {}],
    ['with none', { schemas: [] }],
    ['with null', { schemas: null }],
    ['with its schema twice', { schemas: [PATCH_OP, PATCH_OP] }],
    ['with its schema in capitals', { schemas: [PATCH_OP.toUpperCase()] }],
    ['with its schema as a text', { schemas: PATCH_OP }],
    ['with one more schema', { schemas: [USER, PATCH_OP] }],
  ])('%s', async (_what, body) => {
    const id = await newUser();
    const reply = await idp.call('PATCH', `/Users/${id}`, { ...body, Operations: [deactivate] });
    expect([reply.statusCode, reply.json().active]).toEqual([200, false]);
  });

  test('with one operation outside a list', async () => {
    const id = await newUser();
    const reply = await idp.call('PATCH', `/Users/${id}`, { schemas: [PATCH_OP], Operations: deactivate });
    expect([reply.statusCode, reply.json().active]).toEqual([200, false]);
  });
});

/** Each spelling of an attribute of the user or of the extension. */
const spellings = (schema: string, name: string) => [
  `${schema}:${name}`,
  `${schema}.${name}`,
  `${schema.toUpperCase()}:${name.toUpperCase()}`,
  `${schema.toLowerCase()}.${name.toLowerCase()}`,
];
const PLACES: [schema: string, name: string, read: (user: never) => unknown][] = [
  [USER, 'displayName', (user: { displayName: string }) => user.displayName],
  [USER, 'externalId', (user: { externalId: string }) => user.externalId],
  [USER, 'name.familyName', (user: { name: { familyName: string } }) => user.name.familyName],
  ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map(
    (name) =>
      [ENTERPRISE, name, (user: Record<string, Record<string, string>>) => user[ENTERPRISE]?.[name]] as never,
  ),
  [
    ENTERPRISE,
    'manager',
    (user: Record<string, { manager?: { value: string } }>) => user[ENTERPRISE]?.manager?.value,
  ],
  [
    ENTERPRISE,
    'manager.value',
    (user: Record<string, { manager?: { value: string } }>) => user[ENTERPRISE]?.manager?.value,
  ],
];

describe.each(PLACES)('%s %s', (schema, name, read) => {
  const names = [...spellings(schema, name), ...(schema === USER ? [name, name.toUpperCase()] : [])];

  test('is added, replaced and removed by any spelling of its path', async () => {
    const id = await newUser();
    const after = async (operation: object) => {
      const reply = await idp.patch(`/Users/${id}`, operation);
      expect([operation, reply.statusCode]).toEqual([operation, 200]);
      return read(reply.json() as never);
    };
    const cleared = name === 'displayName' ? 'Ada Lovelace' : undefined;
    for (const [index, path] of names.entries()) {
      const [value, other] = [`${id} ${index}`, `${id} ${index} other`];
      expect(await after({ op: 'add', path, value })).toBe(value);
      expect(await after({ op: 'Replace', path, value: other })).toBe(other);
      expect(await after({ op: 'replace', value: { [path]: value } })).toBe(value);
      expect(await after({ op: 'remove', path })).toBe(cleared);
    }
    for (const empty of [null, '']) {
      for (const operation of [{ path: name }, { value: { [name]: empty } }]) {
        const named = JSON.parse(JSON.stringify(operation).replace(`"${name}"`, JSON.stringify(names[0])));
        expect(await after({ op: 'add', path: names[0], value: id })).toBe(id);
        expect(await after({ op: 'replace', value: empty, ...named })).toBe(cleared);
      }
    }
  });

  test('is written by any spelling of a flat name in POST and PUT', async () => {
    for (const [index, flat] of names.filter((each) => /[.:]/.test(each)).entries()) {
      const userName = `flat ${schema} ${name} ${index}`;
      const [value, other] = [`${userName} one`, `${userName} other`];
      const user = await idp.createUser({ userName, [flat]: value });
      expect([flat, read(user as never)]).toEqual([flat, value]);
      const put = await idp.call('PUT', `/Users/${user.id}`, { userName, [flat]: other });
      expect([flat, put.statusCode, read(put.json() as never)]).toEqual([flat, 200, other]);
    }
  });
});

test('null and an empty value clear the whole extension, in PATCH and PUT', async () => {
  for (const value of [null, '']) {
    const id = await newUser();
    expect(await patched(id, [{ op: 'replace', path: ENTERPRISE, value }])).not.toHaveProperty([ENTERPRISE]);
    const other = await newUser();
    const put = await idp.call('PUT', `/Users/${other}`, { userName: `ada${count}`, [ENTERPRISE]: value });
    expect(put.json()).not.toHaveProperty([ENTERPRISE]);
  }
});

test('the URN of its schema names the whole resource, and an empty path is invalid', async () => {
  const id = await newUser();
  for (const [index, path] of [USER, USER.toUpperCase(), '', ' ', null].entries()) {
    const displayName = `Ada ${index}`;
    expect(await patched(id, [{ op: 'replace', path, value: { displayName } }])).toMatchObject({
      displayName,
    });
  }
});

describe('a wrong type is a 400 that names the attribute, and changes nothing:', () => {
  const MARKED: [attribute: string, values: unknown[]][] = [
    ['userName', [null, '', {}, [], true]],
    ['externalId', [{}, [], true]],
    ['displayName', [{}, ['x'], false]],
    ['active', ['', 'maybe', 1, {}, []]],
    ['name', ['x', 5, true, [], [{ givenName: 'A' }], { givenName: {} }, { familyName: ['x'] }]],
    [
      'emails',
      [
        5,
        true,
        {},
        [{}],
        [{ type: 'work' }],
        [5],
        [null],
        [[WORK]],
        { value: {} },
        [{ value: 'a@x', type: {} }],
      ],
    ],
    ['emails.primary', ['maybe', 2]],
    ['department', [{}, ['x'], true]],
    ['manager', [[{ value: 'a' }, { value: 'b' }], true, { value: {} }]],
    [ENTERPRISE, ['x', 5, [], [{ department: 'D' }]]],
  ];
  const cases = MARKED.flatMap(([attribute, values]) => values.map((value) => [attribute, value] as const));

  test.each(cases)('%s %j', async (attribute, value) => {
    const id = await newUser();
    const before = (await idp.get(`/Users/${id}`)).json();
    const path =
      attribute === 'department' || attribute === 'manager' ? `${ENTERPRISE}:${attribute}` : attribute;
    const detail = expectScimError(
      await idp.patch(`/Users/${id}`, { op: 'replace', path, value }),
      400,
      attribute === ENTERPRISE && Array.isArray(value) ? undefined : 'invalidValue',
    );
    if (attribute !== ENTERPRISE) expect(detail).toContain(attribute.split('.')[0]);
    const body =
      attribute === 'emails.primary'
        ? { emails: [{ value: 'p@x', primary: value }] }
        : path === attribute
          ? { [attribute]: value }
          : { [ENTERPRISE]: { [attribute]: value } };
    expectScimError(
      await idp.call('POST', '/Users', { userName: `new ${count}`, ...body }),
      400,
      'invalidValue',
    );
    expectScimError(
      await idp.call('PUT', `/Users/${id}`, { userName: `ada${count}`, ...body }),
      400,
      'invalidValue',
    );
    expect((await idp.get(`/Users/${id}`)).json()).toEqual(before);
  });
});

describe('an unknown name is a 400 that names it:', () => {
  test.each([
    'shoeSize',
    'userName.x',
    'name.nick',
    'emails.shoe',
    'emails[type eq "work"].shoe',
    'phoneNumbers[type eq "work"].shoe',
    `${ENTERPRISE}:shoe`,
    `${ENTERPRISE}.shoe`,
    `${ENTERPRISE}:manager.shoe`,
    `${USER}:shoe`,
    `${USER}x.displayName`,
    `${GROUP}:displayName`,
    'urn:ietf:params:scim:schemas:extension:acme:2.0:User:shoe',
    'name[givenName eq "Ada"].familyName',
    `${ENTERPRISE}:manager[value eq "m1"].value`,
  ])('the path %s', async (path) => {
    const id = await newUser();
    for (const op of ['add', 'replace', 'remove']) {
      const detail = expectScimError(
        await idp.patch(`/Users/${id}`, { op, path, value: 'x' }),
        400,
        'invalidPath',
      );
      expect(detail).toContain(JSON.stringify(path));
    }
    expectScimError(
      await idp.patch(`/Users/${id}`, { op: 'add', value: { [path]: 'x' } }),
      400,
      'invalidPath',
    );
  });

  test('a flat name of a known schema, but not one of an unknown schema', async () => {
    for (const name of [`${ENTERPRISE}:shoe`, `${ENTERPRISE}.shoe`, `${USER}:shoe`, 'name.shoe']) {
      const reply = await idp.call('POST', '/Users', { userName: 'never', [name]: 1 });
      expect(expectScimError(reply, 400, 'invalidPath')).toContain('shoe');
    }
    const acme = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';
    const user = await idp.createUser({
      userName: 'acme',
      [acme]: { shoe: 7 },
      [`${acme}:shoe`]: 7,
      shoe: 7,
    });
    expect(user.userName).toBe('acme');
  });

  test('a sub-attribute in the filter of a path', async () => {
    const id = await newUser();
    const operation = { op: 'replace', path: 'emails[shoe eq "work"].value', value: 'x' };
    expect(expectScimError(await idp.patch(`/Users/${id}`, operation), 400, 'invalidFilter')).toContain(
      'shoe',
    );
  });
});

/** The cases for a user with one address at work. `main` is the address by which events match. */
const ADDRESSES: [what: string, operations: object[], emails: object[] | undefined, main: string | null][] = [
  ...['True', 'true', true].map((primary): [string, object[], object[], string] => [
    `primary is ${JSON.stringify(primary)}`,
    [{ op: 'Add', path: 'emails', value: [{ value: 'new@example.test', type: 'work', primary }] }],
    [unmarked, { value: 'new@example.test', type: 'work', primary: true }],
    'new@example.test',
  ]),
  [
    'another type becomes primary',
    [
      { op: 'add', path: 'emails', value: [{ value: 'o@example.test', type: 'other' }] },
      { op: 'replace', path: 'emails[type eq "other"].primary', value: 'True' },
    ],
    [unmarked, { value: 'o@example.test', type: 'other', primary: true }],
    'o@example.test',
  ],
  [
    'the first address becomes primary again',
    [
      { op: 'add', path: 'emails', value: { value: 'o@example.test', type: 'other', primary: true } },
      { op: 'replace', path: 'emails[type eq "work"].primary', value: true },
    ],
    [WORK, { value: 'o@example.test', type: 'other' }],
    WORK.value,
  ],
  [
    'an address that is not primary',
    [{ op: 'add', path: 'emails', value: [HOME] }],
    [WORK, HOME],
    WORK.value,
  ],
  [
    'an address that exists already',
    [{ op: 'add', path: 'emails', value: [{ value: 'ADA@example.test', type: 'Work', display: 'Ada' }] }],
    [{ value: 'ADA@example.test', type: 'Work', primary: true, display: 'Ada' }],
    'ADA@example.test',
  ],
  [
    'the primary address is removed, and the one at work is next',
    [
      {
        op: 'replace',
        path: 'emails',
        value: [HOME, unmarked, { ...HOME, value: 'p@example.test', primary: true }],
      },
      { op: 'remove', path: 'emails[primary eq true]' },
    ],
    [HOME, unmarked],
    WORK.value,
  ],
  [
    'without a primary one and one at work, the first',
    [{ op: 'replace', path: 'emails', value: [HOME, { value: 'o@example.test', type: 'other' }] }],
    [HOME, { value: 'o@example.test', type: 'other' }],
    HOME.value,
  ],
  [
    'an address is removed by its value',
    [
      { op: 'add', path: 'emails', value: [HOME] },
      { op: 'Remove', path: 'emails', value: [{ value: HOME.value }] },
    ],
    [WORK],
    WORK.value,
  ],
  ...[
    { value: 'b@example.test', type: 'work' },
    [{ value: 'b@example.test', type: 'work' }],
    'b@example.test',
  ].flatMap((value): [string, object[], object[], string][] =>
    ['replace', 'add'].map((op) => [
      `${op} of a filtered path by ${JSON.stringify(value)}`,
      [{ op, path: 'emails[type eq "work"]', value }],
      [{ ...WORK, value: 'b@example.test' }],
      'b@example.test',
    ]),
  ),
  ...[null, ''].flatMap((value): [string, object[], undefined, null][] =>
    ['emails', 'emails[type eq "work"]', 'emails[type eq "work"].value', 'emails.value'].map((path) => [
      `${path} is cleared by ${JSON.stringify(value)}`,
      [{ op: 'replace', path, value }],
      undefined,
      null,
    ]),
  ),
  [
    'an entry without an address is ignored',
    [{ op: 'replace', path: 'emails', value: [{ ...WORK, value: '' }, HOME] }],
    [HOME],
    HOME.value,
  ],
];
describe('the addresses of a user', () => {
  test.each(ADDRESSES)('%s', async (_what, operations, emails, main) => {
    const id = await newUser();
    expect((await patched(id, operations)).emails).toEqual(own(emails));
    expect(await exportedEmail(id)).toBe(own(main));
  });

  test('come back as POST and PUT sent them, with one primary', async () => {
    const emails = [
      HOME,
      { ...WORK, display: 'Ada' },
      { value: 'o@example.test', type: 'other', primary: false },
    ];
    const id = await newUser({ emails });
    expect((await idp.get(`/Users/${id}`)).json().emails).toEqual(emails);
    const put = {
      userName: `ada${count}`,
      emails: [
        { ...HOME, primary: true },
        { ...WORK, primary: 'True' },
      ],
    };
    expect((await idp.call('PUT', `/Users/${id}`, put)).json().emails).toEqual([HOME, WORK]);
    expect(await exportedEmail(id)).toBe(WORK.value);
    await idp.call('DELETE', `/Users/${id}`);
  });

  test('show a change outside SCIM of the address by which events match', async () => {
    const id = await newUser({ emails: [HOME, WORK] });
    const importEmail = (email: string) =>
      importFile(server.db.owner, idp.tenantId, 'users', ['userName,email', `ada${count},${email}`]);
    await importEmail('csv@example.test');
    const emails = [HOME, { ...WORK, value: 'csv@example.test' }];
    expect((await idp.get(`/Users/${id}`)).json().emails).toEqual(emails);
    const { emails: after } = (
      await idp.patch(`/Users/${id}`, { op: 'replace', value: { displayName: 'x' } })
    ).json();
    expect(after).toEqual(emails);
    expect(await exportedEmail(id)).toBe('csv@example.test');
  });

  test('change the version of the user, even if the address for events stays', async () => {
    const id = await newUser();
    const before = (await idp.get(`/Users/${id}`)).headers.etag;
    await patched(id, [{ op: 'add', path: 'emails', value: [HOME] }]);
    expect((await idp.get(`/Users/${id}`)).headers.etag).not.toBe(before);
  });
});

describe('meta', () => {
  test('shows when a resource was created and last changed, and no other event changes it', async () => {
    const id = await newUser();
    const group = await idp.createGroup(`Group of ${id}`);
    const metaOf = async (path: string) => (await idp.get(path)).json().meta;
    const [user, made] = [await metaOf(`/Users/${id}`), await metaOf(`/Groups/${group.id}`)];
    expect([user.created, made.created].map((each) => Date.parse(each))).toEqual([
      expect.closeTo(server.clock.nowMs, -3),
      expect.closeTo(server.clock.nowMs, -3),
    ]);
    expect([user.lastModified, made.lastModified]).toEqual([user.created, made.created]);

    server.clock.advanceS(60);
    await patched(id, [{ op: 'replace', value: { displayName: 'Ada', externalId: `x${count}` } }]);
    expect(await metaOf(`/Users/${id}`)).toEqual(user);
    const changes = [
      { op: 'replace', path: 'displayName', value: 'B' },
      { op: 'replace', path: 'name.familyName', value: 'B' },
      { op: 'add', path: 'emails', value: [HOME] },
      { op: 'add', path: `${ENTERPRISE}:division`, value: 'B' },
      deactivate,
    ];
    for (const change of changes) {
      server.clock.advanceS(60);
      const { meta } = await patched(id, [change]);
      expect(meta).toMatchObject({
        created: user.created,
        lastModified: new Date(server.clock.nowMs).toISOString(),
      });
    }
    server.clock.advanceS(60);
    await idp.patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: id }] });
    expect(await metaOf(`/Groups/${group.id}`)).toMatchObject({
      created: made.created,
      lastModified: new Date(server.clock.nowMs).toISOString(),
    });
  });
});

describe('ids in braces and paths of groups', () => {
  const membersOf = async (id: string) =>
    (await idp.get(`/Groups/${id}`)).json().members.map(({ value }: { value: string }) => value);

  test('identify the members that a request adds, removes or looks for', async () => {
    const id = await newUser();
    const group = await idp.createGroup(`Braces ${id}`);
    const patch = async (operation: object) => {
      expect((await idp.patch(`/Groups/${group.id}`, operation)).statusCode).toBe(204);
      return membersOf(group.id);
    };
    const value = [{ value: `{${id.toUpperCase()}}` }];
    for (const path of ['members', `${GROUP}:members`, `${GROUP}.members`, GROUP.toUpperCase()]) {
      const adding = path === GROUP.toUpperCase() ? { path, value: { members: value } } : { path, value };
      expect(await patch({ op: 'add', ...adding })).toEqual([id]);
      const filter = `members[value eq "{${id}}"]`;
      const found = await idp.list(`/Groups?filter=${encodeURIComponent(filter)}`);
      expect(found.map((each) => each.id)).toEqual([group.id]);
      const removed = path.startsWith(GROUP) ? `${path}[value eq "{${id}}"]` : filter;
      expect(await patch({ op: 'remove', path: removed })).toEqual([]);
      await patch({ op: 'add', path: 'members', value: `{${id}}` });
      expect(await patch({ op: 'remove', path: 'members', value })).toEqual([]);
    }
    expect((await idp.get(`/Users/${encodeURIComponent(`{${id}}`)}`)).json().id).toBe(id);
  });

  test('the server removes braces around the id of a manager', async () => {
    const id = await newUser();
    const manager = await newUser();
    for (const value of [`{${manager}}`, { value: `{${manager.toUpperCase()}}` }]) {
      const user = await patched(id, [{ op: 'add', path: `${ENTERPRISE}:manager`, value }]);
      expect(user[ENTERPRISE].manager).toEqual({ value: manager });
    }
  });

  test.each([
    ['members[value eq "x"].display', 'mutability'],
    ['members.shoe', 'invalidPath'],
    ['shoe', 'invalidPath'],
    [`${USER}:displayName`, 'invalidPath'],
    [`${GROUP}.shoe`, 'invalidPath'],
  ])('the path %s is a 400', async (path, scimType) => {
    const group = await idp.createGroup(`Refused ${path}`);
    for (const op of ['remove', 'replace']) {
      expectScimError(await idp.patch(`/Groups/${group.id}`, { op, path, value: 'x' }), 400, scimType);
    }
  });

  test('flat names can create a group', async () => {
    const id = await newUser();
    const group = await idp.call('POST', '/Groups', {
      [`${GROUP}:displayName`]: `Flat ${id}`,
      [`${GROUP}.members`]: [{ value: id }],
    });
    expect([group.statusCode, group.json().displayName]).toEqual([201, `Flat ${id}`]);
    expect(await membersOf(group.json().id)).toEqual([id]);
  });
});

test('the path of a request is case-insensitive', async () => {
  const id = await newUser();
  for (const prefix of ['/scim/v2', '/SCIM/V2']) {
    for (const path of ['/users?count=1', `/USERS/${id}`, '/groups/', '/schemas', '/serviceproviderconfig']) {
      const headers = { authorization: `Bearer ${idp.token}` };
      const reply = await server.app.inject({ url: prefix + path, headers });
      expect([prefix + path, reply.statusCode]).toEqual([prefix + path, 200]);
    }
  }
  const search = await idp.call('POST', '/users/.SEARCH', { filter: `id eq "${id}"` });
  expect(search.json().totalResults).toBe(1);
});
