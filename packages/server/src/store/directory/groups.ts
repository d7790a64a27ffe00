import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';

/** The identity of a group: no two groups have the same type and name. */
export interface GroupName {
  groupType: string;
  name: string;
}

/** A group of a hierarchy. `parent` is null at the top. */
export interface HierarchyGroup extends GroupName {
  parent: GroupName | null;
  /** The id for a group that does not exist yet, in lower case. Without it the server makes one. */
  groupId?: string;
}

/**
 * Makes `groups` the whole hierarchy of the organisation:
 *
 * - It inserts groups that do not exist.
 * - It moves existing groups and makes them active again.
 * - It retires groups that are in the former hierarchy only.
 *
 * Groups that are right already are not written. Every parent is one of `groups`, no group occurs twice, and
 * there is no cycle. Needs the directory lock.
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
         -- A provisioned group stays active when it leaves the hierarchy.
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
