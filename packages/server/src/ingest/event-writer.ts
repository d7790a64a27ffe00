import type { Database } from '../store/db.ts';
import { enterTenantAt } from '../store/directory-versions.ts';
import type { EventRow } from '../store/event-order.ts';
import { MergingQueue } from '../store/merging-queue.ts';
import type { Statement } from '../store/pipeline.ts';
import { type RefusedEventRow, refusedEventsInsert } from '../store/refused-events.ts';

/** How rows of a kind are stored: one statement for any number of them. */
export interface RowKind<Row> {
  /** The endpoint's name. */
  endpoint: string;
  insert(tenantId: string, rows: readonly Row[]): Statement;
}

/** What one request has to store. */
export interface Submission {
  tenantId: string;
  /** The version of the directory by which the events were judged; undefined where any will do. */
  remembered: string | undefined;
  kind?: RowKind<EventRow>;
  rows: readonly EventRow[];
  refusals: readonly RefusedEventRow[];
}

/** Transactions at a time: while one is committed, the next is on its way. */
const EVENT_WRITERS = 2;
/** A transaction takes what waits up to so many requests or, a bit more than, so many rows. */
const MERGED = { jobs: 64, weight: 2_000 };

/**
 * Stores what requests submit. Those that wait at the same time go together into one transaction, of one round trip
 * and one commit, whatever their organisations. Each organisation's rows are written by statements of its own, under
 * row-level security: what is shared is the commit.
 */
export class EventWriter {
  readonly #queue: MergingQueue<Submission, string>;

  constructor(database: Database) {
    this.#queue = new MergingQueue({
      run: (submissions) => store(database, submissions),
      weigh: ({ rows }) => rows.length,
      most: MERGED,
      concurrency: EVENT_WRITERS,
    });
  }

  /**
   * Stores rows and refusals in one transaction; answers when it is committed, with the version of the directory that
   * it saw. Nothing is stored where that is another one than `remembered`. Throws `StoreUnavailableError`: then
   * nothing was stored, or all of it was.
   */
  write(submission: Submission): Promise<string> {
    return this.#queue.add(submission);
  }
}

/** In the order of organisations, as rows are in that of their keys: nobody waits for another in a circle. */
async function store(database: Database, submissions: readonly Submission[]): Promise<string[]> {
  const groups = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const key = keyOf(submission);
    const others = groups.get(key);
    if (others) others.push(submission);
    else groups.set(key, [submission]);
  }
  const statements: Statement[] = [];
  const firsts = new Map<string, number>();
  for (const key of [...groups.keys()].sort()) {
    firsts.set(key, statements.length);
    statements.push(...statementsOf(groups.get(key) ?? []));
  }
  const answers = await database.inPipeline(statements);
  // The first statement of each group has answered the version.
  return submissions.map((submission) => answers[firsts.get(keyOf(submission)) ?? -1] ?? '0');
}

/** What is of one organisation, and judged by one version of its directory, goes together. */
function keyOf({ tenantId, remembered }: Submission): string {
  return `${tenantId} ${remembered ?? 'any'}`;
}

function statementsOf(submissions: readonly Submission[]): Statement[] {
  const [first] = submissions;
  if (!first) return [];
  const { tenantId, remembered } = first;
  const statements = [enterTenantAt(tenantId, remembered)];
  const kinds = new Map(submissions.flatMap(({ kind }) => (kind ? [[kind.endpoint, kind]] : [])));
  for (const endpoint of [...kinds.keys()].sort()) {
    const rows = submissions.flatMap((each) => (each.kind?.endpoint === endpoint ? each.rows : []));
    const insert = rows.length > 0 ? kinds.get(endpoint)?.insert(tenantId, rows) : undefined;
    if (insert) statements.push(insert);
  }
  const refusals = submissions.flatMap((each) => each.refusals);
  if (refusals.length > 0) statements.push(refusedEventsInsert(tenantId, refusals));
  return statements;
}
