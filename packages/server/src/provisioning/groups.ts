import { randomUUID } from 'node:crypto';
import { quote } from '../directory/values.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import {
  changeMembers,
  findGroupByName,
  findKnownUsers,
  findProvisionedGroup,
  GROUP_COLUMNS,
  getProvisionedGroupType,
  listMembers,
  listProvisionedGroups,
  type ProvisionedGroup,
  retireProvisionedGroup,
  upsertProvisionedGroup,
} from '../store/provisioning/provisioned-groups.ts';
import type { Document } from './document.ts';
import { taken, wrong } from './errors.ts';
import { filterOf } from './filter.ts';
import { type GroupInput, groupResource, groupVersion, patchGroup, readGroup } from './group-resource.ts';
import {
  missing,
  type Precondition,
  type ReadRequest,
  type ResourceType,
  type WriteRequest,
} from './resource-type.ts';
import { GROUP_PATH } from './schemas.ts';
import { selects } from './selection.ts';

/** A page of groups ends before the group that exceeds this number of members, but has at least one group. */
const MOST_LISTED_MEMBERS = 50_000;

/** Groups that the identity provider created or took over, RFC 7643 section 4.2. */
export const GROUPS: ResourceType = {
  name: 'Group',
  path: GROUP_PATH,
  // Otherwise the answer would list all members of a large group each time that one member joins.
  answersPatch: false,

  list: async (tx, { tenantId, baseUrl, selection, filter, offset, limit }) => {
    const conditions = filter === undefined ? [] : filterOf(filter, GROUP_COLUMNS);
    const { total, groups } = await listProvisionedGroups(tx, tenantId, conditions, { offset, limit });
    if (!selects(selection, 'members')) {
      return { total, resources: groups.map((group) => groupResource(group, undefined, baseUrl)) };
    }
    const shown = withFewMembers(groups);
    const members = await listMembers(tx, tenantId, shown);
    return {
      total,
      resources: shown.map((group) => groupResource(group, members.get(group.groupId), baseUrl)),
    };
  },

  find: findGroup,

  findVersion: async (tx, tenantId, groupId) => {
    const group = await findProvisionedGroup(tx, tenantId, groupId);
    return group && groupVersion(group);
  },

  // One group may already have as many members as fit into a request.
  mostCreatedTogether: 1,

  create: async (tx, { tenantId, author }, creations) => {
    await lockDirectory(tx, tenantId);
    const groupType = await getProvisionedGroupType(tx, tenantId);
    const created: Document[] = [];
    for (const { document, reading } of creations) {
      const wanted = readGroup(document);
      const named = await findGroupByName(tx, tenantId, groupType, wanted.name);
      // A retired group of that name becomes active again. The identity provider takes over a group from elsewhere.
      if (named?.visible) throw nameTaken(wanted.name, named.groupId);
      const groupId = named?.groupId ?? randomUUID();
      await write(tx, tenantId, { groupId, groupType, wanted, at: author.at });
      created.push((await findGroup(tx, reading, groupId)) as Document);
    }
    return created;
  },

  replace: (tx, writing, groupId, document, precondition) =>
    change(tx, writing, groupId, precondition, () => readGroup(document)),

  patch: (tx, writing, groupId, operations, precondition) =>
    change(tx, writing, groupId, precondition, (group) => patchGroup(group, operations)),

  remove: async (tx, { tenantId }, groupId, precondition) => {
    await findToChange(tx, tenantId, groupId, precondition);
    await retireProvisionedGroup(tx, tenantId, groupId);
  },
};

async function findGroup(
  tx: Tx,
  { tenantId, baseUrl, selection }: ReadRequest,
  groupId: string,
): Promise<Document | undefined> {
  const group = await findProvisionedGroup(tx, tenantId, groupId);
  if (!group) return undefined;
  const members = selects(selection, 'members')
    ? (await listMembers(tx, tenantId, [group])).get(groupId)
    : undefined;
  return groupResource(group, members, baseUrl);
}

function withFewMembers(groups: ProvisionedGroup[]): ProvisionedGroup[] {
  let members = 0;
  return groups.filter(({ memberCount }, index) => {
    members += memberCount;
    return index === 0 || members <= MOST_LISTED_MEMBERS;
  });
}

async function change(
  tx: Tx,
  { tenantId, author }: WriteRequest,
  groupId: string,
  precondition: Precondition,
  read: (group: ProvisionedGroup) => GroupInput,
): Promise<void> {
  const group = await findToChange(tx, tenantId, groupId, precondition);
  const wanted = read(group);
  const groupType = await getProvisionedGroupType(tx, tenantId);
  const named = await findGroupByName(tx, tenantId, groupType, wanted.name);
  if (named && named.groupId !== groupId) throw nameTaken(wanted.name, named.groupId);
  await write(tx, tenantId, { groupId, groupType, wanted, at: author.at });
}

async function findToChange(
  tx: Tx,
  tenantId: string,
  groupId: string,
  precondition: Precondition,
): Promise<ProvisionedGroup> {
  await lockDirectory(tx, tenantId);
  const group = await findProvisionedGroup(tx, tenantId, groupId);
  if (!group) throw missing();
  precondition(groupVersion(group));
  return group;
}

function nameTaken(name: string, groupId: string) {
  return taken(`displayName ${quote(name)} already belongs to group ${groupId}.`);
}

/** Writes a group and the changes of its members. Does not write rows that would stay the same. */
async function write(
  tx: Tx,
  tenantId: string,
  { groupId, groupType, wanted, at }: { groupId: string; groupType: string; wanted: GroupInput; at: Date },
): Promise<void> {
  const { name, externalId, members } = wanted;
  if (members) await refuseUnknown(tx, tenantId, members.added);
  await upsertProvisionedGroup(tx, tenantId, { groupId, groupType, name, externalId }, at);
  if (members) await changeMembers(tx, tenantId, groupId, members, at);
}

async function refuseUnknown(tx: Tx, tenantId: string, userIds: string[]): Promise<void> {
  if (userIds.length === 0) return;
  const known = await findKnownUsers(tx, tenantId, userIds);
  const unknown = userIds.filter((userId) => !known.has(userId));
  if (unknown.length === 0) return;
  const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : '';
  throw wrong('invalidValue', `members: there is no user ${unknown.slice(0, 5).join(', ')}${more}.`);
}
