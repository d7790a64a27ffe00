import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import type { DatabaseTarget } from './db.ts';
import { nameOf } from './host-state.ts';
import { addressesOf, newClient } from './hosts.ts';
import { NoUsableHostError } from './unavailable.ts';

const LEAST_POSTGRES = 15;
const CONNECT_TIMEOUT_MS = 5_000;

/** The database cannot be used. `message` is one sentence for the operator, without credentials. */
export class UnusableDatabaseError extends Error {}

/** Connects once, to report early and plainly what is wrong with a database URL. Throws `UnusableDatabaseError`. */
export async function checkReachable(target: DatabaseTarget): Promise<void> {
  const client = clientOf(target);
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ major: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const major = rows[0]?.major ?? 0;
    if (major < LEAST_POSTGRES) {
      throw new UnusableDatabaseError(
        `The database at ${nameOf(client)} is PostgreSQL ${major}; ${LEAST_POSTGRES} or later is needed.`,
      );
    }
  } catch (error) {
    if (error instanceof UnusableDatabaseError) throw error;
    if (error instanceof NoUsableHostError) throw new UnusableDatabaseError(error.message);
    const { message, code } = error as NodeJS.ErrnoException;
    throw new UnusableDatabaseError(
      `The database at ${nameOf(client)} did not accept the connection: ${message || code}.`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The hosts of a database, and whether connections to them are encrypted and verify the certificate. Throws
 * `UnusableDatabaseError` if the URL names a certificate that cannot be read.
 */
export function transportOf(target: DatabaseTarget): { hosts: string[]; isVerified: boolean } {
  const { ssl } = clientOf(target) as unknown as { ssl: boolean | ConnectionOptions };
  const hosts = addressesOf(target).map(({ host }) => host);
  return { hosts, isVerified: ssl === true || (ssl !== false && ssl.rejectUnauthorized !== false) };
}

/** The name of the role as which a target connects. Throws `UnusableDatabaseError` as `transportOf` does. */
export function roleOf(target: DatabaseTarget): string {
  return clientOf(target).user ?? '';
}

/**
 * Makes a client that is not connected. Throws `UnusableDatabaseError` where the URL names a certificate that cannot
 * be read.
 */
function clientOf(target: DatabaseTarget): pg.Client {
  try {
    return newClient({ ...target, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  } catch (error) {
    throw new UnusableDatabaseError(`The database URL cannot be used: ${(error as Error).message}.`);
  }
}
