import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const INSERT_LOCATION = `INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone) VALUES ($1, gen_random_uuid(), 'location', 'HQ', 'UTC')`;

test('an organisation sees its own rows only', async () => {
  const [a, b] = [await createTestOrganisation(db.owner), await createTestOrganisation(db.owner)];
  await db.owner.inTenant(a, (tx) => tx.query(INSERT_LOCATION, [a]));
  for (const database of [db.owner, db.restricted]) {
    if (database === db.owner && (await ownerIsSuperuser())) continue;
    expect(await count(database, a)).toBe(1);
    expect(await count(database, b)).toBe(0);
  }
});

test('a transaction without an organisation sees no rows, on a new connection and on a used one', async () => {
  const a = await createTestOrganisation(db.owner);
  await db.owner.inTenant(a, (tx) => tx.query(INSERT_LOCATION, [a]));
  for (let round = 0; round < 3; round++) {
    const { rows } = await db.restricted.inSystem((tx) => tx.query('SELECT * FROM nodes'));
    expect(rows).toEqual([]);
    await count(db.restricted, a);
  }
});

test('a row of another organisation cannot be written', async () => {
  const [a, b] = [await createTestOrganisation(db.owner), await createTestOrganisation(db.owner)];
  await expect(
    db.restricted.inTenant(a, (tx) =>
      tx.query(
        `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, reason)
         VALUES ($1, $2, gen_random_uuid(), 'k', 'presence', 'r')`,
        [b, new Date(0)],
      ),
    ),
  ).rejects.toThrow(/row-level security/);
});

test('the restricted role is subject to row-level security, and reads no table of all organisations', async () => {
  await db.restricted.inSystem(async (tx) => {
    const { rows } = await tx.query(
      'SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }]);
  });
  for (const table of [
    'organisations',
    'api_key_index',
    'scim_token_index',
    'signing_keys',
    'accounts',
    'account_roles',
    'sessions',
    'sign_in_links',
    'sign_in_networks',
    'sign_in_failures',
    'set_up_links',
    'instance_settings',
    'job_runs',
    'server_processes',
    'migrations',
  ]) {
    await expect(db.restricted.inSystem((tx) => tx.query(`SELECT * FROM ${table}`))).rejects.toThrow(
      /permission denied/,
    );
  }
});

test('every table with a tenant_id, except the indexes of keys and tokens and those of accounts, forces row-level security, and its keys begin with it', async () => {
  const { rows } = await db.owner.inSystem((tx) =>
    tx.query<{ table: string; forced: boolean; leads: boolean }>(`
      SELECT c.relname AS table, c.relrowsecurity AND c.relforcerowsecurity AS forced,
             (SELECT bool_and(a.attname = 'tenant_id') FROM pg_index i
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
              JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
              WHERE i.indrelid = c.oid AND am.amname = 'btree') AS leads
      FROM pg_class c
      JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
      WHERE c.relnamespace = 'rollcall'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname NOT IN ('organisations', 'api_key_index', 'scim_token_index', 'account_roles',
                              'sign_in_links')
      ORDER BY 1`),
  );
  expect(rows.length).toBeGreaterThan(4);
  expect(rows.filter((row) => !row.forced || !row.leads)).toEqual([]);
});

test('every table has a primary key, except the log of changed attendance, whose rows may be alike', async () => {
  const { rows } = await db.owner.inSystem((tx) =>
    tx.query<{ table: string }>(`
      SELECT c.relname AS table FROM pg_class c
      WHERE c.relnamespace = 'rollcall'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'attendance_changes'
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
      ORDER BY 1`),
  );
  expect(rows).toEqual([]);
});

async function count(database: TestDatabase['owner'], tenantId: string): Promise<number> {
  const { rows } = await database.inTenant(tenantId, (tx) => tx.query('SELECT count(*) AS n FROM nodes'));
  return rows[0].n;
}

async function ownerIsSuperuser(): Promise<boolean> {
  const { rows } = await db.owner.inSystem((tx) =>
    tx.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user'),
  );
  return rows[0].rolsuper;
}
