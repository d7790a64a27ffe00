import { afterAll, beforeAll, expect, test } from 'vitest';
import { advanceOrganisation } from '../../src/workday/horizon.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { fillSite } from './horizon-site.ts';
import { Horizon } from './horizon-support.ts';
import { MONDAY, readCounterFaults, readStored } from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

test.each([3, 60])(
  'plans and bookings are the same with %i users in a transaction as with all in one',
  async (usersAtOnce) => {
    const made: unknown[] = [];
    for (const each of [usersAtOnce, 1_000]) {
      const site = new Horizon(db, await createTestOrganisation(db.owner));
      // More people than desks, so that some get a desk near their group, a zone, or the office.
      await fillSite(site, { people: 240, offices: 2, desks: 160 });
      await site.setHorizons(1);
      await advanceOrganisation(db.restricted, site.tenantId, {
        at: new Date(`${MONDAY}T12:00:00Z`),
        usersAtOnce: each,
      });
      expect(await readCounterFaults(db.owner, site.tenantId)).toEqual([]);
      const { plans, bookings } = await readStored(db.owner, site.tenantId);
      expect(plans.filter(({ day }) => day >= MONDAY)).toHaveLength(240 * 2);
      const withoutXid = (rows: object[]) => rows.map((row) => ({ ...row, writtenXid: '' }));
      made.push({ plans: withoutXid(plans), bookings: withoutXid(bookings) });
    }
    expect(made[0]).toEqual(made[1]);
  },
);
