import type pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { newClient } from '../connections/hosts.ts';
import { isUnavailable, StoreUnavailableError } from '../connections/unavailable.ts';

/**
 * Fixes all settings on which the text of a value depends, so that backup and restore agree. Removes timeouts
 * that an administrator may have set. transaction_timeout exists in PostgreSQL 17 and later.
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
 * Runs `work` on a new connection, as the role of `target`. Rolls back a transaction that `work` leaves open.
 * Throws `StoreUnavailableError` if the database does not answer.
 */
export async function withSession<T>(
  target: DatabaseTarget,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = newClient({
    ...target,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // If the connection breaks, the waiting query fails.
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
