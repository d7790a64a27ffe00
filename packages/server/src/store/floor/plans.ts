import type { Tx } from '../connections/db.ts';
import { caseless, countingOrder } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';

/** A plan of a level, without its placements. */
export interface PlanRow {
  planId: string;
  levelId: string;
  isDraft: boolean;
  /** Null for a draft. */
  version: number | null;
  /** Of a draft: the published version with which it began, 0 for none. Null for a published plan. */
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

/** The number of the plan that was published last on a level, also if it was removed; 0 if there never was one. */
export async function findLastVersion(tx: Tx, tenantId: string, levelId: string): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    'SELECT last_version AS version FROM floor_plan_versions WHERE tenant_id = $1 AND level_id = $2',
    [tenantId, levelId],
  );
  return rows[0]?.version ?? 0;
}

/** Takes the number of the next published plan of a level. */
export async function takeNextVersion(tx: Tx, tenantId: string, levelId: string): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    `INSERT INTO floor_plan_versions AS v (tenant_id, level_id, last_version) VALUES ($1, $2, 1)
     ON CONFLICT (tenant_id, level_id) DO UPDATE SET last_version = v.last_version + 1
     RETURNING last_version AS version`,
    [tenantId, levelId],
  );
  return rows[0]?.version ?? 1;
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

/**
 * The levels in use that have a plan, by the names of office and level: one page, and one more level if there is one. Only
 * those whose names have each of the words, without regard to case.
 */
export async function listPlannedLevels(
  tx: Tx,
  tenantId: string,
  words: readonly string[],
  { limit, after }: PageWindow,
): Promise<PlannedLevel[]> {
  const values: unknown[] = [tenantId];
  const push = (value: unknown) => `$${values.push(value)}`;
  const position = [countingOrder('n.location_name'), countingOrder('n.level_name'), 'n.node_id'].join(', ');
  const names = caseless("n.location_name || ' ' || n.level_name");
  const conditions = words.map((word) => `strpos(${names}, ${caseless(`${push(word)}::text`)}) > 0`);
  if (after !== null) {
    conditions.push(
      `(${position}) > (SELECT ${position} FROM node_paths n WHERE n.tenant_id = $1 AND n.node_id = ${push(after)}::uuid)`,
    );
  }
  const { rows } = await tx.query<PlannedLevel>(
    `SELECT l.level_id AS "levelId", l.level_name AS "levelName", l.location_id AS "locationId",
            l.location_name AS "locationName", p.changed_at AS "publishedAt", l.has_draft AS "hasDraft",
            d.placed::integer, d.places::integer
     FROM (SELECT l.*, n.level_name, n.location_id, n.location_name, row_number() OVER (ORDER BY ${position}) AS index
           FROM (SELECT level_id, bool_or(is_draft) AS has_draft FROM floor_plans
                 WHERE tenant_id = $1 GROUP BY level_id) l
           JOIN node_paths n ON n.tenant_id = $1 AND n.node_id = l.level_id AND n.in_use
           ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
           ORDER BY index LIMIT ${push(limit + 1)}) l
     LEFT JOIN floor_plans p ON p.tenant_id = $1 AND p.level_id = l.level_id AND NOT p.is_draft
     CROSS JOIN LATERAL (
       SELECT count(*) AS places, count(f.node_id) AS placed
       FROM nodes z
       JOIN nodes d ON d.tenant_id = $1 AND d.parent_id = z.node_id AND d.kind = 'place' AND d.status = 'active'
       LEFT JOIN floor_plan_placements f ON f.tenant_id = $1 AND f.plan_id = p.plan_id AND f.node_id = d.node_id
       WHERE z.tenant_id = $1 AND z.parent_id = l.level_id AND z.kind = 'zone' AND z.status = 'active'
     ) d
     ORDER BY l.index`,
    values,
  );
  return rows;
}

/** A level in use with the names that identify it. */
export interface LevelName {
  levelId: string;
  levelName: string;
  locationName: string;
}

/** The levels in use with these names. */
export async function listLevelsNamed(
  tx: Tx,
  tenantId: string,
  { locationName, levelName }: Omit<LevelName, 'levelId'>,
): Promise<LevelName[]> {
  const { rows } = await tx.query<LevelName>(
    `SELECT node_id AS "levelId", name AS "levelName", location_name AS "locationName"
     FROM node_paths
     WHERE tenant_id = $1 AND kind = 'level' AND in_use AND name = $2 AND location_name = $3
     ORDER BY node_id`,
    [tenantId, levelName, locationName],
  );
  return rows;
}

/** The published plans of levels in use, without placements, in the order of the names of office and level. */
export async function listPublishedPlans(
  tx: Tx,
  tenantId: string,
): Promise<(LevelName & Pick<PlanRow, 'imageId' | 'aspectRatio'>)[]> {
  const { rows } = await tx.query<LevelName & Pick<PlanRow, 'imageId' | 'aspectRatio'>>(
    `SELECT n.node_id AS "levelId", n.name AS "levelName", n.location_name AS "locationName",
            p.image_id AS "imageId", p.aspect_ratio AS "aspectRatio"
     FROM floor_plans p JOIN node_paths n ON n.tenant_id = p.tenant_id AND n.node_id = p.level_id AND n.in_use
     WHERE p.tenant_id = $1 AND NOT p.is_draft
     ORDER BY n.location_name, n.name, n.node_id`,
    [tenantId],
  );
  return rows;
}
