import type pg from 'pg';

/**
 * How long a connection keeps its query plans. A plan made for small tables reads all rows of an organisation after
 * they have grown. The database replans only when it has new statistics, which may take minutes.
 */
const PLANS_KEPT_MS = 10_000;
const plannedAtMs = new WeakMap<pg.ClientBase, number>();

/** Discards the plans of a connection if they are old. Returns whether it asked the database to. */
export async function discardOldPlans(client: pg.ClientBase, timeoutMs?: number): Promise<boolean> {
  const nowMs = performance.now();
  if (nowMs - (plannedAtMs.get(client) ?? Number.NEGATIVE_INFINITY) <= PLANS_KEPT_MS) return false;
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  await client.query({ text: 'DISCARD PLANS', ...limit } as pg.QueryConfig);
  plannedAtMs.set(client, nowMs);
  return true;
}

/** A statement with a name, which no other statement has. */
export interface NamedStatement {
  name: string;
  text: string;
  values: unknown[];
}

/** With more keys than this, a plan for the present sizes of the tables is worth its making. */
const FEW_KEYS = 300;

/**
 * Runs a statement that finds rows by keys. If there are few keys, the connection prepares the statement once, and keeps
 * its plan for some seconds: planning it can cost several times as much as running it. Call `planForAnyOrganisation`
 * before. Otherwise PostgreSQL prefers a new plan for each call.
 */
export async function queryByKeys<Row extends pg.QueryResultRow>(
  tx: pg.ClientBase,
  { name, text, values }: NamedStatement,
  keys: number,
): Promise<pg.QueryResult<Row>> {
  if (keys > FEW_KEYS) return tx.query<Row>(text, values);
  await discardOldPlans(tx);
  return tx.query<Row>({ name, text, values });
}
