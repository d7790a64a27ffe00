import { createHash } from 'node:crypto';
import type { AttributePatch } from '../store/directory/users.ts';
import type { ProvisionedUser } from '../store/provisioning/provisioned-users.ts';
import type { UserEmails } from '../store/provisioning/user-emails.ts';
import { isoInstant } from '../store/values/iso.ts';
import {
  attributeOf,
  booleanOf,
  type Document,
  isDocument,
  isEmpty,
  keyOf,
  keyTextOf,
  textOf,
} from './document.ts';
import { readEmails } from './emails.ts';
import { wrong } from './errors.ts';
import { withoutFlatNames } from './flat-names.ts';
import { withoutBraces } from './ids.ts';
import { ENTERPRISE_SCHEMA, GROUP_PATH, USER_PATH, USER_SCHEMA } from './schemas.ts';
import { USER_VOCABULARY } from './vocabulary.ts';

/** The attributes of the enterprise extension that the server stores as attributes of a user, with the same names. */
const ENTERPRISE_TEXTS = ['employeeNumber', 'costCenter', 'organization', 'division', 'department'] as const;

/** A whole user as an identity provider sends it. */
export interface UserInput extends UserEmails {
  userName: string;
  externalId: string | null;
  displayName: string | null;
  firstName: string | null;
  lastName: string | null;
  /** The one of `emails` that events match. */
  email: string | null;
  /** Undefined: not given. */
  active: boolean | undefined;
  /** Undefined: the request has no enterprise extension. */
  attributes: AttributePatch | undefined;
}

/** Reads a User of RFC 7643 section 4.1. Ignores attributes that the server does not store. Throws a 400. */
export function readUser(body: Document): UserInput {
  const document = withoutFlatNames(body, USER_VOCABULARY);
  const userName = keyTextOf('userName', attributeOf(document, 'userName'));
  if (userName === null) throw wrong('invalidValue', 'userName is required.');
  const name = partOf('name', attributeOf(document, 'name'));
  const { emails, main } = readEmails(attributeOf(document, 'emails'));
  return {
    userName,
    externalId: keyTextOf('externalId', attributeOf(document, 'externalId')),
    displayName: textOf('displayName', attributeOf(document, 'displayName')),
    firstName: textOf('name.givenName', attributeOf(name, 'givenName')),
    lastName: textOf('name.familyName', attributeOf(name, 'familyName')),
    emails,
    main,
    email: emails[main]?.value ?? null,
    active: booleanOf('active', attributeOf(document, 'active')),
    attributes: readAttributes(document),
  };
}

/** An attribute with sub-attributes; an empty object if it is null or empty. Throws a 400 if it is not an object. */
function partOf(name: string, value: unknown): Document {
  if (isEmpty(value)) return {};
  if (isDocument(value)) return value;
  throw wrong('invalidValue', `${name} must be an object.`);
}

function readAttributes(document: Document): AttributePatch | undefined {
  const key = keyOf(document, ENTERPRISE_SCHEMA);
  if (key === undefined) return undefined;
  const extension = partOf(ENTERPRISE_SCHEMA, document[key]);
  const manager = textOf('manager.value', managerOf(attributeOf(extension, 'manager')));
  return new Map([
    ...ENTERPRISE_TEXTS.map((name) => [name, textOf(name, attributeOf(extension, name))] as const),
    ['manager', manager === null ? null : withoutBraces(manager)],
  ]);
}

/** The manager's id, from an object, a list of one, or a bare value. Throws a 400. */
function managerOf(given: unknown): unknown {
  const [manager, ...others] = [given ?? []].flat();
  if (others.length > 0) throw wrong('invalidValue', 'manager must be a single value.');
  if (!isDocument(manager)) return manager;
  if (keyOf(manager, 'value') === undefined && Object.keys(manager).length > 0) {
    throw wrong('invalidValue', 'manager.value is required if there is a manager.');
  }
  return attributeOf(manager, 'value');
}

/** The attributes of a user that an identity provider can change, in the form in which it sends them. */
export function writableUser(user: ProvisionedUser): Document {
  const { attributes } = user;
  const text = (name: string) => (attributes[name] === undefined ? undefined : String(attributes[name]));
  const manager = text('manager');
  return withoutAbsent({
    externalId: user.externalId ?? undefined,
    userName: user.userName,
    name: withoutAbsent({ givenName: user.firstName ?? undefined, familyName: user.lastName ?? undefined }),
    displayName: user.displayName ?? undefined,
    active: user.status === 'active',
    emails: user.emails.map((email) => ({ ...email })),
    [ENTERPRISE_SCHEMA]: withoutAbsent({
      ...Object.fromEntries(ENTERPRISE_TEXTS.map((name) => [name, text(name)])),
      manager: manager === undefined ? undefined : { value: manager },
    }),
  });
}

/** A user as a User of RFC 7643 section 4.1. `baseUrl` is the URL of `/scim/v2`. */
export function userResource(user: ProvisionedUser, baseUrl: string): Document {
  const writable = writableUser(user);
  const { name, emails, [ENTERPRISE_SCHEMA]: extension, ...rest } = writable as Record<string, Document>;
  const formatted = [user.firstName, user.lastName].filter((part) => part !== null).join(' ');
  const hasExtension = Object.keys(extension ?? {}).length > 0;
  return withoutAbsent({
    schemas: hasExtension ? [USER_SCHEMA, ENTERPRISE_SCHEMA] : [USER_SCHEMA],
    id: user.userId,
    ...rest,
    displayName: user.displayName ?? (formatted || user.userName),
    name: formatted ? { formatted, ...name } : undefined,
    emails: user.emails.length === 0 ? undefined : emails,
    groups:
      user.groups.length === 0
        ? undefined
        : user.groups.map((group) => ({
            value: group.groupId,
            $ref: `${baseUrl}${GROUP_PATH}/${group.groupId}`,
            display: group.name,
            type: 'direct',
          })),
    ...(hasExtension ? { [ENTERPRISE_SCHEMA]: extension } : {}),
    meta: {
      resourceType: 'User',
      created: isoInstant(user.createdAt),
      lastModified: isoInstant(user.modifiedAt),
      location: `${baseUrl}${USER_PATH}/${user.userId}`,
      version: userVersion(user),
    },
  });
}

/** The version includes the groups, because a change of them does not write the user's row. */
export function userVersion(user: ProvisionedUser): string {
  const groups = createHash('sha256').update(JSON.stringify(user.groups)).digest('base64url').slice(0, 16);
  return `W/"${user.writtenXid}-${groups}"`;
}

function withoutAbsent(document: Document): Document {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}
