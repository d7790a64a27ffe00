import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { fillSite } from './horizon-site.ts';
import { Horizon } from './horizon-support.ts';
import { MONDAY } from './support.ts';

const SITE = { people: 4_000, offices: 2, desks: 1_600 };

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

async function firstHorizon(): Promise<number> {
  const site = new Horizon(db, await createTestOrganisation(db.owner));
  await fillSite(site, SITE);
  const startedMs = performance.now();
  const reports = await site.run(`${MONDAY}T12:00:00Z`);
  expect(reports.reduce((sum, { days }) => sum + days, 0)).toBe(SITE.people * 11);
  return Math.round(performance.now() - startedMs);
}

test('the first horizon of an organisation that the statistics do not know takes about as long as that of the first one', async () => {
  const known = await firstHorizon();
  await db.owner.inSystem((tx) => tx.query('ANALYZE'));
  const unknown = await firstHorizon();
  console.info('the first horizons of two organisations', { known, unknown });
  expect(unknown).toBeLessThan(4 * known);
});
