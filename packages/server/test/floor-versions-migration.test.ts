import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLastVersion, takeNextVersion } from '../src/store/floor/plans.ts';
import { listMigrations, migrate } from '../src/store/schema/migrate.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
let tenantId: string;
const locationId = randomUUID();
const levels = { both: randomUUID(), removed: randomUUID(), first: randomUUID(), none: randomUUID() };

beforeAll(async () => {
  db = await createTestDatabase({ migrated: false });
  const names = await listMigrations();
  await migrate(db.target, {
    upTo: names[names.findIndex((name) => name.startsWith('0041')) - 1] as string,
  });
  tenantId = await createTestOrganisation(db.owner);
  await db.owner.inTenant(tenantId, async (tx) => {
    await tx.query(
      `INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone) VALUES ($1, $2, 'location', 'HQ', 'UTC')`,
      [tenantId, locationId],
    );
    for (const [name, levelId] of Object.entries(levels))
      await tx.query(
        `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name) VALUES ($1, $2, 'level', $3, $4)`,
        [tenantId, levelId, locationId, name],
      );
    for (const [levelId, version, basedOn] of [
      [levels.both, 7, null],
      [levels.both, null, 6],
      // Its published plan was removed.
      [levels.removed, null, 4],
      [levels.first, null, null],
    ])
      await tx.query(
        `INSERT INTO floor_plans (tenant_id, plan_id, level_id, is_draft, version, based_on, aspect_ratio, changed_at, changed_by)
         VALUES ($1, gen_random_uuid(), $2, $3::integer IS NULL, $3, $4, 1.5, '2026-03-10T12:00:00Z', 'Ada')`,
        [tenantId, levelId, version, basedOn],
      );
  });
  await migrate(db.target);
});
afterAll(() => db.drop());

test('the numbers of plans go on where they were, and a draft without a published plan is based on 0', async () => {
  await db.restricted.inTenant(tenantId, async (tx) => {
    const last: number[] = [];
    for (const levelId of Object.values(levels)) last.push(await findLastVersion(tx, tenantId, levelId));
    expect(last).toEqual([7, 4, 0, 0]);
    expect(await takeNextVersion(tx, tenantId, levels.removed)).toBe(5);
    expect(await takeNextVersion(tx, tenantId, levels.none)).toBe(1);
    const { rows } = await tx.query(
      'SELECT is_draft AS draft, based_on AS "basedOn" FROM floor_plans WHERE tenant_id = $1 ORDER BY based_on',
      [tenantId],
    );
    expect(rows).toEqual([
      { draft: true, basedOn: 0 },
      { draft: true, basedOn: 4 },
      { draft: true, basedOn: 6 },
      { draft: false, basedOn: null },
    ]);
  });
});

test('no organisation sees the numbers of another one', async () => {
  const other = await createTestOrganisation(db.owner);
  const { rows } = await db.restricted.inTenant(other, (tx) => tx.query('SELECT FROM floor_plan_versions'));
  expect(rows).toEqual([]);
});
