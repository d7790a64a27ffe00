import { randomUUID } from 'node:crypto';
import { type GroupItem, parentsFirst, upsertGroups } from '../directory/groups.ts';
import { type Claims, orRefused, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import { ItemRefusedError, optionalGuid, quote } from '../directory/values.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { listGroupRows } from '../store/directory/group-records.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { optional, required } from './columns.ts';
import { type CsvKind, EXAMPLE_ID, STATUS, storeDrafts } from './kind.ts';

interface NamedGroup extends UpsertItem {
  groupId?: string;
  groupName: string;
  groupType: string;
  parentGroupId?: string;
  parentGroupName?: string;
  /** Absent: the value of the group itself. */
  parentGroupType?: string;
  status?: string;
}

export const groups: CsvKind<NamedGroup> = {
  word: 'group',
  reason: REASONS.importOfGroups,
  // One batch holds the whole file, because a parent may come after its children.
  batchRows: Number.POSITIVE_INFINITY,
  nameOf: ({ groupName }) => groupName,
  upsert: (tx, tenantId, items, _author, claims) => upsertNamedGroups(tx, tenantId, items, claims),
  columns: [
    optional('groupId', 'A GUID; the server keeps this id', EXAMPLE_ID.group),
    required(
      'groupName',
      'Unique within its type; without an id, name and type identify an existing group',
      'Lighthouses',
    ),
    required('groupType', 'Any text', 'team'),
    optional(
      'parentGroupId',
      'The id of the parent: an existing group, or one of any row. Give parentGroupId or parentGroupName',
      '',
    ),
    optional('parentGroupName', 'The name of the parent', ''),
    optional('parentGroupType', 'The type of the parent; default: the type of the group itself', ''),
    optional('status', STATUS, 'active'),
  ],
  anyOf: [],
};

/** Like `upsertGroups`, for groups that rows name, in any order. */
async function upsertNamedGroups(
  tx: Tx,
  tenantId: string,
  items: NamedGroup[],
  claims: Claims,
): Promise<UpsertResult[]> {
  await lockDirectory(tx, tenantId);
  const names = new GroupNames();
  for (const { groupType, name, groupId } of await listGroupRows(tx, tenantId))
    names.set(groupType, name, groupId);
  const withIds = items.map((item) => orRefused(() => ({ item, groupId: names.take(item) })));
  const drafts = withIds.map((each) =>
    'refused' in each ? each : orRefused(() => toItem(each.item, each.groupId, names)),
  );
  const results = await storeDrafts(drafts, async (accepted) => {
    const ordered = parentsFirst(accepted);
    const inOrder = await upsertGroups(tx, tenantId, ordered, claims);
    const resultOf = new Map(ordered.map((item, index) => [item, inOrder[index]]));
    return accepted.map((item) => resultOf.get(item) ?? { refused: 'it was not stored' });
  });
  return results.map((result, index) =>
    'refused' in result ? { ...result, refused: inNames(result.refused, items[index]) } : result,
  );
}

function toItem(item: NamedGroup, groupId: string, names: GroupNames): GroupItem {
  const { origin, groupName, groupType, status } = item;
  const parentGroupId = names.parentOf(item);
  return { ...(origin !== undefined && { origin }), groupId, groupName, groupType, parentGroupId, status };
}

/** Names the parent as the row does, because ids of refused rows do not exist. */
function inNames(refused: string, item: NamedGroup | undefined): string {
  if (item?.parentGroupName === undefined) return refused;
  return refused.replace(
    /^parentGroupId "[^"]*" is not known$/,
    `parentGroupName ${quote(item.parentGroupName)} names a refused row, or a group below this group`,
  );
}

/** The ids of groups by type and name: existing groups, and groups that the file creates. */
class GroupNames {
  readonly #ids = new Map<string, string>();
  /** The origin of each group of the file. */
  readonly #origins = new Map<string, string | undefined>();

  set(groupType: string, name: string, groupId: string): void {
    this.#ids.set(keyOf(groupType, name), groupId);
  }

  /** The id of a row's group; a new id for an unknown group. Throws `ItemRefusedError`. */
  take(item: NamedGroup): string {
    const { groupType, groupName, origin } = item;
    const key = keyOf(groupType, groupName);
    const groupId = optionalGuid('groupId', item.groupId) ?? this.#ids.get(key) ?? randomUUID();
    if (this.#origins.has(key)) {
      throw new ItemRefusedError(
        `groupName ${quote(groupName)} of type ${quote(groupType)} was already given in ${this.#origins.get(key)}`,
      );
    }
    this.#origins.set(key, origin);
    // `upsertGroups` checks the present name of the group, and the names of other groups.
    if (!this.#ids.has(key)) this.#ids.set(key, groupId);
    return groupId;
  }

  /** The id of the parent; undefined if the row names none. Throws `ItemRefusedError`. */
  parentOf({ groupType, parentGroupId, parentGroupName, parentGroupType }: NamedGroup): string | undefined {
    const byId = optionalGuid('parentGroupId', parentGroupId);
    if (parentGroupName === undefined) return byId;
    const type = parentGroupType ?? groupType;
    const byName = this.#ids.get(keyOf(type, parentGroupName));
    if (byName === undefined) {
      throw new ItemRefusedError(
        `parentGroupName ${quote(parentGroupName)} of type ${quote(type)} is not known`,
      );
    }
    if (byId === undefined || byId === byName) return byName;
    throw new ItemRefusedError('parentGroupId and parentGroupName do not agree');
  }
}

/** The NUL keeps keys apart, because neither text holds one. */
function keyOf(groupType: string, name: string): string {
  return `${groupType}\0${name}`;
}
