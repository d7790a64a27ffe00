import type { FieldError } from '../http/errors.ts';
import { textFault } from '../http/text.ts';
import type { HierarchyGroup } from '../store/directory/groups.ts';

/** One row of a list of group relationships. */
export interface RelationshipRow {
  group: string;
  groupType: string;
  parent?: string | null;
  parentType?: string | null;
}

/** A list of group relationships without faults: the groups that it names, parents included. */
export interface Hierarchy {
  groups: HierarchyGroup[];
  /** How many rows do not repeat an earlier row. */
  relationships: number;
}

/** A list that breaks rules: its faults in the order of the rows, and how many rows have a fault. */
export interface BrokenHierarchy {
  faults: FieldError[];
  brokenRows: number;
}

/** A group while the list is read. `row` is the first row that gives its parent. */
interface Group extends HierarchyGroup {
  parent: Group | null;
  row: number | undefined;
}

interface Fault {
  row: number;
  member: keyof RelationshipRow;
  message: string;
}

/**
 * Reads a list of group relationships by these rules:
 * - a group has one parent; rows may repeat each other;
 * - a parent without a row of its own is at the top;
 * - no group is its own ancestor.
 *
 * The time is proportional to the length of the list, whatever the depth of the hierarchy.
 */
export function readHierarchy(rows: RelationshipRow[]): Hierarchy | BrokenHierarchy {
  const faults: Fault[] = [];
  const groups = new Groups();
  const children: (Group | undefined)[] = rows.map((row, index) => {
    const rowFaults = valueFaults(row);
    for (const fault of rowFaults) faults.push({ row: index, ...fault });
    if (rowFaults.length > 0) return undefined;
    const group = groups.get(row.groupType, row.group);
    const parent =
      row.parent == null || row.parentType == null ? null : groups.get(row.parentType, row.parent);
    if (group.row === undefined) {
      group.row = index;
      group.parent = parent;
    } else if (group.parent !== parent) {
      const message = `/groupRelationships/${group.row} gives the same group another parent`;
      faults.push({ row: index, member: 'parent', message });
      return undefined;
    }
    return group;
  });

  const cyclic = findCyclic(groups.all);
  for (const [row, group] of children.entries()) {
    if (!group || !cyclic.has(group)) continue;
    faults.push({ row, member: 'parent', message: 'is in a cycle: the group is its own ancestor' });
  }
  if (faults.length > 0) return describe(faults);
  return {
    groups: groups.all,
    relationships: groups.all.filter((group) => group.row !== undefined).length,
  };
}

class Groups {
  readonly #byKey = new Map<string, Group>();

  get all(): Group[] {
    return [...this.#byKey.values()];
  }

  /** The group of this type and name. Creates it if no row named it before. Neither text contains a NUL. */
  get(groupType: string, name: string): Group {
    const key = `${groupType}\0${name}`;
    let group = this.#byKey.get(key);
    if (!group) {
      group = { groupType, name, parent: null, row: undefined };
      this.#byKey.set(key, group);
    }
    return group;
  }
}

function valueFaults(row: RelationshipRow): Omit<Fault, 'row'>[] {
  const faults: Omit<Fault, 'row'>[] = [];
  for (const member of ['group', 'groupType', 'parent', 'parentType'] as const) {
    const value = row[member];
    const fault = value === '' ? 'is empty' : value == null ? undefined : textFault(value);
    if (fault) faults.push({ member, message: fault });
  }
  const [member, other] =
    row.parent == null ? (['parent', 'parentType'] as const) : (['parentType', 'parent'] as const);
  if (row[member] == null && row[other] != null) {
    faults.push({ member, message: `is null, but ${other} is not; a group at the top has null for both` });
  }
  return faults;
}

/** The groups that are their own ancestors. */
function findCyclic(groups: Group[]): Set<Group> {
  const cyclic = new Set<Group>();
  /** Each group that a walk to the top visited, with the group at which that walk began. */
  const seen = new Map<Group, Group>();
  for (const start of groups) {
    let at: Group | null = start;
    while (at && !seen.has(at)) {
      seen.set(at, start);
      at = at.parent;
    }
    // A walk that meets itself has found a cycle. A walk that meets an earlier walk has found nothing new.
    if (!at || seen.get(at) !== start) continue;
    while (at && !cyclic.has(at)) {
      cyclic.add(at);
      at = at.parent;
    }
  }
  return cyclic;
}

function describe(faults: Fault[]): BrokenHierarchy {
  return {
    faults: faults
      .toSorted((a, b) => a.row - b.row)
      .map(({ row, member, message }) => ({ path: `/groupRelationships/${row}/${member}`, message })),
    brokenRows: new Set(faults.map((fault) => fault.row)).size,
  };
}
