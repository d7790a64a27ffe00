import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/store/connections/db.ts';
import type { NodeKind } from '../../src/store/directory/nodes.ts';

/** Adds a node of the tree. Returns its id. */
export async function addNode(
  owner: Database,
  tenantId: string,
  node: {
    kind: NodeKind;
    parentId?: string;
    name?: string;
    timeZone?: string;
    status?: string;
    nodeId?: string;
  },
): Promise<string> {
  const nodeId = node.nodeId ?? randomUUID();
  await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, status, time_zone) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        tenantId,
        nodeId,
        node.kind,
        node.parentId ?? null,
        node.name ?? `${node.kind} ${nodeId.slice(0, 4)}`,
        node.status ?? 'active',
        node.kind === 'location' ? (node.timeZone ?? 'Europe/London') : null,
      ],
    ),
  );
  return nodeId;
}

export interface Office {
  locationId: string;
  levelId: string;
  zoneId: string;
  placeId: string;
  spaceId: string;
}

/** Adds an office with one node of each kind. */
export async function addOffice(owner: Database, tenantId: string, timeZone?: string): Promise<Office> {
  const locationId = await addNode(owner, tenantId, { kind: 'location', ...(timeZone ? { timeZone } : {}) });
  const levelId = await addNode(owner, tenantId, { kind: 'level', parentId: locationId });
  const zoneId = await addNode(owner, tenantId, { kind: 'zone', parentId: levelId });
  const placeId = await addNode(owner, tenantId, { kind: 'place', parentId: zoneId });
  const spaceId = await addNode(owner, tenantId, { kind: 'space', parentId: levelId });
  return { locationId, levelId, zoneId, placeId, spaceId };
}

export interface TestUser {
  userId: string;
  userName: string;
  email: string;
}

/** Adds a user. */
export async function addUser(
  owner: Database,
  tenantId: string,
  user: Partial<TestUser> & { status?: string; primaryLocationId?: string } = {},
): Promise<TestUser> {
  const userId = user.userId ?? randomUUID();
  const userName = user.userName ?? `user.${userId.slice(0, 8)}`;
  const email = user.email ?? `${userName}@example.com`;
  await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, status, primary_location_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        tenantId,
        userId,
        userName,
        userName.toLowerCase(),
        email,
        email.toLowerCase(),
        user.status ?? 'active',
        user.primaryLocationId ?? null,
      ],
    ),
  );
  return { userId, userName, email };
}
