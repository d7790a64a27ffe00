import pg from 'pg';
import { discardOldPlans } from './kept-plans.ts';
import { PooledConnection } from './transaction.ts';
import { endsConnection, isUnavailable, StoreUnavailableError } from './unavailable.ts';

/** A statement that each connection prepares once, under its name. Its values are texts, or in binary format. */
export interface PreparedStatement {
  name: string;
  text: string;
  values: readonly (string | Buffer | null)[];
}

/**
 * The results of a committed pipeline: for each statement, the first column of its last row; for an INSERT that returns no
 * rows, how many rows it stored.
 */
export type PipelineResults = (string | undefined)[];

/** Members of pg's connection that its types do not declare. */
interface Wire {
  stream: { cork(): void; uncork(): void };
  parse(query: { name: string; text: string; types: undefined }): void;
  bind(config: { portal: string; statement: string; values: readonly unknown[] }): void;
  execute(config: { portal: string; rows: number }): void;
  sync(): void;
}

/** What the server says of a completed INSERT. */
const STORED_ROWS = /^INSERT 0 (\d+)$/;

/** The names of the statements that a connection has prepared. */
const prepared = new WeakMap<object, Set<string>>();

/**
 * Statements that the client sends together, before the server answers any of them. They are one transaction: without
 * BEGIN, all statements up to the one Sync message are (PostgreSQL's protocol, "Pipelining"). They take one round
 * trip and one commit.
 */
class Pipeline implements pg.Submittable {
  /** pg replaces it where it enforces a timeout. */
  callback: (error: Error | null, answers?: PipelineResults) => void;
  readonly #statements: readonly PreparedStatement[];
  readonly #answers: PipelineResults = [];
  readonly #newNames = new Set<string>();
  #wire: Wire | undefined;
  #done = 0;

  constructor(
    statements: readonly PreparedStatement[],
    callback: (error: Error | null, answers?: PipelineResults) => void,
  ) {
    this.#statements = statements;
    this.callback = callback;
  }

  /**
   * Whether the connection may have prepared statements that `prepared` does not list. After an error such a
   * connection cannot be used again.
   */
  get hasUnknownStatements(): boolean {
    return this.#newNames.size > 0;
  }

  /** The texts of the statements, for code that observes the queries of a connection. */
  toString(): string {
    return this.#statements.map(({ text }) => text).join('; ');
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    const known = prepared.get(wire);
    wire.stream.cork();
    for (const { name, text, values } of this.#statements) {
      if (!known?.has(name) && !this.#newNames.has(name)) {
        wire.parse({ name, text, types: undefined });
        this.#newNames.add(name);
      }
      wire.bind({ portal: '', statement: name, values });
      wire.execute({ portal: '', rows: 0 });
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#answers[this.#done] = fields[0] ?? undefined;
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#answers[this.#done] ??= STORED_ROWS.exec(text)?.[1];
    this.#done++;
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    if (this.#wire !== undefined) {
      const known = prepared.get(this.#wire) ?? new Set();
      for (const name of this.#newNames) known.add(name);
      prepared.set(this.#wire, known);
    }
    this.callback(null, this.#answers);
  }

  handleRowDescription(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/**
 * Runs one statement inside a transaction. Returns the first column of its first row; undefined without a row, also for
 * an INSERT, of which a pipeline counts the rows. It sends the statement without its name: only pipelines know which names a
 * connection has prepared.
 */
export async function runStatement(
  tx: pg.ClientBase,
  { text, values }: PreparedStatement,
): Promise<PipelineResults[number]> {
  const { rows } = await tx.query<[string | null]>({ text, values: [...values], rowMode: 'array' });
  return rows[0]?.[0] ?? undefined;
}

/** A connection that was idle for this long may have broken without notice. */
const QUIET_MS = 1_000;
const PROBE_TIMEOUT_MS = 5_000;
const usedAtMs = new WeakMap<pg.ClientBase, number>();

/** Runs statements as one transaction on a connection of the pool; see `Database.runEventPipeline`. */
export async function runPipeline(
  pool: pg.Pool,
  statements: readonly PreparedStatement[],
): Promise<PipelineResults> {
  const connection = await PooledConnection.take(pool);
  const { client } = connection;
  let pipeline: Pipeline | undefined;
  try {
    const nowMs = performance.now();
    const isProbed = await discardOldPlans(client, PROBE_TIMEOUT_MS);
    if (!isProbed && nowMs - (usedAtMs.get(client) ?? 0) > QUIET_MS)
      await client.query({ text: 'SELECT', query_timeout: PROBE_TIMEOUT_MS } as pg.QueryConfig);
    const answers = await new Promise<PipelineResults>((resolve, reject) => {
      pipeline = new Pipeline(statements, (error, found = []) => (error ? reject(error) : resolve(found)));
      client.query(pipeline);
    });
    usedAtMs.set(client, performance.now());
    return answers;
  } catch (error) {
    const isOfServer = error instanceof pg.DatabaseError && !endsConnection(error);
    if (pipeline?.hasUnknownStatements || !isOfServer) connection.markBroken();
    throw isUnavailable(error) ? new StoreUnavailableError(error) : error;
  } finally {
    connection.release();
  }
}
