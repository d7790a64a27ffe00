import type { GroupNode } from '../store/warehouse/metrics.ts';

type Groups = ReadonlyMap<string, GroupNode>;

/** A group and all groups above it. */
export function ancestorsOf(groupId: string, groups: Groups): string[] {
  const found: string[] = [];
  for (let id: string | null = groupId; id !== null; id = groups.get(id)?.parentId ?? null) found.push(id);
  return found;
}

/** These groups and all groups beneath them. */
export function withinGroups(groupIds: readonly string[], groups: Groups): string[] {
  const wanted = new Set(groupIds);
  return [...groups.keys()].filter((id) => ancestorsOf(id, groups).some((each) => wanted.has(each)));
}
