import pg from 'pg';
import { isUnavailable, StoreUnavailableError } from './unavailable.ts';

/** A connection inside a transaction. Queries on it see one organisation, or none at all. */
export type Tx = pg.ClientBase;

export const NO_TENANT = '';
const BEGIN_TIMEOUT_MS = 5_000;
/** More than so many would hardly get one before they are given up. */
const WAITING_PER_CONNECTION = 50;

/** Lets the rest of a transaction see the rows of `tenantId`. */
export async function enterTenant(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("SELECT set_config('rollcall.tenant_id', $1, true)", [tenantId]);
}

/** Throws `StoreUnavailableError` when no connection is to be had. */
async function connectFrom(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.waitingCount >= WAITING_PER_CONNECTION * pool.options.max) {
    throw new StoreUnavailableError(new Error('Too many wait for a connection already.'));
  }
  return pool.connect().catch((error: unknown) => {
    throw new StoreUnavailableError(error);
  });
}

/** A connection that is taken from a pool. If it breaks while it is in use, the pool discards it. */
export class PooledConnection {
  readonly client: pg.PoolClient;
  readonly markBroken = (): void => {
    this.#isBroken = true;
  };
  #isBroken = false;

  private constructor(client: pg.PoolClient) {
    this.client = client;
    client.on('error', this.markBroken);
  }

  /** Throws as `connectFrom`. */
  static async take(pool: pg.Pool): Promise<PooledConnection> {
    return new PooledConnection(await connectFrom(pool));
  }

  release(): void {
    this.client.off('error', this.markBroken);
    this.client.release(this.#isBroken);
  }
}

/** A pooled connection for the length of one transaction; it goes back to the pool when that ends. */
export class Transaction {
  readonly client: pg.PoolClient;
  readonly #connection: PooledConnection;

  private constructor(connection: PooledConnection) {
    this.client = connection.client;
    this.#connection = connection;
  }

  /** Throws `StoreUnavailableError` when no connection is to be had, or the one that was broke. */
  static async begin(pool: pg.Pool, begin: string, tenantId: string): Promise<Transaction> {
    const transaction = new Transaction(await PooledConnection.take(pool));
    const { client } = transaction;
    try {
      // The connection may have broken in the pool without notice.
      await client.query({ text: begin, query_timeout: BEGIN_TIMEOUT_MS } as pg.QueryConfig);
      await enterTenant(client, tenantId);
      return transaction;
    } catch (error) {
      throw await transaction.rollback(error);
    }
  }

  /** Throws when the transaction turns out to have been aborted: nothing is stored then. */
  async commit(): Promise<void> {
    const { command } = await this.client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('The transaction was aborted before its commit.');
    this.#connection.release();
  }

  /** Ends the transaction without effect; returns `error` as it is to be thrown. */
  async rollback(error?: unknown): Promise<unknown> {
    const unavailable = isUnavailable(error);
    // What the server itself reports leaves a connection behind that may well live on.
    if (unavailable && !(error instanceof pg.DatabaseError)) this.#connection.markBroken();
    else await this.client.query('ROLLBACK').catch(this.#connection.markBroken);
    this.#connection.release();
    return unavailable ? new StoreUnavailableError(error) : error;
  }
}
