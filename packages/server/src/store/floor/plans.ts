import type { Tx } from '../connections/db.ts';
import type { PageWindow } from '../values/page.ts';

/** A plan of a level, without its placements. */
export interface PlanRow {
  planId: string;
  levelId: string;
  isDraft: boolean;
  /** Null for a draft. */
  version: number | null;
  /** The published version that a draft is based on; null for none. */
  basedOn: number | null;
  imageId: string | null;
  aspectRatio: number;
  changedAt: Date;
  changedBy: string;
}

/** The draft or the published plan of a level; undefined if there is none. */
export async function findPlan(
  tx: Tx,
  tenantId: string,
  levelId: string,
  { isDraft }: { isDraft: boolean },
): Promise<PlanRow | undefined> {
  const { rows } = await tx.query<PlanRow>(
    `SELECT plan_id AS "planId", level_id AS "levelId", is_draft AS "isDraft", version, based_on AS "basedOn",
            image_id AS "imageId", aspect_ratio AS "aspectRatio", changed_at AS "changedAt", changed_by AS "changedBy"
     FROM floor_plans WHERE tenant_id = $1 AND level_id = $2 AND is_draft = $3`,
    [tenantId, levelId, isDraft],
  );
  return rows[0];
}

/** Inserts a plan without placements. */
export async function insertPlan(tx: Tx, tenantId: string, plan: PlanRow): Promise<void> {
  await tx.query(
    `INSERT INTO floor_plans (tenant_id, plan_id, level_id, is_draft, version, based_on, image_id, aspect_ratio,
                              changed_at, changed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      tenantId,
      plan.planId,
      plan.levelId,
      plan.isDraft,
      plan.version,
      plan.basedOn,
      plan.imageId,
      plan.aspectRatio,
      plan.changedAt,
      plan.changedBy,
    ],
  );
}

/** Updates all columns of a plan, except its level. */
export async function updatePlan(tx: Tx, tenantId: string, plan: PlanRow): Promise<void> {
  await tx.query(
    `UPDATE floor_plans SET is_draft = $3, version = $4, based_on = $5, image_id = $6, aspect_ratio = $7,
       changed_at = $8, changed_by = $9
     WHERE tenant_id = $1 AND plan_id = $2`,
    [
      tenantId,
      plan.planId,
      plan.isDraft,
      plan.version,
      plan.basedOn,
      plan.imageId,
      plan.aspectRatio,
      plan.changedAt,
      plan.changedBy,
    ],
  );
}

/** Deletes a plan with its placements. */
export async function deletePlan(tx: Tx, tenantId: string, planId: string): Promise<void> {
  await tx.query('DELETE FROM floor_plans WHERE tenant_id = $1 AND plan_id = $2', [tenantId, planId]);
}

/** A level that has a plan. */
export interface PlannedLevel {
  levelId: string;
  levelName: string;
  locationId: string;
  locationName: string;
  publishedAt: Date | null;
  hasDraft: boolean;
  /** The desks that the published plan shows. */
  placed: number;
  /** All desks of the level. */
  places: number;
}

/** The levels in use that have a plan, in the order of their ids: one page, and one more level if there is one. */
export async function listPlannedLevels(
  tx: Tx,
  tenantId: string,
  { limit, after }: PageWindow,
): Promise<PlannedLevel[]> {
  const { rows } = await tx.query<PlannedLevel>(
    `SELECT l.level_id AS "levelId", n.level_name AS "levelName", n.location_id AS "locationId",
            n.location_name AS "locationName", p.changed_at AS "publishedAt", l.has_draft AS "hasDraft",
            d.placed::integer, d.places::integer
     FROM (SELECT level_id, bool_or(is_draft) AS has_draft FROM floor_plans
           WHERE tenant_id = $1 AND ($2::uuid IS NULL OR level_id > $2) GROUP BY level_id) l
     JOIN node_paths n ON n.tenant_id = $1 AND n.node_id = l.level_id AND n.in_use
     LEFT JOIN floor_plans p ON p.tenant_id = $1 AND p.level_id = l.level_id AND NOT p.is_draft
     CROSS JOIN LATERAL (
       SELECT count(*) AS places, count(f.node_id) AS placed
       FROM nodes z
       JOIN nodes d ON d.tenant_id = $1 AND d.parent_id = z.node_id AND d.kind = 'place' AND d.status = 'active'
       LEFT JOIN floor_plan_placements f ON f.tenant_id = $1 AND f.plan_id = p.plan_id AND f.node_id = d.node_id
       WHERE z.tenant_id = $1 AND z.parent_id = l.level_id AND z.kind = 'zone' AND z.status = 'active'
     ) d
     ORDER BY l.level_id LIMIT $3`,
    [tenantId, after, limit + 1],
  );
  return rows;
}
