import { randomUUID } from 'node:crypto';
import { insertOrganisation } from '../packages/server/dist/store/directory/organisations.js';

/**
 * Makes the organisation of a benchmark, without people and places, in a migrated database.
 *
 * @param owner the database of the owner
 * @returns {Promise<string>} its id
 */
export async function makeOrganisation(owner) {
  const tenantId = randomUUID();
  await owner.inSystem((tx) =>
    insertOrganisation(tx, {
      tenantId,
      slug: 'bench',
      name: 'Bench',
      timeZone: 'UTC',
      isDemo: false,
      createdAt: new Date(),
    }),
  );
  return tenantId;
}
