import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MasterKey } from '../../src/auth/secrets.ts';
import { ensureDemo } from '../../src/demo/organisation.ts';
import { listOrganisations } from '../../src/store/directory/organisations.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** A Wednesday afternoon in London, morning in New York, and Thursday in Sydney. */
const NOW = Date.parse('2026-06-17T14:30:00Z');
const CONFIG = { users: 90, days: 9, seed: 7 };

/** Without random identifiers: organisation, actions, entries, leaves, digests, transactions. */
const COMPARED = {
  day_plans: 'user_id, day, plan, location_id, set_by',
  bookings: 'user_id, day, location_id, node_id, set_by',
  week_plans: 'user_id, weekday, plan',
  desk_assignments: 'place_id, user_id',
  leaves: 'user_id, start_day, end_day, leave_type',
  presence_events: 'observed_at, user_id, node_id, event_id, day',
  occupancy_events: 'observed_at, node_id, event_id, occupied, occupancy, day',
  visitor_arrivals: 'observed_at, visitor_name, host_user_id, day',
  action_log:
    'logged_at, user_id, day, category, action, description, changed_by, reason, before::text, after::text',
};

async function contents({ owner }: TestDatabase): Promise<Record<string, string[]>> {
  const [organisation] = await owner.inSystem(listOrganisations);
  return owner.inTenant(organisation?.tenantId ?? '', async (tx) => {
    const tables: Record<string, string[]> = {};
    for (const [table, columns] of Object.entries(COMPARED)) {
      const { rows } = await tx.query<{ row: string }>(
        `SELECT row(${columns})::text AS row FROM ${table} ORDER BY 1`,
      );
      tables[table] = rows.map(({ row }) => row);
    }
    return tables;
  });
}

function depsOf({ owner }: TestDatabase, onProgress: (done: number) => void = () => {}) {
  return { owner, masterKey: MasterKey.generate(), clock: () => NOW, onProgress };
}

describe('The history of the demo', () => {
  let databases: TestDatabase[];
  beforeAll(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  });
  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  test('is the same for the same seed, and an interrupted one is completed to the same', async () => {
    const [left, right, cut] = databases as [TestDatabase, TestDatabase, TestDatabase];
    await ensureDemo(CONFIG, depsOf(left));
    await ensureDemo(CONFIG, depsOf(right));
    const made = await contents(left);
    for (const rows of Object.values(made)) expect(rows.length).toBeGreaterThan(3);
    expect(await contents(right)).toEqual(made);

    const stopAt = (day: number) => (done: number) => {
      if (done === day) throw new Error('cut short');
    };
    await expect(ensureDemo(CONFIG, depsOf(cut, stopAt(2)))).rejects.toThrow('cut short');
    await expect(ensureDemo(CONFIG, depsOf(cut, stopAt(3)))).rejects.toThrow('cut short');
    const resumed: number[] = [];
    await ensureDemo(
      CONFIG,
      depsOf(cut, (done) => resumed.push(done)),
    );
    expect(resumed.length).toBeLessThan(CONFIG.days);
    expect(await contents(cut)).toEqual(made);
  });
});
