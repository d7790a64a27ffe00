import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';

/** What makes a group the group that it is. */
export interface GroupName {
  groupType: string;
  name: string;
}

/** A group as a hierarchy has it; `parent` is null at the top. */
export interface HierarchyGroup extends GroupName {
  parent: GroupName | null;
  /** In lower case; what the group is to have where it is not known yet, instead of a new one. */
  groupId?: string;
}

/**
 * Makes `groups` the organisation's whole hierarchy: makes those that are not known, moves and revives those
 * that are, and retires those that the hierarchy before had and this one has not. Groups that stand there already
 * are not written. Every parent is one of `groups`, none stands there twice, and there is no cycle. Needs the
 * directory lock.
 */
export async function replaceHierarchy(tx: Tx, tenantId: string, groups: HierarchyGroup[]): Promise<void> {
  const types = groups.map((group) => group.groupType);
  const names = groups.map((group) => group.name);
  await disableNestedLoops(tx);
  await tx.query(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, coalesce(r.group_id, gen_random_uuid()), r.group_type, r.name
     FROM unnest($2::text[], $3::text[], $4::uuid[]) AS r (group_type, name, group_id)
     WHERE NOT EXISTS (SELECT FROM groups g
                       WHERE g.tenant_id = $1 AND g.group_type = r.group_type AND g.name = r.name)`,
    [tenantId, types, names, groups.map((group) => group.groupId ?? null)],
  );
  await tx.query(
    `WITH next AS (
       SELECT g.group_id, r.name IS NOT NULL AS in_hierarchy, p.group_id AS parent_id
       FROM groups g
       LEFT JOIN unnest($2::text[], $3::text[], $4::text[], $5::text[])
         AS r (group_type, name, parent_type, parent_name) ON r.group_type = g.group_type AND r.name = g.name
       LEFT JOIN groups p ON p.tenant_id = $1 AND p.group_type = r.parent_type AND p.name = r.parent_name
       WHERE g.tenant_id = $1 AND (g.in_hierarchy OR r.name IS NOT NULL)
     )
     UPDATE groups g
     SET in_hierarchy = next.in_hierarchy, parent_id = next.parent_id,
         -- A group that an identity provider keeps is not retired for being in no hierarchy.
         status = CASE WHEN next.in_hierarchy THEN 'active' WHEN g.provisioned THEN g.status ELSE 'inactive' END
     FROM next
     WHERE g.tenant_id = $1 AND g.group_id = next.group_id
       AND (g.in_hierarchy, g.parent_id) IS DISTINCT FROM (next.in_hierarchy, next.parent_id)`,
    [
      tenantId,
      types,
      names,
      groups.map((group) => group.parent?.groupType ?? null),
      groups.map((group) => group.parent?.name ?? null),
    ],
  );
}
