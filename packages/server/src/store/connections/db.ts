import type pg from 'pg';
import { newClient } from './hosts.ts';
import { type PipelineResults, type PreparedStatement, runPipeline } from './pipeline.ts';
import {
  createPool,
  type DatabaseTarget,
  type PoolState,
  poolState,
  type SessionRole,
  type StreamKind,
  sessionSettings,
} from './pools.ts';
import { Standby } from './standby.ts';
import { TenantConnectionLimit } from './tenant-connection-limit.ts';
import { BEGIN_READ_ONLY, MARK_READ_ONLY, NO_TENANT, Transaction, type Tx } from './transaction.ts';

export {
  type DatabaseTarget,
  type PoolState,
  RESTRICTED_ROLE,
  type SessionRole,
  type StreamKind,
  types,
} from './pools.ts';
export { enterTenant, type Tx } from './transaction.ts';

export interface DatabaseOptions {
  target: DatabaseTarget;
  /** A streaming standby of the same database, for exports and metrics. */
  standby?: DatabaseTarget | undefined;
  /** A promise where migrations have not made the role yet. Connections wait for it. */
  as: SessionRole | Promise<SessionRole>;
  /** Connections for requests. */
  poolSize?: number;
  /** Connections for exports, so that slow readers never make an event submission wait. */
  exportPoolSize?: number;
  /** Connections for short lists, so that exports never make them wait. */
  listPoolSize?: number;
  /** Connections for events and the look-up of their users and nodes, so that nothing else makes them wait. */
  eventPoolSize?: number;
  statementTimeoutMs?: number;
}

/** If the server has not ended a statement this long after its timeout, the client expects no answer any more. */
const NETWORK_GRACE_MS = 1_000;
/**
 * Connections that look up credentials. They are separate, so that callers that are not authenticated yet make
 * nothing else wait.
 */
const CREDENTIAL_CONNECTIONS = 2;

/** Connections for the long reads of jobs. They are separate, so that jobs and exports do not wait for each other. */
const JOB_CONNECTIONS = 2;

/** One organisation uses at most this part of the connections for requests. */
const SHARE_OF_REQUESTS = 0.8;

/** Access to PostgreSQL. Every query runs in a transaction that has entered one organisation, or none. */
export class Database {
  readonly #requests: pg.Pool;
  readonly #streams: Record<StreamKind | 'jobs', pg.Pool>;
  readonly #events: pg.Pool;
  readonly #credentials: pg.Pool;
  /** One connection of its own, so that a busy server does not look like one that lost its database. */
  readonly #probe: pg.Pool;
  #pingUnderWay: Promise<void> | undefined;
  readonly #connectionLimit: TenantConnectionLimit;
  readonly #options: DatabaseOptions;
  /** Undefined if the options name none. */
  readonly standby: Standby | undefined;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
    const timeout = statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + NETWORK_GRACE_MS };
    const { target, as, poolSize = 10, exportPoolSize = 6, listPoolSize = 4, standby } = options;
    const short = (max: number) => createPool({ target, as, max, statementTimeoutMs, config: timeout });
    const long = (max: number) => createPool({ target, as, max, statementTimeoutMs: 0 });
    this.#requests = short(poolSize);
    this.#connectionLimit = new TenantConnectionLimit(Math.ceil(poolSize * SHARE_OF_REQUESTS));
    this.#events = short(options.eventPoolSize ?? 4);
    this.#credentials = short(CREDENTIAL_CONNECTIONS);
    this.#probe = short(1);
    this.#streams = { exports: long(exportPoolSize), lists: long(listPoolSize), jobs: long(JOB_CONNECTIONS) };
    this.standby = standby && new Standby({ target: standby, as, exportPoolSize, listPoolSize });
  }

  /** How many streams of each kind can run at once. */
  get streamSizes(): Record<StreamKind, number> {
    const { exports, lists } = this.#streams;
    return { exports: exports.options.max, lists: lists.options.max };
  }

  /** The state of each pool. */
  poolStates(): PoolState[] {
    const pools = {
      ...this.#streams,
      requests: this.#requests,
      events: this.#events,
      credentials: this.#credentials,
      ...this.standby?.pools(),
    };
    return Object.entries(pools).map(([name, pool]) => poolState(name, pool));
  }

  /** The part of its connections for requests that each organisation uses. */
  connectionParts(): Iterable<[tenantId: string, part: number]> {
    return this.#connectionLimit.parts();
  }

  /** Opens a connection outside the pools, for work that must stay on one connection. The caller ends it. */
  async connect(name: string): Promise<pg.Client> {
    const client = newClient({
      ...this.#options.target,
      application_name: name,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(sessionSettings(await this.#options.as, 0));
    return client;
  }

  /**
   * Runs `work` in one transaction that sees only the rows of `tenantId`. Throws `StoreUnavailableError`, or
   * `TenantBusyError` where the organisation's share of the connections is in use for too long.
   */
  inTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#connectionLimit.run(tenantId, () => transact(this.#requests, tenantId, work));
  }

  /**
   * As `inTenant`, with one snapshot for all statements. Throws a serialization failure where another transaction has
   * changed a row since that this one changes (`inTenantSnapshotWithRetries` of conflict.ts).
   */
  inTenantSnapshot<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#connectionLimit.run(tenantId, () =>
      transact(this.#requests, tenantId, work, WRITING_SNAPSHOT),
    );
  }

  /** Runs `work` in one transaction that sees no organisation's rows. Throws `StoreUnavailableError`. */
  inSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return transact(this.#requests, NO_TENANT, work);
  }

  /**
   * Runs statements as one transaction, in one round trip. They see no organisation's rows before a statement has
   * entered one. Throws `StoreUnavailableError`: then all of it was committed, or nothing. Throws the database's
   * error about a statement: then nothing was committed.
   */
  runEventPipeline(statements: readonly PreparedStatement[]): Promise<PipelineResults> {
    return runPipeline(this.#events, statements);
  }

  /**
   * As `runEventPipeline`, for read-only statements of one organisation, on a connection for requests. It waits for a
   * connection of the organisation's share, as `inTenant` does.
   */
  runRequestPipeline(tenantId: string, statements: readonly PreparedStatement[]): Promise<PipelineResults> {
    return this.#connectionLimit.run(tenantId, () => runPipeline(this.#requests, statements));
  }

  /** As `runEventPipeline`, on a connection for requests. */
  runSystemPipeline(statements: readonly PreparedStatement[]): Promise<PipelineResults> {
    return runPipeline(this.#requests, statements);
  }

  /** As `runEventPipeline`, for statements that authenticate a caller, on separate connections. */
  runCredentialPipeline(statements: readonly PreparedStatement[]): Promise<PipelineResults> {
    return runPipeline(this.#credentials, statements);
  }

  /**
   * Checks that the database answers, on a connection of its own. Concurrent calls share one answer. Throws
   * `StoreUnavailableError` when the database does not answer.
   */
  ping(): Promise<void> {
    this.#pingUnderWay ??= transact(this.#probe, NO_TENANT, async () => undefined).finally(() => {
      this.#pingUnderWay = undefined;
    });
    return this.#pingUnderWay;
  }

  /** Opens a connection before the first request needs it. Throws `StoreUnavailableError`. */
  async warmUp(): Promise<void> {
    await this.inSystem(async () => undefined);
  }

  /**
   * Yields the items of `read`, which runs in one transaction with one snapshot of the rows of `tenantId`, on the
   * pool for `kind`. The connection is in use until the caller takes the last item or ends the iteration.
   */
  stream<T>(
    kind: StreamKind | 'jobs',
    tenantId: string,
    read: (tx: Tx) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    return Transaction.stream({ pool: this.#streams[kind], begin: SNAPSHOT, tenantId }, read);
  }

  async close(): Promise<void> {
    const pools = [
      this.#requests,
      this.#events,
      this.#credentials,
      this.#probe,
      ...Object.values(this.#streams),
    ];
    await Promise.all([...pools.map((pool) => pool.end()), this.standby?.close()]);
  }
}

const SNAPSHOT = `${BEGIN_READ_ONLY}; ${MARK_READ_ONLY}`;
const WRITING_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

async function transact<T>(
  pool: pg.Pool,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const transaction = await Transaction.begin(pool, begin, tenantId);
  try {
    const result = await work(transaction.client);
    await transaction.commit();
    return result;
  } catch (error) {
    throw await transaction.rollback(error);
  }
}
