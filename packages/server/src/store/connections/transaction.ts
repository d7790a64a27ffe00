import pg from 'pg';
import { isUnavailable, StoreUnavailableError } from './unavailable.ts';

/** A connection inside a transaction. Its queries see the rows of one organisation, or of none. */
export type Tx = pg.ClientBase;

export const NO_TENANT = '';
/** The advisory lock, of any number of transactions, that marks a transaction as one that only reads: this number and 1. */
export const READS_ONLY_MARK = 1_719_203_001;
/** Begins a transaction with one snapshot that only reads. */
export const BEGIN_READ_ONLY = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
/** Marks it, so that nobody waits for what it might write. As the first statement, it takes the snapshot. */
export const MARK_READ_ONLY = `SELECT pg_advisory_xact_lock_shared(${READS_ONLY_MARK}, 1)`;
const BEGIN_TIMEOUT_MS = 5_000;
/** With more waiting requests for each connection, hardly any would get one before the time limit. */
const WAITING_PER_CONNECTION = 50;

/** Enters an organisation: the rest of the transaction sees the rows of `tenantId`. */
export async function enterTenant(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(entering(tenantId));
}

function entering(tenantId: string): string {
  return `SELECT set_config('rollcall.tenant_id', ${pg.escapeLiteral(tenantId)}, true)`;
}

/** Takes a connection. Throws `StoreUnavailableError` if none becomes free in time or the database is unreachable. */
async function connectFrom(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.waitingCount >= WAITING_PER_CONNECTION * pool.options.max) {
    throw new StoreUnavailableError(new Error('Too many requests already wait for a connection.'));
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

interface Streaming {
  pool: pg.Pool;
  begin: string;
  tenantId: string;
  prepare?: (client: Tx) => Promise<void>;
}

/** A pooled connection for one transaction. It returns to the pool when the transaction ends. */
export class Transaction {
  readonly client: pg.PoolClient;
  readonly #connection: PooledConnection;

  private constructor(connection: PooledConnection) {
    this.client = connection.client;
    this.#connection = connection;
  }

  /** Begins a transaction. Throws `StoreUnavailableError` when there is no connection, or the connection broke. */
  static async begin(
    pool: pg.Pool,
    begin: string,
    tenantId: string,
    prepare?: (client: Tx) => Promise<void>,
  ): Promise<Transaction> {
    const transaction = new Transaction(await PooledConnection.take(pool));
    const { client } = transaction;
    try {
      await prepare?.(client);
      // One round trip. The connection may have broken in the pool without notice.
      const text = `${begin}; ${entering(tenantId)}`;
      await client.query({ text, query_timeout: BEGIN_TIMEOUT_MS } as pg.QueryConfig);
      return transaction;
    } catch (error) {
      throw await transaction.rollback(error);
    }
  }

  /**
   * Yields the items of `read`, which runs in one transaction. The connection is in use until the caller takes the last item or ends
   * the iteration. First, `prepare` runs on it, outside the transaction.
   */
  static async *stream<T>(
    { pool, begin, tenantId, prepare }: Streaming,
    read: (tx: Tx) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    const transaction = await Transaction.begin(pool, begin, tenantId, prepare);
    let ended = false;
    try {
      yield* read(transaction.client);
      await transaction.commit();
      ended = true;
    } catch (error) {
      ended = true;
      throw await transaction.rollback(error);
    } finally {
      if (!ended) await transaction.rollback();
    }
  }

  /** Commits. Throws when PostgreSQL has aborted the transaction: then nothing is stored. */
  async commit(): Promise<void> {
    const { command } = await this.client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('The transaction was aborted before its commit.');
    this.#connection.release();
  }

  /** Rolls the transaction back. Returns the error to throw for `error`. */
  async rollback(error?: unknown): Promise<unknown> {
    const unavailable = isUnavailable(error);
    // After an error that the server itself reports, the connection is still usable.
    if (unavailable && !(error instanceof pg.DatabaseError)) this.#connection.markBroken();
    else await this.client.query('ROLLBACK').catch(this.#connection.markBroken);
    this.#connection.release();
    return unavailable ? new StoreUnavailableError(error) : error;
  }
}
