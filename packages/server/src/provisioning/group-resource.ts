import type { Member, MemberChange, ProvisionedGroup } from '../store/provisioning/provisioned-groups.ts';
import { isoInstant } from '../store/values/iso.ts';
import { attributeOf, type Document, isDocument, isEmpty, keyTextOf } from './document.ts';
import { wrong } from './errors.ts';
import { withoutFlatNames } from './flat-names.ts';
import { filteredMembers, MemberChanges, readMembers } from './group-members.ts';
import { type PatchPath, parsePath } from './patch-path.ts';
import type { Change, Operation } from './patch-request.ts';
import { GROUP_PATH, GROUP_SCHEMA, USER_PATH } from './schemas.ts';
import { GROUP_VOCABULARY } from './vocabulary.ts';

/** A group as an identity provider requests it. */
export interface GroupInput {
  name: string;
  externalId: string | null;
  members: MemberChange | undefined;
}

/** Reads a whole Group of RFC 7643 section 4.2. Without `members` the group has no members. Throws a 400. */
export function readGroup(body: Document): GroupInput {
  const document = withoutFlatNames(body, GROUP_VOCABULARY);
  return {
    name: readName(attributeOf(document, 'displayName')),
    externalId: keyTextOf('externalId', attributeOf(document, 'externalId')),
    members: { added: readMembers(attributeOf(document, 'members')), removed: 'all' },
  };
}

function readName(value: unknown): string {
  const name = keyTextOf('displayName', value);
  if (name === null) throw wrong('invalidValue', 'displayName is required.');
  return name;
}

/** The group after the operations of a PATCH. Throws a 400. */
export function patchGroup(
  current: Pick<GroupInput, 'name' | 'externalId'>,
  operations: Operation[],
): GroupInput {
  const members = new MemberChanges();
  const group = { name: current.name, externalId: current.externalId };
  const setOne = (source: string, op: Operation['op'], value: unknown) => {
    const path = parsePath(source, GROUP_VOCABULARY);
    const { attribute } = path;
    if (!attribute) setEach(op, value);
    else if (attribute.isReadOnly) throw wrong('mutability', `${attribute.name} cannot be changed.`);
    else if (attribute.name === 'members') patchMembers(members, path, { op, value });
    else if (attribute.name === 'externalId') {
      group.externalId = op === 'remove' ? null : keyTextOf('externalId', value);
    } else group.name = readName(op === 'remove' ? undefined : value);
  };
  const setEach = (op: Operation['op'], value: unknown) => {
    if (!isDocument(value)) {
      throw wrong('invalidValue', 'An operation without a path must have an object as its value.');
    }
    // Okta repeats the id of the group that it renames.
    const named = Object.entries(value).filter(([name]) => !/^(id|meta|schemas)$/i.test(name));
    for (const [name, each] of named) setOne(name, op, each);
  };
  for (const { op, path, value } of operations) {
    if (path === undefined) setEach(op, value);
    else setOne(path, op, value);
  }
  return { ...group, members: members.change };
}

/**
 * Entra ID names the members to remove in the value. RFC 7644 names them in the filter of the path. Without either, a
 * removal removes all members.
 */
function patchMembers(
  members: MemberChanges,
  { filter, subAttribute }: PatchPath,
  { op, value }: Change,
): void {
  if (subAttribute !== undefined && subAttribute !== 'value') throw unchangeable();
  if (filter) {
    if (op !== 'remove') throw unchangeable();
    members.remove(filteredMembers(filter));
    return;
  }
  if (op === 'remove' && !isEmpty(value)) members.remove(readMembers(value));
  else if (op !== 'add') members.clear();
  if (op !== 'remove') members.add(readMembers(value));
}

function unchangeable() {
  return wrong('mutability', 'A member can be added or removed, not changed.');
}

/** A group as a Group of RFC 7643 section 4.2. `members` is undefined if the client does not ask for them. */
export function groupResource(
  group: ProvisionedGroup,
  members: Member[] | undefined,
  baseUrl: string,
): Document {
  return {
    schemas: [GROUP_SCHEMA],
    id: group.groupId,
    ...(group.externalId === null ? {} : { externalId: group.externalId }),
    displayName: group.name,
    ...(members
      ? {
          members: members.map(({ userId, shownName }) => ({
            value: userId,
            $ref: `${baseUrl}${USER_PATH}/${userId}`,
            display: shownName,
            type: 'User',
          })),
        }
      : {}),
    meta: {
      resourceType: 'Group',
      created: isoInstant(group.createdAt),
      lastModified: isoInstant(group.modifiedAt),
      location: `${baseUrl}${GROUP_PATH}/${group.groupId}`,
      version: groupVersion(group),
    },
  };
}

/** The version changes with the group and with its set of members, but not with the names of members. */
export function groupVersion({ writtenXid }: ProvisionedGroup): string {
  return `W/"${writtenXid}"`;
}
