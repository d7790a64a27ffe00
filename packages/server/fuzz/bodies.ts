import fc from 'fast-check';
import { PNG } from '../test/support/png.ts';
import type { Body } from './draft.ts';
import type { Operation } from './openapi.ts';
import { refer } from './references.ts';
import { textByName, valueFor } from './values.ts';

/** The columns of each kind of file, as GET /v1/manage/imports lists them. */
export type ImportColumns = Record<string, { name: string; required: boolean; example: string }[]>;

/** A body that the description allows, in one of the media types of the operation. */
export function bodyOf(operation: Operation, columns: ImportColumns): fc.Arbitrary<Body | null> {
  const types = Object.entries(operation.bodies);
  if (types.length === 0) return fc.constant(null);
  return fc.oneof(
    ...types.map(([mediaType, schema]): fc.Arbitrary<Body> => {
      if (mediaType === 'text/csv') return csvOf(operation, columns);
      if (mediaType.startsWith('image/')) return imageOf(mediaType);
      if (mediaType === 'application/scim+json')
        return scimOf(operation).map((json) => ({ mediaType, json }));
      const value = valueFor(schema, operation.path, '');
      if (mediaType === 'application/x-www-form-urlencoded')
        return value.map((form) => ({ mediaType, text: formText(form) }));
      return value.map((json) => ({ mediaType, json }));
    }),
  );
}

function formText(form: unknown): string {
  const members = Object.entries((form ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== null,
  );
  return members.map(([name, value]) => `${name}=${String(value)}`).join('&');
}

/** A file with all required columns and some of the others, and a few rows. */
function csvOf({ path }: Operation, all: ImportColumns): fc.Arbitrary<Body> {
  const columns = all[path.split('/').at(-1) ?? ''] ?? [];
  const chosen = fc
    .subarray(columns)
    .map((some) => columns.filter((column) => column.required || some.includes(column)));
  return chosen.chain((header) =>
    fc
      .array(fc.tuple(...header.map((column) => cellOf(path, column))), { minLength: 1, maxLength: 4 })
      .map((rows) => ({
        mediaType: 'text/csv',
        text: `${[header.map(({ name }) => name), ...rows].map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`,
      })),
  );
}

function cellOf(path: string, { name, example }: { name: string; example: string }): fc.Arbitrary<string> {
  const byName = textByName(path, name);
  const given = fc.constant(example);
  return byName
    ? fc.oneof({ weight: 4, arbitrary: byName }, given)
    : fc.oneof(given, fc.string({ maxLength: 8 }));
}

/** A cell of a CSV file. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const SVG_PARTS = [
  '<rect x="1" y="2" width="30" height="20" fill="#ccc"/>',
  '<text x="5" y="5">Kitchen</text>',
  '<g transform="scale(2)"><path d="M0 0L9 9"/></g>',
  '<style>.a{fill:red}</style>',
  '<script>alert(1)</script>',
  '<use href="#a"/><g id="a"><use href="#a"/></g>',
  '<image href="http://x/y.png"/>',
  '<foreignObject><b>x</b></foreignObject>',
  '<a href="javascript:x">x</a>',
];

function imageOf(mediaType: string): fc.Arbitrary<Body> {
  if (mediaType !== 'image/svg+xml') {
    // A cut image is refused; a JPEG is told by its bytes.
    const cut = fc.nat({ max: PNG.length }).map((end) => PNG.subarray(0, end));
    return fc
      .oneof({ weight: 3, arbitrary: fc.constant(PNG) }, cut)
      .map((bytes) => ({ mediaType, base64: bytes.toString('base64') }));
  }
  return fc.array(fc.constantFrom(...SVG_PARTS), { maxLength: 4 }).map((parts) => ({
    mediaType,
    text: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200">${parts.join('')}</svg>`,
  }));
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

const shortText = fc.string({ minLength: 1, maxLength: 10 });
const email = fc.emailAddress();
const memberOfGroup = fc.nat({ max: 4 }).map((index) => ({ value: refer('scimUser', index) }));

const scimUser = fc.record(
  {
    schemas: fc.constantFrom([USER], [USER, ENTERPRISE]),
    userName: fc.oneof(email, fc.constant(refer('userName', 3))),
    externalId: shortText,
    active: fc.boolean(),
    name: fc.record({ givenName: shortText, familyName: shortText }),
    emails: fc.array(fc.record({ value: email, type: fc.constant('work'), primary: fc.boolean() }), {
      maxLength: 2,
    }),
    [ENTERPRISE]: fc.record({ employeeNumber: shortText, department: shortText }),
    displayName: shortText,
  },
  { requiredKeys: ['schemas', 'userName'], noNullPrototype: true },
);

const scimGroup = fc.record(
  {
    schemas: fc.constant([GROUP]),
    displayName: shortText,
    externalId: shortText,
    members: fc.array(memberOfGroup, { maxLength: 3 }),
  },
  { requiredKeys: ['schemas', 'displayName'], noNullPrototype: true },
);

const OPERATIONS: Record<'Users' | 'Groups', fc.Arbitrary<object>> = {
  Users: fc.oneof(
    fc.boolean().map((value) => ({ op: 'replace', path: 'active', value })),
    shortText.map((value) => ({ op: 'Replace', path: 'name.familyName', value })),
    email.map((value) => ({ op: 'add', path: 'emails[type eq "work"].value', value })),
    shortText.map((department) => ({ op: 'add', value: { [ENTERPRISE]: { department } } })),
    shortText.map((value) => ({ op: 'replace', path: `${ENTERPRISE}:employeeNumber`, value })),
    fc
      .constantFrom('emails', 'externalId', 'name.givenName', 'active')
      .map((path) => ({ op: 'remove', path })),
  ),
  Groups: fc.oneof(
    shortText.map((value) => ({ op: 'replace', path: 'displayName', value })),
    fc.array(memberOfGroup, { maxLength: 3 }).map((value) => ({ op: 'add', path: 'members', value })),
    memberOfGroup.map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` })),
    fc.constant({ op: 'remove', path: 'members' }),
  ),
};

function scimOf({ method, path }: Operation): fc.Arbitrary<unknown> {
  const type = path.includes('/Groups') ? 'Groups' : 'Users';
  if (path.endsWith('/.search')) {
    const texts = ['filter', 'attributes', 'excludedAttributes'] as const;
    return fc.record(
      {
        schemas: fc.constant([SEARCH]),
        filter: textByName(path, texts[0]) ?? shortText,
        attributes: fc.array(fc.constantFrom('userName', 'displayName', 'members'), { maxLength: 2 }),
        startIndex: fc.integer({ min: 1, max: 4 }),
        count: fc.integer({ min: 0, max: 10 }),
      },
      { requiredKeys: ['schemas'], noNullPrototype: true },
    );
  }
  if (method !== 'PATCH') return type === 'Users' ? scimUser : scimGroup;
  return fc
    .array(OPERATIONS[type], { minLength: 1, maxLength: 3 })
    .map((operations) => ({ schemas: [PATCH_OP], Operations: operations }));
}
