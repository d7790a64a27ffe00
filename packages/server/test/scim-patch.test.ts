import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { ENTERPRISE, expectScimError, PATCH_OP, type ScimClient, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let idp: ScimClient;
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
});
afterAll(() => server.close());

const ADA = {
  userName: 'ada',
  externalId: 'x1',
  name: { givenName: 'Ada', familyName: 'Byron' },
  displayName: 'Ada B',
  emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
  [ENTERPRISE]: { department: 'Poetry', manager: { value: 'm1' } },
};
let id: string;
beforeEach(async () => {
  ({ id } = await idp.createUser(ADA));
  return () => idp.call('DELETE', `/Users/${id}`);
});

const EMAIL = 'emails[type eq "work"].value';
const [mail] = ADA.emails;

/** Requests as identity providers send them, and the resulting user. */
const DIALECTS: [what: string, operations: object[], expected: object][] = [
  ['Okta deactivates', [{ op: 'replace', value: { active: false } }], { active: false }],
  ['Okta deactivates by path', [{ op: 'replace', path: 'active', value: false }], { active: false }],
  ['Entra ID deactivates', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
  [
    'Entra ID deactivates, in lower case',
    [{ op: 'replace', path: 'active', value: 'false' }],
    { active: false },
  ],
  [
    'Entra ID deactivates with a list of values',
    [{ op: 'Replace', value: { active: 'False', userName: 'ada' } }],
    { active: false, userName: 'ada' },
  ],
  [
    'Entra ID changes the address at work',
    [{ op: 'Replace', path: EMAIL, value: 'new@example.com' }],
    { emails: [{ ...mail, value: 'new@example.com' }] },
  ],
  [
    'Entra ID adds an address at work if there is none',
    [
      { op: 'remove', path: 'emails' },
      { op: 'Add', path: EMAIL, value: 'new@example.com' },
    ],
    { emails: [{ ...mail, value: 'new@example.com' }] },
  ],
  ['Entra ID removes the address', [{ op: 'Remove', path: EMAIL }], { emails: undefined }],
  [
    'an address is removed with its entry',
    [{ op: 'remove', path: 'emails[type eq "work"]' }],
    { emails: undefined },
  ],
  [
    'an address at home is stored beside the one at work',
    [{ op: 'Add', path: 'emails[type eq "home"].value', value: 'h@x' }],
    { emails: [mail, { value: 'h@x', type: 'home' }] },
  ],
  [
    'all addresses are replaced',
    [
      {
        op: 'replace',
        path: 'emails',
        value: [
          { value: 'h@x', type: 'home' },
          { value: 'w@x', type: 'work', display: 'At work' },
        ],
      },
    ],
    {
      emails: [
        { value: 'h@x', type: 'home' },
        { value: 'w@x', type: 'work', display: 'At work' },
      ],
    },
  ],
  [
    'a primary address is added, and becomes the only primary one',
    [{ op: 'add', path: 'emails', value: [{ value: 'p@x', type: 'other', primary: true }] }],
    {
      emails: [
        { value: 'ada@example.com', type: 'work' },
        { value: 'p@x', type: 'other', primary: true },
      ],
    },
  ],
  [
    'the primary address is changed',
    [{ op: 'replace', path: 'emails[primary eq true].value', value: 'p@x' }],
    { emails: [{ ...mail, value: 'p@x' }] },
  ],
  [
    'the address is named without a filter',
    [{ op: 'replace', path: 'emails.value', value: 'p@x' }],
    { emails: [{ ...mail, value: 'p@x' }] },
  ],
  [
    'Entra ID changes a name',
    [{ op: 'Replace', path: 'name.familyName', value: 'Lovelace' }],
    { name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' } },
  ],
  [
    'Okta changes a name, and the other name stays',
    [{ op: 'replace', value: { name: { familyName: 'Lovelace' } } }],
    { name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' } },
  ],
  [
    'Entra ID sends dotted names and URNs without a path',
    [
      {
        op: 'Add',
        value: {
          'name.familyName': 'Lovelace',
          displayName: 'Ada L',
          [`${ENTERPRISE}:department`]: 'Engines',
          'emails[type eq "work"].value': 'n@x',
          'addresses[type eq "work"].locality': 'London',
        },
      },
    ],
    {
      name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' },
      displayName: 'Ada L',
      emails: [{ ...mail, value: 'n@x' }],
      [ENTERPRISE]: { department: 'Engines', manager: { value: 'm1' } },
    },
  ],
  [
    'Entra ID changes the department by its URN',
    [{ op: 'Replace', path: `${ENTERPRISE}:department`, value: 'Engines' }],
    { [ENTERPRISE]: { department: 'Engines', manager: { value: 'm1' } } },
  ],
  [
    'an extension is sent as an object',
    [{ op: 'add', value: { [ENTERPRISE]: { costCenter: 'C', department: null } } }],
    { [ENTERPRISE]: { costCenter: 'C', manager: { value: 'm1' } } },
  ],
  [
    'Entra ID names the manager by an id',
    [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: 'm2' }],
    { [ENTERPRISE]: { department: 'Poetry', manager: { value: 'm2' } } },
  ],
  [
    'Entra ID names the manager by a list',
    [{ op: 'Add', path: `${ENTERPRISE}:manager`, value: [{ $ref: '../Users/m2', value: 'm2' }] }],
    { [ENTERPRISE]: { department: 'Poetry', manager: { value: 'm2' } } },
  ],
  [
    'a manager is removed',
    [{ op: 'remove', path: `${ENTERPRISE}:manager` }],
    { [ENTERPRISE]: { department: 'Poetry' } },
  ],
  [
    'the whole extension is removed',
    [{ op: 'remove', path: ENTERPRISE }],
    { [ENTERPRISE]: undefined, schemas: [USER] },
  ],
  [
    'values are removed',
    [
      { op: 'remove', path: 'externalId' },
      { op: 'replace', path: 'displayName', value: '' },
    ],
    { externalId: undefined, displayName: 'Ada Byron' },
  ],
  [
    'a path begins with the URN of the schema',
    [{ op: 'replace', path: `${USER}:userName`, value: 'countess' }],
    { userName: 'countess' },
  ],
  [
    'names are case-insensitive',
    [{ op: 'REPLACE', path: 'NAME.givenname', value: 'A' }],
    { name: { formatted: 'A Byron', givenName: 'A', familyName: 'Byron' } },
  ],
  [
    'the id is repeated',
    [{ op: 'replace', value: { id: 'whatever', schemas: [USER], userName: 'lady' } }],
    { userName: 'lady' },
  ],
  [
    'unknown values are ignored',
    [
      { op: 'Add', path: 'title', value: 'Countess' },
      { op: 'Replace', path: 'phoneNumbers[type eq "mobile"].value', value: '1' },
      { op: 'remove', path: 'roles[primary eq "True"].value' },
    ],
    { userName: 'ada', emails: [mail] },
  ],
  [
    'operations are applied in order',
    [
      { op: 'replace', path: 'externalId', value: 'a' },
      { op: 'remove', path: 'externalId' },
      { op: 'add', value: { externalId: 'b' } },
    ],
    { externalId: 'b' },
  ],
];

test.each(DIALECTS)('%s', async (_what, operations, expected) => {
  const reply = await idp.patch(`/Users/${id}`, ...operations);
  expect([reply.statusCode, reply.json().detail]).toEqual([200, undefined]);
  expect(reply.json()).toMatchObject(
    Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
  );
  for (const [name, value] of Object.entries(expected)) expect(reply.json()[name]).toEqual(value);
  expect((await idp.get(`/Users/${id}`)).json()).toEqual(reply.json());
});

describe('a PATCH is refused', () => {
  const refused: [what: string, operation: object, scimType: string][] = [
    ['with an unknown operation', { op: 'move', path: 'active', value: true }, 'invalidSyntax'],
    ['with an operation that is none', [] as unknown as object, 'invalidSyntax'],
    ['with an op that is an object', { op: { toString: 1 }, path: 'active', value: true }, 'invalidSyntax'],
    ['with a path that is an object', { op: 'add', path: { toString: 1 }, value: true }, 'invalidPath'],
    ['without an operation', { path: 'active', value: true }, 'invalidValue'],
    ['if it adds nothing', { op: 'add', path: 'active' }, 'invalidValue'],
    ['if it removes without a path', { op: 'remove' }, 'noTarget'],
    ['with a path that is none', { op: 'replace', path: 'name..x', value: 1 }, 'invalidPath'],
    [
      'with a path whose string does not end',
      { op: 'replace', path: 'emails[type eq "work].value', value: 1 },
      'invalidPath',
    ],
    [
      'with a filter that is none',
      { op: 'replace', path: 'emails[type is "work"].value', value: 'x' },
      'invalidFilter',
    ],
    [
      'with a filter that selects nothing',
      { op: 'replace', path: 'emails[value eq "x"].type', value: 'x' },
      'noTarget',
    ],
    ['if it changes an attribute of the server', { op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    [
      'if it changes groups through a user',
      { op: 'add', path: 'groups', value: [{ value: 'x' }] },
      'mutability',
    ],
    ['if it removes the userName', { op: 'remove', path: 'userName' }, 'invalidValue'],
    ['with a value of another kind', { op: 'replace', path: 'active', value: 'maybe' }, 'invalidValue'],
    ['with a text that is an object', { op: 'replace', path: 'userName', value: { a: 1 } }, 'invalidValue'],
    [
      'with a text that cannot be kept',
      { op: 'replace', path: 'userName', value: 'a\u0000b' },
      'invalidValue',
    ],
    ['with a path that is no text', { op: 'replace', path: 7, value: 'x' }, 'invalidPath'],
    ['if it has neither a path nor an object', { op: 'replace', value: 'x' }, 'invalidValue'],
  ];
  test.each(refused)('%s', async (_what, operation, scimType) => {
    const before = await idp.get(`/Users/${id}`);
    const harmless = { op: 'replace', path: 'externalId', value: 'never' };
    expectScimError(await idp.patch(`/Users/${id}`, harmless, operation), 400, scimType);
    expect((await idp.get(`/Users/${id}`)).json()).toEqual(before.json());
  });

  test('with more values than a user can have, in little processor time', async () => {
    const emails = Array.from({ length: 40_000 }, (_, n) => ({ value: `${n}@x`, primary: true }));
    const names = Object.fromEntries(emails.map(({ value }) => [value.replace(/\W/g, ''), 1]));
    const cost = await costOf(async () => {
      for (const value of [{ emails }, { name: { ...names } }, { [ENTERPRISE]: names }]) {
        expectScimError(await idp.patch(`/Users/${id}`, { op: 'add', value }), 400, 'invalidValue');
      }
      const parts = Array.from({ length: 101 }, (_, n) => ({
        op: 'add',
        path: 'emails',
        value: [emails[n]],
      }));
      expectScimError(await idp.patch(`/Users/${id}`, ...parts), 400, 'invalidValue');
    });
    expect(cost.processorMs).toBeLessThan(10_000);
  });

  test('without operations, with another schema than that of a PATCH, or with too many operations', async () => {
    const patch = (body: object) => idp.call('PATCH', `/Users/${id}`, body);
    const operation = { op: 'replace', path: 'active', value: true };
    expectScimError(await patch({ schemas: [PATCH_OP] }), 400, 'invalidValue');
    expectScimError(await patch({ schemas: [PATCH_OP], Operations: [] }), 400, 'invalidValue');
    expectScimError(await patch({ schemas: [PATCH_OP], Operations: {} }), 400, 'invalidValue');
    expectScimError(await patch({ schemas: ['urn:x'], Operations: [operation] }), 400, 'invalidSyntax');
    expectScimError(await patch({ schemas: { a: 1 }, Operations: [operation] }), 400, 'invalidSyntax');
    expectScimError(await patch({ schemas: [PATCH_OP], Operations: Array(1_001).fill(operation) }), 413);
    expect((await patch({ schemas: [PATCH_OP], operations: Array(1_000).fill(operation) })).statusCode).toBe(
      200,
    );
  });
});
