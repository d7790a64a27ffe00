import type { Member, MemberChange, ProvisionedGroup } from '../../store/provisioned-groups.ts';
import { attributeOf, type Document, isDocument, keyTextOf } from './document.ts';
import { wrong } from './errors.ts';
import { filteredMembers, MemberChanges, readMembers } from './group-members.ts';
import { parsePath } from './patch-path.ts';
import type { Operation } from './patch-request.ts';
import { GROUP_PATH, GROUP_SCHEMA, USER_PATH } from './schemas.ts';

/** What an identity provider wants a group to be. */
export interface WantedGroup {
  name: string;
  externalId: string | null;
  members: MemberChange | undefined;
}

/** Reads a Group of RFC 7643 section 4.2, whole: without members it has none. Throws a 400. */
export function readGroup(document: Document): WantedGroup {
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

/** What the operations of a PATCH make of a group. Throws a 400. */
export function patchGroup(
  current: Pick<WantedGroup, 'name' | 'externalId'>,
  operations: Operation[],
): WantedGroup {
  const members = new MemberChanges();
  const group = { name: current.name, externalId: current.externalId };
  const setOne = (name: string, op: Operation['op'], value: unknown) => {
    const path = parsePath(name);
    switch (path?.attribute?.toLowerCase()) {
      case 'displayname':
        group.name = readName(op === 'remove' ? undefined : value);
        break;
      case 'externalid':
        group.externalId = op === 'remove' ? null : keyTextOf('externalId', value);
        break;
      case 'members':
        if (path?.filter) {
          if (op !== 'remove') throw wrong('mutability', 'A member is added or removed, not changed.');
          members.remove(filteredMembers(path.filter));
        } else patchMembers(members, op, value);
        break;
      case 'id':
      case 'meta':
        throw wrong('mutability', `${name} cannot be changed.`);
    }
  };
  for (const { op, path, value } of operations) {
    if (path !== undefined) setOne(path, op, value);
    else {
      if (!isDocument(value)) {
        throw wrong('invalidValue', 'An operation without a path must have an object as its value.');
      }
      // Okta repeats the id of the group that it renames.
      const named = Object.entries(value).filter(([name]) => !/^(id|meta|schemas)$/i.test(name));
      for (const [name, each] of named) setOne(name, op, each);
    }
  }
  return { ...group, members: members.change };
}

/** Entra ID names those to remove in the value, RFC 7644 in the filter of the path; without either, all go. */
function patchMembers(members: MemberChanges, op: Operation['op'], value: unknown): void {
  if (op === 'remove' && value !== undefined) members.remove(readMembers(value));
  else if (op !== 'add') members.clear();
  if (op !== 'remove') members.add(readMembers(value));
}

/** A group as a Group of RFC 7643 section 4.2; `members` undefined where nobody wants to see them. */
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
      location: `${baseUrl}${GROUP_PATH}/${group.groupId}`,
      version: groupVersion(group),
    },
  };
}

/** Changes with the group and with who is in it; not with how its members are called. */
export function groupVersion({ writtenXid }: ProvisionedGroup): string {
  return `W/"${writtenXid}"`;
}
