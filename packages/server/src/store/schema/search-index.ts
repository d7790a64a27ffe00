import pg from 'pg';

/** The schema of the extensions, where an administrator has not installed them in another one. */
const EXTENSIONS_SCHEMA = 'rollcall_extensions';

/**
 * Makes the index of trigrams, by which searches of users find rare parts, if it is missing. It needs the extensions
 * `pg_trgm` and `btree_gin`, and installs them if the connected role may. Without them, searches read all users of an
 * organisation. The answers are the same. Writers of users wait while the index is made.
 */
export async function makeSearchIndex(client: pg.Client): Promise<void> {
  if (await hasIndex(client)) return;
  const schema = await trigramsSchema(client);
  if (schema === undefined) return;
  await client.query(`BEGIN; ${LOCK}`);
  try {
    await client.query(
      `CREATE INDEX IF NOT EXISTS users_with_trigrams ON rollcall.users USING gin (
         uuid_send(tenant_id),
         rollcall.trigram_text(search_text, user_name, first_name, last_name, display_name)
           ${pg.escapeIdentifier(schema)}.gin_trgm_ops)`,
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Several servers can start at once. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtext('rollcall search index'))";

async function hasIndex(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(
    "SELECT to_regclass('rollcall.users_with_trigrams') IS NOT NULL AS has",
  );
  return rows[0]?.has ?? false;
}

/**
 * The schema of `pg_trgm`. Undefined if one of the extensions is missing and cannot be installed, or if the role may not
 * use that schema.
 */
async function trigramsSchema(client: pg.Client): Promise<string | undefined> {
  const { rows: missing } = await client.query<{ name: string; available: boolean }>(
    `SELECT name, EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = wanted.name) AS available
     FROM unnest(ARRAY['pg_trgm', 'btree_gin']) AS wanted (name)
     WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = name)`,
  );
  if (missing.some(({ available }) => !available)) return undefined;
  if (missing.length > 0 && !(await install(client))) return undefined;
  const { rows } = await client.query<{ schema: string }>(
    `SELECT nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE extname = 'pg_trgm' AND has_schema_privilege(n.oid, 'USAGE')`,
  );
  return rows[0]?.schema;
}

/** Whether the extensions are installed now. Providers of databases have reasons of their own to refuse. */
async function install(client: pg.Client): Promise<boolean> {
  try {
    await client.query(
      `BEGIN; ${LOCK};
       CREATE SCHEMA IF NOT EXISTS ${EXTENSIONS_SCHEMA};
       CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA ${EXTENSIONS_SCHEMA};
       CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA ${EXTENSIONS_SCHEMA};
       COMMIT`,
    );
    return true;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query('ROLLBACK');
    return false;
  }
}
