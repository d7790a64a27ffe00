import type pg from 'pg';
import { createPool, type DatabaseTarget, type SessionRole, type StreamKind } from './pools.ts';
import { BEGIN_READ_ONLY, Transaction, type Tx } from './transaction.ts';

export interface StandbyOptions {
  target: DatabaseTarget;
  as: SessionRole | Promise<SessionRole>;
  exportPoolSize: number;
  listPoolSize: number;
}

/** A streaming standby, for reads. Its pools are as large as those of the primary for the same reads. */
export class Standby {
  readonly #pools: Record<StreamKind, pg.Pool>;

  constructor({ target, as, exportPoolSize, listPoolSize }: StandbyOptions) {
    const common = { target, as, statementTimeoutMs: 0, mustBeBound: true };
    this.#pools = {
      exports: createPool({ ...common, max: exportPoolSize }),
      lists: createPool({ ...common, max: listPoolSize }),
    };
  }

  /** The pools, by their names in the metrics. */
  pools(): Record<string, pg.Pool> {
    return { 'standby exports': this.#pools.exports, 'standby lists': this.#pools.lists };
  }

  /** As `Database.stream`. First, `prepare` runs on the same connection, outside the transaction. */
  stream<T>(
    kind: StreamKind,
    tenantId: string,
    prepare: (client: Tx) => Promise<void>,
    read: (tx: Tx) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    return Transaction.stream({ pool: this.#pools[kind], begin: BEGIN_READ_ONLY, tenantId, prepare }, read);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()));
  }
}
