import type { Tx } from '../connections/db.ts';
import type { PageWindow } from '../values/page.ts';

/** A desk with its path in the tree and its owner. */
export interface DeskAssignmentDetails {
  deskId: string;
  deskName: string;
  zoneId: string;
  zoneName: string;
  levelId: string;
  levelName: string;
  locationId: string;
  locationName: string;
  userId: string | null;
  userName: string | null;
  /**
   * The owner is active, the desk and everything above it are active, and the database knows the office's
   * time zone. Otherwise the assignment has no effect.
   */
  inEffect: boolean;
}

export interface DeskAssignmentFilter {
  /** In lower case. Null selects nothing, undefined everything. The same holds for the ids below. */
  deskId?: string | null | undefined;
  locationId?: string | null | undefined;
  userId?: string | null | undefined;
  /** Includes desks without an owner. */
  unassigned?: boolean;
}

/** The desks that pass the filter, ordered by id: one page, and one more desk if there is one. */
export async function listAssignments(
  tx: Tx,
  tenantId: string,
  { unassigned = false, ...ids }: DeskAssignmentFilter,
  { limit, after }: PageWindow,
): Promise<DeskAssignmentDetails[]> {
  const { deskId, locationId, userId } = ids;
  if (Object.values(ids).includes(null)) return [];
  const { rows } = await tx.query<DeskAssignmentDetails>(
    `SELECT n.node_id AS "deskId", n.name AS "deskName", p.zone_id AS "zoneId", p.zone_name AS "zoneName",
            p.level_id AS "levelId", p.level_name AS "levelName", p.location_id AS "locationId",
            p.location_name AS "locationName", a.user_id AS "userId", u.user_name AS "userName",
            p.in_use AND coalesce(u.status = 'active', false) AS "inEffect"
     FROM nodes n
     JOIN node_paths p ON p.tenant_id = n.tenant_id AND p.node_id = n.node_id
     LEFT JOIN desk_assignments a ON a.tenant_id = n.tenant_id AND a.place_id = n.node_id
     LEFT JOIN users u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id
     WHERE n.tenant_id = $1 AND n.kind = 'place' AND ($2::boolean OR a.user_id IS NOT NULL)
       AND ($3::uuid IS NULL OR n.node_id = $3) AND ($4::uuid IS NULL OR p.location_id = $4)
       AND ($5::uuid IS NULL OR a.user_id = $5) AND ($6::uuid IS NULL OR n.node_id > $6)
     ORDER BY n.node_id LIMIT $7`,
    [tenantId, unassigned, deskId ?? null, locationId ?? null, userId ?? null, after, limit + 1],
  );
  return rows;
}

/** The assignments that have an effect, in the order of desks, in batches. */
export async function* readAssignments(
  tx: Tx,
  tenantId: string,
  filter: Omit<DeskAssignmentFilter, 'unassigned'>,
): AsyncGenerator<DeskAssignmentDetails[], void> {
  let after: string | null = null;
  do {
    const rows: DeskAssignmentDetails[] = await listAssignments(tx, tenantId, filter, {
      limit: BATCH_ROWS,
      after,
    });
    after = rows.length > BATCH_ROWS ? (rows[BATCH_ROWS - 1]?.deskId ?? null) : null;
    yield rows.slice(0, BATCH_ROWS).filter(({ inEffect }) => inEffect);
  } while (after !== null);
}

const BATCH_ROWS = 1_000;

/** A desk with the names of its path. */
export interface NamedDesk {
  deskId: string;
  deskName: string;
  zoneName: string;
  levelName: string;
  locationName: string;
  /** The desk and everything above it are active, and the database knows the office's time zone. */
  inUse: boolean;
}

/** The desks with one of `names`, of any status, in no order. */
export async function listDesksNamed(tx: Tx, tenantId: string, names: string[]): Promise<NamedDesk[]> {
  if (names.length === 0) return [];
  const { rows } = await tx.query<NamedDesk>(
    `SELECT n.node_id AS "deskId", n.name AS "deskName", p.zone_name AS "zoneName", p.level_name AS "levelName",
            p.location_name AS "locationName", p.in_use AS "inUse"
     FROM nodes n
     JOIN node_paths p ON p.tenant_id = n.tenant_id AND p.node_id = n.node_id
     WHERE n.tenant_id = $1 AND n.kind = 'place' AND n.name = ANY ($2::text[])`,
    [tenantId, names],
  );
  return rows;
}

/** The owners of these desks, active or not, by desk id. Desks without an owner are left out. */
export async function listOwners(tx: Tx, tenantId: string, deskIds: string[]): Promise<Map<string, string>> {
  if (deskIds.length === 0) return new Map();
  const { rows } = await tx.query<{ deskId: string; userId: string }>(
    `SELECT place_id AS "deskId", user_id AS "userId" FROM desk_assignments
     WHERE tenant_id = $1 AND place_id = ANY ($2::uuid[])`,
    [tenantId, deskIds],
  );
  return new Map(rows.map(({ deskId, userId }) => [deskId, userId]));
}

/**
 * Assigns each desk to its user, or to nobody where `userId` is null. Each desk occurs once. The desks must
 * be locked (`lockDesks`).
 */
export async function writeOwners(
  tx: Tx,
  tenantId: string,
  owners: { deskId: string; userId: string | null }[],
): Promise<void> {
  if (owners.length === 0) return;
  const parameters = [tenantId, owners.map((row) => row.deskId), owners.map((row) => row.userId)];
  await tx.query(
    `DELETE FROM desk_assignments a USING unnest($2::uuid[], $3::uuid[]) AS r (place_id, user_id)
     WHERE a.tenant_id = $1 AND a.place_id = r.place_id AND r.user_id IS NULL`,
    parameters,
  );
  await tx.query(
    `INSERT INTO desk_assignments (tenant_id, place_id, user_id)
     SELECT $1, r.place_id, r.user_id FROM unnest($2::uuid[], $3::uuid[]) AS r (place_id, user_id)
     WHERE r.user_id IS NOT NULL
     ON CONFLICT (tenant_id, place_id) DO UPDATE SET user_id = excluded.user_id`,
    parameters,
  );
}
