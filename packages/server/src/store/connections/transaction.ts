import pg from 'pg';
import { isUnavailable, StoreUnavailableError } from './unavailable.ts';

/** A connection inside a transaction. Its queries see the rows of one organisation, or of none. */
export type Tx = pg.ClientBase;

export const NO_TENANT = '';
const BEGIN_TIMEOUT_MS = 5_000;
/** With more waiting requests for each connection, hardly any would get one before the time limit. */
const WAITING_PER_CONNECTION = 50;

/** Enters an organisation: the rest of the transaction sees the rows of `tenantId`. */
export async function enterTenant(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("SELECT set_config('rollcall.tenant_id', $1, true)", [tenantId]);
}

/**
 * Takes a connection from the pool. Throws `StoreUnavailableError` when none becomes free in time or the database
 * cannot be reached.
 */
export async function connectFrom(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.waitingCount >= WAITING_PER_CONNECTION * pool.options.max) {
    throw new StoreUnavailableError(new Error('Too many requests already wait for a connection.'));
  }
  return pool.connect().catch((error: unknown) => {
    throw new StoreUnavailableError(error);
  });
}

/** A pooled connection for one transaction. It returns to the pool when the transaction ends. */
export class Transaction {
  readonly client: pg.PoolClient;
  #broken = false;
  readonly #onError = () => {
    this.#broken = true;
  };

  private constructor(client: pg.PoolClient) {
    this.client = client;
    client.on('error', this.#onError);
  }

  /** Begins a transaction. Throws `StoreUnavailableError` when there is no connection, or the connection broke. */
  static async begin(pool: pg.Pool, begin: string, tenantId: string): Promise<Transaction> {
    const client = await connectFrom(pool);
    const transaction = new Transaction(client);
    try {
      // The connection may have broken in the pool without notice.
      await client.query({ text: begin, query_timeout: BEGIN_TIMEOUT_MS } as pg.QueryConfig);
      await enterTenant(client, tenantId);
      return transaction;
    } catch (error) {
      throw await transaction.rollback(error);
    }
  }

  /** Commits. Throws when PostgreSQL has aborted the transaction: then nothing is stored. */
  async commit(): Promise<void> {
    const { command } = await this.client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('The transaction was aborted before its commit.');
    this.#release();
  }

  /** Rolls the transaction back. Returns the error to throw for `error`. */
  async rollback(error?: unknown): Promise<unknown> {
    const unavailable = isUnavailable(error);
    // After an error that the server itself reports, the connection is still usable.
    if (unavailable && !(error instanceof pg.DatabaseError)) this.#broken = true;
    else await this.client.query('ROLLBACK').catch(this.#onError);
    this.#release();
    return unavailable ? new StoreUnavailableError(error) : error;
  }

  #release(): void {
    this.client.off('error', this.#onError);
    this.client.release(this.#broken);
  }
}
