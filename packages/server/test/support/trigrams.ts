import type { TestDatabase } from './database.ts';

/** Runs `work` while the database has no index of trigrams. */
export async function withoutTrigrams<T>(db: TestDatabase, work: () => Promise<T>): Promise<T> {
  const rename = (from: string, to: string) =>
    db.owner.inSystem((tx) => tx.query(`ALTER INDEX rollcall.${from} RENAME TO ${to}`));
  await rename('users_with_trigrams', 'set_aside');
  try {
    return await work();
  } finally {
    await rename('set_aside', 'users_with_trigrams');
  }
}

/**
 * Adds users with the first ids and without the letters x and z, so that a search reads beyond those that it reads first.
 * Statistics know nothing of them.
 */
export async function addFirstUsers(db: TestDatabase, tenantId: string, count: number): Promise<void> {
  await db.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, first_name, last_name)
       SELECT $1, ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, n, n, n, n, 'Common', 'Person'
       FROM (SELECT i, 'many.' || i || '@work.test' AS n FROM generate_series(1, $2::integer) i) AS named`,
      [tenantId, count],
    ),
  );
}

/** What `users_by_trigrams` answers a request of this organisation; with an empty one, of no organisation. */
export async function byTrigrams(
  db: TestDatabase,
  tenantId: string,
  parts: string[],
  most = 4_000,
): Promise<string[] | null> {
  const ask = db.restricted.inTenant(tenantId, (tx) =>
    tx.query<{ ids: string[] | null }>('SELECT users_by_trigrams($1, $2)::text[] AS ids', [parts, most]),
  );
  return (await ask).rows[0]?.ids ?? null;
}
