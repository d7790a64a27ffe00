import pg from 'pg';
import { isUnavailable, StoreUnavailableError } from './unavailable.ts';

/** A connection inside a transaction. Queries on it see one organisation, or none at all. */
export type Tx = pg.ClientBase;

/** What a pool connects to: a connection string, or host, user and password of the embedded server. */
export type DatabaseTarget = pg.ClientConfig;

/** The role that the migrations' grants are made for: it reads and writes rows, under row-level security. */
export const RESTRICTED_ROLE = 'rollcall_app';

export interface DatabaseOptions {
  target: DatabaseTarget;
  /** `restricted` for everything that serves requests, `owner` for migrations and the command line. */
  as: 'restricted' | 'owner';
  /** Connections for requests. */
  poolSize?: number;
  /** Connections for exports, so that slow readers never keep an ingest request waiting. */
  exportPoolSize?: number;
  statementTimeoutMs?: number;
}

const OID = { date: 1082, int8: 20 } as const;

/** Days stay `YYYY-MM-DD` (a Date would be read in the process's time zone), 64-bit counts become numbers. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === OID.date) return (text: string) => text;
    if (format !== 'binary' && oid === OID.int8) return Number;
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

/** Access to PostgreSQL. Every query runs in a transaction that knows whose rows it may see. */
export class Database {
  readonly #requests: pg.Pool;
  readonly #exports: pg.Pool;
  readonly #options: DatabaseOptions;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#requests = this.#createPool(options.poolSize ?? 10, options.statementTimeoutMs ?? 30_000);
    this.#exports = this.#createPool(options.exportPoolSize ?? 4, 0);
  }

  get target(): DatabaseTarget {
    return this.#options.target;
  }

  #createPool(max: number, statementTimeoutMs: number): pg.Pool {
    const pool = new pg.Pool({
      ...this.#options.target,
      application_name: 'rollcall',
      max,
      types,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      onConnect: ((client: pg.ClientBase) =>
        client.query(sessionSettings(this.#options.as, statementTimeoutMs))) as never,
    });
    // An idle connection that breaks has no request to tell; the next one connects anew.
    pool.on('error', () => undefined);
    return pool;
  }

  /** Runs `work` in one transaction that sees the rows of `tenantId` only. Throws `StoreUnavailableError`. */
  inTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return transact(this.#requests, 'BEGIN', tenantId, work);
  }

  /** Runs `work` in one transaction that sees no organisation's rows. Throws `StoreUnavailableError`. */
  inSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return transact(this.#requests, 'BEGIN', '', work);
  }

  /**
   * As `inTenant`, on the pool kept for exports, read-only, and seeing one moment throughout however long
   * the reader takes.
   */
  inExport<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return transact(this.#exports, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', tenantId, work);
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.end(), this.#exports.end()]);
  }
}

/** Lets the rest of a transaction see the rows of `tenantId`. */
export async function enterTenant(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("SELECT set_config('rollcall.tenant_id', $1, true)", [tenantId]);
}

function sessionSettings(as: DatabaseOptions['as'], statementTimeoutMs: number): string {
  const settings = [
    'SET search_path TO rollcall',
    "SET timezone TO 'UTC'",
    `SET statement_timeout TO ${statementTimeoutMs}`,
    // What was answered with code 0 is on disk, whatever the server's own default is.
    'SET synchronous_commit TO on',
  ];
  if (as === 'restricted') settings.push(`SET ROLE ${RESTRICTED_ROLE}`);
  return settings.join('; ');
}

async function transact<T>(
  pool: pg.Pool,
  begin: string,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw new StoreUnavailableError(error);
  }
  let broken = false;
  const onError = () => {
    broken = true;
  };
  client.on('error', onError);
  try {
    await client.query(begin);
    await enterTenant(client, tenantId);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (isUnavailable(error)) {
      broken = true;
      throw new StoreUnavailableError(error);
    }
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
