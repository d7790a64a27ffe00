import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { Database, type DatabaseTarget } from '../../src/store/connections/db.ts';

export interface TestDatabase {
  /** Connects as the product does: as the owner, which then becomes the restricted role. */
  target: DatabaseTarget;
  owner: Database;
  restricted: Database;
  drop(): Promise<void>;
}

/**
 * A new database for a test file: migrated, empty, or a copy of one to which nobody is connected. Call `drop` in `afterAll`.
 */
export async function createTestDatabase({
  migrated = true,
  copyOf,
}: {
  migrated?: boolean;
  copyOf?: TestDatabase;
} = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const product = inject('productUser');
  const original = copyOf?.target.database ?? (migrated ? inject('templateDatabase') : undefined);
  const template = original === undefined ? '' : `TEMPLATE ${original} STRATEGY ${inject('copyStrategy')}`;
  await asAdmin((client) =>
    client.query(`CREATE DATABASE ${name} ${template} OWNER ${pg.escapeIdentifier(product.user)}`),
  );
  const target = { ...inject('adminTarget'), ...product, database: name } as DatabaseTarget;
  const owner = new Database({ target, as: 'owner', poolSize: 2, exportPoolSize: 1 });
  const restricted = new Database({ target, as: 'restricted', poolSize: 10, exportPoolSize: 4 });
  return {
    target,
    owner,
    restricted,
    drop: async () => {
      await Promise.all([owner.close(), restricted.close()]);
      await asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Runs `work` as the administrator of the server under test, for actions that the product itself may not do. */
export async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(inject('adminTarget'));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates an empty organisation. Returns its tenant id. */
export async function createTestOrganisation(
  database: Database,
  { slug = `org-${randomBytes(4).toString('hex')}`, timeZone = 'Europe/London' } = {},
): Promise<string> {
  const tenantId = randomUUID();
  await database.inSystem((tx) =>
    tx.query(
      'INSERT INTO organisations (tenant_id, slug, name, time_zone, created_at) VALUES ($1, $2, $2, $3, $4)',
      [tenantId, slug, timeZone, new Date('2026-01-01T00:00:00Z')],
    ),
  );
  return tenantId;
}

/** The number of open transactions of the product in the database `$1`, except the one that asks. */
export const COUNT_TRANSACTIONS = `SELECT count(*)::integer AS count FROM pg_stat_activity
 WHERE datname = $1 AND application_name = 'rollcall' AND xact_start IS NOT NULL
   AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

/** The number of open transactions of the product in a test's database. The server has short ones of its own, so poll for a number. */
export function countTransactions({ target }: TestDatabase): Promise<number> {
  return asAdmin(async (client) => {
    const { rows } = await client.query<{ count: number }>(COUNT_TRANSACTIONS, [target.database]);
    return rows[0]?.count ?? 0;
  });
}
