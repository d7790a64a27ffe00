import { randomUUID } from 'node:crypto';
import { createKey } from '../packages/server/dist/auth/manage-keys.js';
import { insertOrganisation } from '../packages/server/dist/store/directory/organisations.js';

/**
 * @typedef {{ tenantId: string, locationId: string, users: { userId: string, email: string }[], desks: { nodeId: string }[] }} Organisation
 * @typedef {{ apiKey: string, secret: string, organisation: number }} Key
 * @typedef {{ organisations: Organisation[], clients: Key[], keys: Key[] }} Dataset `keys` are the first of `clients`
 *
 * @typedef {{ organisations: number, keys: number, clients: number, users: number, desks: number }} Size
 */

/** @type {Size} */
export const FULL = { organisations: 10, keys: 100, clients: 1_000, users: 20_000, desks: 5_000 };
/** @type {Size} */
export const SMALL = { organisations: 2, keys: 4, clients: 10, users: 40, desks: 20 };

/**
 * Fills a migrated database.
 * @param {Size} size
 * @returns {Promise<Dataset>}
 */
export async function fill(size, { owner, masterKey }) {
  const organisations = [];
  for (let index = 0; index < size.organisations; index++) {
    organisations.push(await makeOrganisation(index, size, owner));
  }
  const clients = [];
  for (let index = 0; index < size.clients; index++) {
    const organisation = index % organisations.length;
    const { apiKey, secret } = await createKey(
      {
        tenantId: organisations[organisation].tenantId,
        name: `key ${index}`,
        role: 'submitting-events',
        authentication: 'hmac',
      },
      { owner, masterKey, clock: Date.now },
    );
    clients.push({ apiKey, secret, organisation });
  }
  return { organisations, clients, keys: clients.slice(0, size.keys) };
}

async function makeOrganisation(index, size, owner) {
  const tenantId = randomUUID();
  await owner.inSystem((tx) =>
    insertOrganisation(tx, {
      tenantId,
      slug: `bench-${index}`,
      name: `Bench ${index}`,
      timeZone: 'UTC',
      isDemo: false,
      createdAt: new Date(),
    }),
  );
  return owner.inTenant(tenantId, async (tx) => {
    const parents = [];
    for (const kind of ['location', 'level', 'zone']) {
      const nodeId = randomUUID();
      await tx.query(
        `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, time_zone) VALUES ($1, $2, $3, $4, $3, $5)`,
        [tenantId, nodeId, kind, parents.at(-1) ?? null, kind === 'location' ? 'UTC' : null],
      );
      parents.push(nodeId);
    }
    const [locationId, , zoneId] = parents;
    const { rows: desks } = await tx.query(
      `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
       SELECT $1, gen_random_uuid(), 'place', $2, 'desk ' || n FROM generate_series(1, $3::int) n
       RETURNING node_id AS "nodeId"`,
      [tenantId, zoneId, size.desks / size.organisations],
    );
    const { rows: users } = await tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, primary_location_id)
       SELECT $1, gen_random_uuid(), name, name, name, name, $2
       FROM (SELECT 'person' || n || '@bench' || $3 || '.example' AS name FROM generate_series(1, $4::int) n) AS named
       RETURNING user_id AS "userId", email`,
      [tenantId, locationId, String(index), size.users / size.organisations],
    );
    return { tenantId, locationId, users, desks };
  });
}
