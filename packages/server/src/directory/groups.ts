import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { type GroupRow, listGroupRows, upsertGroupRows } from '../store/directory/group-records.ts';
import { Claims, orRefused, type Stored, type UpsertItem, type UpsertResult } from './upsert.ts';
import {
  ItemConflictError,
  ItemRefusedError,
  optionalGuid,
  optionalStatus,
  optionalText,
  quote,
} from './values.ts';

/**
 * A group as other systems record it. Members that are left out stay as they are. A new group needs its id, type
 * and name.
 */
export interface GroupItem extends UpsertItem {
  groupId: string;
  groupType?: string | undefined;
  groupName?: string | undefined;
  /** Null at the top. */
  parentGroupId?: string | null | undefined;
  status?: string | undefined;
}

/**
 * Creates and updates groups with the ids that they have elsewhere. A parent must come before its children. Groups
 * that no item names stay as they are. Results are in the order of `items`; a refused item stops no other.
 *
 * A group that has a parent, or is a parent, is in the hierarchy. An inactive group is not. Takes the directory
 * lock. Throws a write conflict as `upsertLocations` does.
 */
export async function upsertGroups(
  tx: Tx,
  tenantId: string,
  items: GroupItem[],
  claims = new Claims(),
): Promise<UpsertResult[]> {
  await lockDirectory(tx, tenantId);
  const groups = new Groups(await listGroupRows(tx, tenantId), claims);
  const results = items.map((item) => orRefused(() => groups.apply(item)));
  await upsertGroupRows(tx, tenantId, groups.changed);
  return results;
}

/**
 * `items` in the order that `upsertGroups` needs. Items that form a cycle keep their order: `upsertGroups` then
 * refuses the first of them whose parent is not known.
 */
export function parentsFirst<Item extends GroupItem>(items: Item[]): Item[] {
  const byId = new Map(items.map((item) => [item.groupId, item]));
  const ordered = new Set<Item>();
  for (const item of items) {
    const above: Item[] = [];
    let at: Item | undefined = item;
    while (at && !ordered.has(at) && !above.includes(at)) {
      above.push(at);
      at = byId.get(at.parentGroupId ?? '');
    }
    for (const each of above.reverse()) ordered.add(each);
  }
  // `byId` keeps one item of each id: these are the others.
  for (const item of items) ordered.add(item);
  return [...ordered];
}

class Groups {
  readonly #byId = new Map<string, GroupRow>();
  readonly #byName = new Map<string, GroupRow>();
  readonly #changed = new Set<string>();
  readonly #claims: Claims;

  constructor(groups: GroupRow[], claims: Claims) {
    this.#claims = claims;
    for (const group of groups) this.#put(group);
  }

  get changed(): GroupRow[] {
    return [...this.#changed].flatMap((groupId) => this.#byId.get(groupId) ?? []);
  }

  apply(item: GroupItem): Stored {
    const groupId = optionalGuid('groupId', item.groupId);
    if (groupId === undefined) throw new ItemRefusedError('groupId is empty');
    const current = this.#byId.get(groupId);
    const next = this.#next(groupId, current, item);
    const namesake = this.#byName.get(keyOf(next));
    if (namesake && namesake.groupId !== groupId) {
      throw new ItemConflictError(
        `groupName ${quote(next.name)} of type ${quote(next.groupType)} already belongs to group ${namesake.groupId}`,
      );
    }
    this.#refuseCycle(next);
    const changes =
      !current ||
      (Object.keys(next) as (keyof GroupRow)[]).some((member) => next[member] !== current[member]);
    const subject = {
      id: groupId,
      idGiven: true,
      idMember: 'groupId',
      nameMember: 'groupName',
      name: next.name,
    };
    this.#claims.claim(subject, { origin: item.origin, changes });
    if (!changes) return { id: groupId, result: 'unchanged' };
    if (current) this.#byName.delete(keyOf(current));
    this.#put(next);
    this.#changed.add(groupId);
    const parent = next.parentId === null ? undefined : this.#byId.get(next.parentId);
    if (parent?.status === 'active' && !parent.inHierarchy) {
      this.#put({ ...parent, inHierarchy: true });
      this.#changed.add(parent.groupId);
    }
    return { id: groupId, result: current ? 'updated' : 'created' };
  }

  #next(groupId: string, current: GroupRow | undefined, item: GroupItem): GroupRow {
    const groupType = optionalText('groupType', item.groupType) ?? current?.groupType;
    const name = optionalText('groupName', item.groupName) ?? current?.name;
    if (groupType === undefined) throw new ItemRefusedError('groupType is empty');
    if (name === undefined) throw new ItemRefusedError('groupName is empty');
    const status = optionalStatus('status', item.status) ?? current?.status ?? 'active';
    const said = item.parentGroupId === null ? null : optionalGuid('parentGroupId', item.parentGroupId);
    const parentId = status === 'inactive' ? null : said === undefined ? (current?.parentId ?? null) : said;
    if (parentId !== null && !this.#byId.has(parentId)) {
      throw new ItemRefusedError(`parentGroupId ${quote(parentId)} is not known`);
    }
    const inHierarchy = status === 'active' && (parentId !== null || (current?.inHierarchy ?? false));
    return { groupId, groupType, name, parentId, status, inHierarchy };
  }

  #refuseCycle(group: GroupRow): void {
    for (let above = group.parentId; above !== null; above = this.#byId.get(above)?.parentId ?? null) {
      if (above === group.groupId)
        throw new ItemRefusedError('parentGroupId makes a cycle: the group would be its own ancestor');
    }
  }

  #put(group: GroupRow): void {
    this.#byId.set(group.groupId, group);
    this.#byName.set(keyOf(group), group);
  }
}

/** Neither text holds a NUL. */
function keyOf({ groupType, name }: Pick<GroupRow, 'groupType' | 'name'>): string {
  return `${groupType}\0${name}`;
}
