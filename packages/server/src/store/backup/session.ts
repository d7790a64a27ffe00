import pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { isUnavailable, StoreUnavailableError } from '../connections/unavailable.ts';

/**
 * What a value's text depends on is fixed, on both ends; what an administrator may have set to end long work
 * is lifted. transaction_timeout exists from PostgreSQL 17 on.
 */
const SETTINGS = `
  SET search_path TO rollcall;
  SET client_encoding TO 'UTF8';
  SET timezone TO 'UTC';
  SET datestyle TO 'ISO, YMD';
  SET intervalstyle TO 'postgres';
  SET extra_float_digits TO 3;
  SET bytea_output TO 'hex';
  SET row_security TO on;
  SET synchronous_commit TO on;
  SELECT set_config(name, '0', false) FROM pg_settings
  WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`;

/**
 * Runs `work` on one connection of its own, as the role of `target`; a transaction that it leaves open is
 * rolled back. Throws `StoreUnavailableError` where the database is away.
 */
export async function withSession<T>(
  target: DatabaseTarget,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...target,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // A connection that breaks fails the query that waits on it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(SETTINGS);
    return await work(client);
  } catch (error) {
    throw isUnavailable(error) ? new StoreUnavailableError(error) : error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
