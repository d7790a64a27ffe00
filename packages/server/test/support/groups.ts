import type { Database } from '../../src/store/connections/db.ts';
import { basic, type TestServer } from './server.ts';

/** A row of a list of group relationships. */
export interface Relationship {
  group: string;
  groupType: string;
  parent: string | null;
  parentType: string | null;
}

/** A row that puts `group` below `parent`. Both have the type `team` by default; a top group has the parent null. */
export function under(group: string, parent: string | null, groupType = 'team'): Relationship {
  return { group, groupType, parent, parentType: parent === null ? null : groupType };
}

/** An organisation, and a client with All permissions. */
export async function directoryClient(server: TestServer) {
  const tenantId = await server.organisation();
  const authorization = basic(await server.key(tenantId));
  const call = (method: 'PUT' | 'POST', path: string, payload: object) =>
    server.app.inject({
      method,
      url: `/v1/directory-management/${path}/basic`,
      headers: { authorization },
      payload,
    });
  return {
    tenantId,
    authorization,
    putRelationships: (groupRelationships: unknown[]) =>
      call('PUT', 'group-relationships', { groupRelationships }),
    postAttributes: (userAttributes: unknown[]) => call('POST', 'user-attributes', { userAttributes }),
    export: async (dataset: string): Promise<Record<string, unknown>[]> =>
      (await server.app.inject({ url: `/v1/analytics/${dataset}/basic`, headers: { authorization } })).json(),
  };
}

export interface StoredGroup {
  id: string;
  /** `parent type/parent name`, or null. */
  parent: string | null;
  status: string;
  xid: string;
}

/** Every group of the organisation, by `type/name`. */
export async function listGroups(database: Database, tenantId: string): Promise<Record<string, StoredGroup>> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT g.group_type || '/' || g.name AS key, g.group_id AS id, p.group_type || '/' || p.name AS parent,
              g.status, g.written_xid::text AS xid
       FROM groups g LEFT JOIN groups p ON p.tenant_id = g.tenant_id AND p.group_id = g.parent_id
       WHERE g.tenant_id = $1 ORDER BY 1`,
      [tenantId],
    ),
  );
  return Object.fromEntries(rows.map(({ key, ...group }) => [key, group]));
}

/** A user's groups and primary group as `type/name`, and the user's attributes. */
export async function membershipOf(
  database: Database,
  tenantId: string,
  userId: string,
): Promise<{ groups: string[]; primary: string | null; attributes: Record<string, unknown>; xid: string }> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT coalesce((SELECT json_agg(g.group_type || '/' || g.name ORDER BY 1)
                        FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id AND g.group_id = m.group_id
                        WHERE m.tenant_id = $1 AND m.user_id = u.user_id), '[]') AS groups,
              (SELECT p.group_type || '/' || p.name FROM groups p
               WHERE p.tenant_id = $1 AND p.group_id = u.primary_group_id) AS primary,
              u.attributes, u.written_xid::text AS xid
       FROM users u WHERE u.tenant_id = $1 AND u.user_id = $2`,
      [tenantId, userId],
    ),
  );
  return { ...rows[0], groups: rows[0].groups.toSorted() };
}
