import fc from 'fast-check';
import type { Schema } from './openapi.ts';
import { refer } from './references.ts';

/*
 * Arbitrary values of a JSON Schema. Most schemas of the server say only `string`: what the text means is known by its
 * name, so requests get past the look-ups.
 */

type Text = fc.Arbitrary<string>;

const thing = (kind: string): Text =>
  fc.oneof(
    { weight: 12, arbitrary: fc.nat({ max: 9 }).map((index) => refer(kind, index)) },
    { weight: 1, arbitrary: fc.nat({ max: 3 }).map((index) => refer(`foreign ${kind}`, index)) },
    { weight: 1, arbitrary: fc.uuid() },
  );
/** A name that exists, or a new one. */
const named = (kind: string): Text =>
  fc.oneof(
    fc.nat({ max: 9 }).map((index) => refer(kind, index)),
    fc.string({ minLength: 1, maxLength: 12 }),
  );
const listOf = (text: Text): Text =>
  fc.array(text, { minLength: 1, maxLength: 3 }).map((texts) => texts.join(','));
const oneOf = (...texts: string[]): Text => fc.constantFrom(...texts);
const number = (min: number, max: number): Text => fc.integer({ min, max }).map(String);

const days = (min: number, max: number): Text =>
  fc
    .tuple(fc.integer({ min, max }), fc.constantFrom('day', 'day', 'day', 'compactDay', 'instant'))
    .map(([day, kind]) => refer(kind, day));
const instants: Text = fc.integer({ min: -6, max: 0 }).map((day) => refer('instant', day));
const plainText: Text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant('Ada') },
);
const truth = oneOf('true', 'false');
const timeZone = oneOf('Europe/London', 'Europe/Paris', 'America/New_York', 'UTC', 'Asia/Kolkata');

const FILTERS = [
  'userName eq "⟦userName.1⟧"',
  'userName sw "p"',
  'emails.value eq "⟦email.2⟧"',
  'emails[type eq "work"].value co "@"',
  'active eq true',
  'displayName eq "x"',
  'externalId pr',
  'id eq "⟦scimUser.0⟧"',
  'meta.lastModified gt "2020-01-01T00:00:00Z"',
  'userName eq "a" and (active eq true or not (name.familyName pr))',
];

/** What a text with this name means. */
const BY_NAME: Record<string, Text> = {
  locationId: thing('location'),
  primaryLocationId: thing('location'),
  levelId: thing('level'),
  groupId: thing('group'),
  zoneId: thing('zone'),
  deskId: thing('desk'),
  spaceId: thing('space'),
  nodeId: thing('node'),
  parentId: thing('node'),
  around: thing('node'),
  userId: thing('user'),
  uid: thing('user'),
  hostUserId: thing('user'),
  accountId: thing('account'),
  sessionId: oneOf(refer('session')),
  apiKey: thing('apiKey'),
  tokenId: thing('scimToken'),
  refusalId: thing('refusal'),
  imageId: thing('image'),
  locationIds: listOf(thing('node')),
  userIds: listOf(thing('user')),
  groupIds: listOf(thing('group')),
  userName: thing('userName'),
  username: thing('email'),
  email: thing('email'),
  userEmail: thing('email'),
  hostUserEmail: thing('email'),
  locationName: named('locationName'),
  primaryLocationName: named('locationName'),
  levelName: named('levelName'),
  zoneName: named('zoneName'),
  deskName: named('deskName'),
  spaceName: named('spaceName'),
  card: named('card'),
  cardNumber: named('card'),
  group: named('groupName'),
  parent: named('groupName'),
  groupType: oneOf('team', 'department', 'provisioned'),
  parentType: oneOf('team', 'department'),
  primaryGroupAttribute: oneOf('team', 'department'),
  day: days(-6, 13),
  date: days(-6, 13),
  startDate: days(-10, 5),
  endDate: days(5, 15),
  applyFrom: days(0, 6),
  timestamp: instants,
  since: instants,
  expiresAt: fc.integer({ min: 1, max: 90 }).map((day) => refer('instant', day)),
  limit: number(1, 50),
  count: number(0, 20),
  startIndex: number(1, 5),
  status: oneOf('active', 'inactive'),
  kind: oneOf('location', 'level', 'zone', 'place', 'space'),
  locationType: oneOf('location', 'level', 'zone', 'place', 'space'),
  plan: oneOf('o', 'o', 'r', 'a'),
  presenceReporting: oneOf('detect', 'always', 'never'),
  deskPresence: oneOf('record', 'book'),
  eventType: oneOf('scheduled', 'cancelled'),
  timeOffType: oneOf('holiday', 'leave', 'sick'),
  leaveType: oneOf('holiday', 'leave', 'sick'),
  timeZone,
  format: oneOf('json', 'csv'),
  weekdays: listOf(number(1, 7)),
  active: truth,
  deleted: truth,
  dryRun: truth,
  strict: truth,
  preview: truth,
  force: truth,
  free: oneOf('true'),
  search: oneOf('person', 'a', 'london l1', '1'),
  filter: oneOf(...FILTERS),
  attributes: listOf(oneOf('userName', 'emails', 'name.familyName', 'members', 'displayName')),
  excludedAttributes: listOf(oneOf('emails', 'members', 'groups')),
  prefer: oneOf('tell-new'),
  'if-match': oneOf(refer('etag'), refer('etag'), '*', '"0"'),
  'if-none-match': oneOf('*'),
  version: oneOf('0'),
  networks: oneOf('203.0.113.0/24', '2001:db8::/32', '203.0.113.7'),
  grant_type: oneOf('client_credentials'),
  client_id: oneOf(refer('ownKey')),
  client_secret: oneOf(refer('ownSecret')),
  hash: oneOf(refer('hash')),
  password: oneOf(refer('password'), refer('password'), 'another horse battery 8'),
  currentPassword: oneOf(refer('password')),
  newPassword: oneOf('another horse battery 8', 'short'),
  token: oneOf(refer('link')),
  linkToken: oneOf(refer('link')),
  query: oneOf('code=abc&state=def', 'error=access_denied'),
  route: oneOf('POST /v1/presence', 'GET /v1/manage/users/:userId'),
};

/** Where the same name means something else: by the path of the operation. */
const BY_PATH: Record<string, Text> = {
  '/v1/manage/keys locationIds': thing('location'),
  '/v1/manage/keys/{apiKey} locationIds': thing('location'),
  '/v1/auth apiKey': oneOf(refer('ownKey')),
  '/v1/auth timestamp': oneOf(refer('timestamp')),
  '/v1/session email': oneOf(refer('signer')),
  '/v1/manage/accounts email': fc.emailAddress(),
  '/v1/manage/users/{userId}/days/{day}/booking userId': fc
    .nat({ max: 1 })
    .map((index) => refer('user', index)),
  '/v1/manage/users/{userId}/days/{day}/booking day': days(0, 3),
  '/v1/manage/levels/{levelId}/floor-plan/draft levelId': oneOf(
    refer('level', 0),
    refer('level', 0),
    refer('level', 1),
  ),
  '/v1/manage/levels/{levelId}/floor-plan/draft nodeId': oneOf(refer('desk', 0), refer('desk', 1)),
  '/v1/manage/levels/{levelId}/floor-plan/publication levelId': oneOf(refer('level', 0), refer('level', 1)),
  '/scim/v2/Users/{id} id': thing('scimUser'),
  '/scim/v2/Groups/{id} id': thing('scimGroup'),
  '/scim/v2/ResourceTypes/{id} id': oneOf('User', 'Group'),
  '/scim/v2/Schemas/{id} id': oneOf(
    'urn:ietf:params:scim:schemas:core:2.0:User',
    'urn:ietf:params:scim:schemas:core:2.0:Group',
  ),
};

/** A text by its name and path; undefined if the name says nothing. */
export function textByName(path: string, name: string): Text | undefined {
  if (name === 'after' || (name === 'changedSince' && path.startsWith('/v1/analytics')))
    return oneOf(refer(`${name === 'after' ? 'cursor' : name} ${path}`));
  const byPath = `${path} ${name}`;
  if (Object.hasOwn(BY_PATH, byPath)) return BY_PATH[byPath];
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
}

/** The member by which an object names the kind of the node that another member names. */
const NODE_BY_KIND = fc
  .constantFrom('location', 'level', 'zone', 'place', 'space')
  .chain((kind) => thing(kind).map((locationId) => ({ locationId, locationType: kind })));

const anyValue = fc.oneof(plainText, fc.integer({ min: -5, max: 5 }), fc.boolean(), fc.constant(null));

/** A value of the schema. `name` is the name of its member; `path` is that of the operation. */
export function valueFor(schema: Schema, path: string, name: string): fc.Arbitrary<unknown> {
  if (schema.anyOf) {
    return fc.oneof(
      ...schema.anyOf.map((each) => ({
        weight: each.type === 'null' ? 1 : 4,
        arbitrary: valueFor(each, path, name),
      })),
    );
  }
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 400, 2 ** 31 - 1) });
    case 'number':
      return numberOf(schema);
    case 'string':
      return textOf(schema, path, name);
    case 'array':
      return fc.array(valueFor(schema.items ?? {}, path, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case 'object':
      return objectOf(schema, path);
    default:
      return anyValue;
  }
}

function numberOf({ minimum, maximum, exclusiveMinimum }: Schema): fc.Arbitrary<number> {
  const whole = fc.integer({ min: Math.ceil(minimum ?? 0), max: Math.floor(maximum ?? 366) });
  const fraction = fc.double({
    min: minimum ?? exclusiveMinimum ?? 0,
    max: maximum ?? 366,
    minExcluded: exclusiveMinimum !== undefined,
    noNaN: true,
  });
  return exclusiveMinimum === undefined ? fc.oneof({ weight: 4, arbitrary: whole }, fraction) : fraction;
}

function textOf({ format, pattern, maxLength }: Schema, path: string, name: string): Text {
  const known = textByName(path, name);
  if (known) return known;
  if (format === 'uuid') return fc.uuid();
  if (format === 'date') return days(-5, 5);
  if (format === 'date-time') return instants;
  if (pattern !== undefined && pattern !== '\\S')
    return fc.stringMatching(new RegExp(pattern), { maxLength: 40 });
  return maxLength === undefined ? plainText : plainText.map((text) => text.slice(0, maxLength));
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: Schema,
  path: string,
): fc.Arbitrary<unknown> {
  const names = Object.keys(properties);
  if (names.length === 0) {
    const isOpen = additionalProperties !== undefined && additionalProperties !== false;
    return isOpen ? fc.dictionary(plainText, anyValue, { maxKeys: 3 }) : fc.constant({});
  }
  const members = names.map((name) => {
    const member = valueFor(properties[name] ?? {}, path, name).map((value): [string, unknown][] => [
      [name, value],
    ]);
    if (required.includes(name)) return member;
    // Members that contradict each other are refused, so few of many optional ones come together.
    return fc.oneof({ weight: names.length > 4 ? 3 : 1, arbitrary: fc.constant([]) }, member);
  });
  const object = fc
    .tuple(...members)
    .map((parts): Record<string, unknown> => Object.fromEntries(parts.flat()));
  if (!names.includes('locationType')) return object;
  return fc.tuple(object, NODE_BY_KIND).map(([value, node]) => ({ ...value, ...node }));
}
