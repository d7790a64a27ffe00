import pg from 'pg';
import { type PipelineResults, type PreparedStatement, runPipeline } from './pipeline.ts';
import { TenantConnectionLimit } from './tenant-connection-limit.ts';
import { BEGIN_READ_ONLY, MARK_READ_ONLY, NO_TENANT, Transaction, type Tx } from './transaction.ts';

export { enterTenant, type Tx } from './transaction.ts';

/** The target of a pool: a connection string, or host, user and password of the embedded server. */
export type DatabaseTarget = pg.ClientConfig;

/** The restricted role, to which the migrations grant rights. It reads and writes rows, under row-level security. */
export const RESTRICTED_ROLE = 'rollcall_app';

/** `restricted` for all requests, `owner` for migrations and the command line. */
export type SessionRole = 'restricted' | 'owner';

export interface DatabaseOptions {
  target: DatabaseTarget;
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

/** How many connections a pool has, and how many requests wait for one. */
export interface PoolState {
  name: string;
  most: number;
  used: number;
  idle: number;
  waiting: number;
}

/** The pool on whose connections rows are streamed to callers. */
export type StreamKind = 'exports' | 'lists';

const OID = { date: 1082, int8: 20 } as const;

/**
 * Days stay `YYYY-MM-DD`, because a Date would be read in the time zone of the process. 64-bit counts become numbers.
 */
export const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === OID.date) return (text: string) => text;
    if (format !== 'binary' && oid === OID.int8) return Number;
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

/** If the server has not ended a statement this long after its timeout, the client expects no answer any more. */
const NETWORK_GRACE_MS = 1_000;
/** After this long without traffic, TCP checks that the other end still answers. */
const KEEP_ALIVE_MS = 10_000;

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

  constructor(options: DatabaseOptions) {
    this.#options = options;
    const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
    const limits = statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + NETWORK_GRACE_MS };
    const poolSize = options.poolSize ?? 10;
    this.#requests = this.#createPool(poolSize, statementTimeoutMs, limits);
    this.#connectionLimit = new TenantConnectionLimit(Math.ceil(poolSize * SHARE_OF_REQUESTS));
    this.#events = this.#createPool(options.eventPoolSize ?? 4, statementTimeoutMs, limits);
    this.#credentials = this.#createPool(CREDENTIAL_CONNECTIONS, statementTimeoutMs, limits);
    this.#probe = this.#createPool(1, statementTimeoutMs, limits);
    this.#streams = {
      exports: this.#createPool(options.exportPoolSize ?? 6, 0),
      lists: this.#createPool(options.listPoolSize ?? 4, 0),
      jobs: this.#createPool(JOB_CONNECTIONS, 0),
    };
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
    };
    return Object.entries(pools).map(([name, { options, totalCount, idleCount, waitingCount }]) => ({
      name,
      most: options.max,
      used: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount,
    }));
  }

  /** The part of its connections for requests that each organisation uses. */
  connectionParts(): Iterable<[tenantId: string, part: number]> {
    return this.#connectionLimit.parts();
  }

  /** Opens a connection outside the pools, for work that must stay on one connection. The caller ends it. */
  async connect(name: string): Promise<pg.Client> {
    const client = new pg.Client({
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

  #createPool(max: number, statementTimeoutMs: number, config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({
      ...config,
      ...this.#options.target,
      application_name: 'rollcall',
      max,
      types,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      onConnect: (async (client: pg.ClientBase) => {
        await client.query(sessionSettings(await this.#options.as, statementTimeoutMs));
      }) as never,
    });
    // No request waits for a broken idle connection. The next request opens a new one.
    pool.on('error', () => undefined);
    return pool;
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
  async *stream<T>(
    kind: StreamKind | 'jobs',
    tenantId: string,
    read: (tx: Tx) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    const transaction = await Transaction.begin(this.#streams[kind], SNAPSHOT, tenantId);
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

  async close(): Promise<void> {
    const pools = [
      this.#requests,
      this.#events,
      this.#credentials,
      this.#probe,
      ...Object.values(this.#streams),
    ];
    await Promise.all(pools.map((pool) => pool.end()));
  }
}

function sessionSettings(as: SessionRole, statementTimeoutMs: number): string {
  const settings = [
    'SET search_path TO rollcall',
    "SET timezone TO 'UTC'",
    // The code parses instants and days from PostgreSQL's own text.
    'SET DateStyle TO ISO',
    `SET statement_timeout TO ${statementTimeoutMs}`,
    // With old statistics the planner's costs are far too high, and PostgreSQL would compile almost every statement.
    'SET jit TO off',
    // An event with result code 0 is on disk, independent of the server's own default.
    'SET synchronous_commit TO on',
  ];
  if (as === 'restricted') settings.push(`SET ROLE ${RESTRICTED_ROLE}`);
  return settings.join('; ');
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
