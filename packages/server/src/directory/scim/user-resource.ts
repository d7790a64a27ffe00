import { createHash } from 'node:crypto';
import type { ProvisionedUser } from '../../store/provisioned-users.ts';
import type { AttributePatch } from '../../store/users.ts';
import { attributeOf, booleanOf, type Document, isDocument, keyTextOf, textOf } from './document.ts';
import { wrong } from './errors.ts';
import { ENTERPRISE_SCHEMA, GROUP_PATH, USER_PATH, USER_SCHEMA } from './schemas.ts';

/** The attributes of the enterprise extension that are kept, under the same names, among a user's attributes. */
const ENTERPRISE_TEXTS = ['employeeNumber', 'costCenter', 'organization', 'division', 'department'] as const;

/** What an identity provider says of a person, whole. */
export interface WantedUser {
  userName: string;
  externalId: string | null;
  displayName: string | null;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  /** undefined: not said. */
  active: boolean | undefined;
  /** undefined: the enterprise extension is not there. */
  attributes: AttributePatch | undefined;
}

/** Reads a User of RFC 7643 section 4.1; attributes that are not kept are ignored. Throws a 400. */
export function readUser(document: Document): WantedUser {
  const userName = keyTextOf('userName', attributeOf(document, 'userName'));
  if (userName === null) throw wrong('invalidValue', 'userName is required.');
  const name = attributeOf(document, 'name');
  return {
    userName,
    externalId: keyTextOf('externalId', attributeOf(document, 'externalId')),
    displayName: textOf('displayName', attributeOf(document, 'displayName')),
    firstName: textOf('name.givenName', attributeOf(name, 'givenName')),
    lastName: textOf('name.familyName', attributeOf(name, 'familyName')),
    email: readEmail(attributeOf(document, 'emails')),
    active: booleanOf('active', attributeOf(document, 'active')),
    attributes: readAttributes(attributeOf(document, ENTERPRISE_SCHEMA)),
  };
}

/** The address that is primary, else the one at work, else one that says of itself neither. */
function readEmail(emails: unknown): string | null {
  if (emails === undefined) return null;
  const entries = [emails]
    .flat()
    .map((entry) => (typeof entry === 'string' ? { value: entry } : entry))
    .filter((entry) => attributeOf(entry, 'value') !== undefined);
  const typeOf = (entry: unknown) => String(attributeOf(entry, 'type') ?? '').toLowerCase();
  const chosen =
    entries.find((entry) => booleanOf('emails.primary', attributeOf(entry, 'primary'))) ??
    entries.find((entry) => typeOf(entry) === 'work') ??
    entries.find((entry) => typeOf(entry) === '');
  return keyTextOf('emails.value', attributeOf(chosen, 'value'));
}

function readAttributes(extension: unknown): AttributePatch | undefined {
  if (!isDocument(extension)) return undefined;
  const [manager] = [attributeOf(extension, 'manager')].flat();
  const managerId = isDocument(manager) ? attributeOf(manager, 'value') : manager;
  return new Map([
    ...ENTERPRISE_TEXTS.map((name) => [name, textOf(name, attributeOf(extension, name))] as const),
    ['manager', textOf('manager.value', managerId)],
  ]);
}

/** What of a person an identity provider can change, as it would send it. */
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
    emails: user.email === null ? [] : [{ value: user.email, type: 'work', primary: true }],
    [ENTERPRISE_SCHEMA]: withoutAbsent({
      ...Object.fromEntries(ENTERPRISE_TEXTS.map((name) => [name, text(name)])),
      manager: manager === undefined ? undefined : { value: manager },
    }),
  });
}

/** A person as a User of RFC 7643 section 4.1. `baseUrl` is that of `/scim/v2`. */
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
    emails: user.email === null ? undefined : emails,
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
      location: `${baseUrl}${USER_PATH}/${user.userId}`,
      version: userVersion(user),
    },
  });
}

/** Changes with whatever the resource shows: groups are written without the person being so. */
export function userVersion(user: ProvisionedUser): string {
  const groups = createHash('sha256').update(JSON.stringify(user.groups)).digest('base64url').slice(0, 16);
  return `W/"${user.writtenXid}-${groups}"`;
}

function withoutAbsent(document: Document): Document {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}
