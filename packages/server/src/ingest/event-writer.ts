import type { Database } from '../store/connections/db.ts';
import { MergingQueue } from '../store/connections/merging-queue.ts';
import type { PreparedStatement } from '../store/connections/pipeline.ts';
import { enterTenantIfVersion } from '../store/directory/directory-versions.ts';
import { type EventRow, readNewDigests, returningNewDigests } from '../store/events/event-order.ts';
import { type RefusedEventRow, refusedEventsInsert } from '../store/events/refused-events.ts';

/** How rows of a kind are stored: one statement for any number of them. */
export interface RowKind<Row> {
  /** The endpoint's name. */
  endpoint: string;
  insert(tenantId: string, rows: readonly Row[]): PreparedStatement;
}

/** What one request has to store. */
export interface EventBatch {
  tenantId: string;
  /** The version of the directory by which the events were judged; undefined where any will do. */
  expectedVersion: string | undefined;
  kind?: RowKind<EventRow>;
  rows: readonly EventRow[];
  refusals: readonly RefusedEventRow[];
  /** Whether the answer is to tell new rows from those that were stored already. It costs a little. */
  tellsNew?: boolean;
}

/** What became of one request's rows. */
export interface WriteResult {
  /** The version of the directory that the transaction saw. */
  version: string;
  /** For each row, in their order: whether this request stored it. Undefined unless the submission asked for it. */
  isNew: readonly boolean[] | undefined;
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
  readonly #queue: MergingQueue<EventBatch, WriteResult>;

  constructor(database: Database) {
    this.#queue = new MergingQueue({
      run: (submissions) => storeSubmissions(database, submissions),
      weigh: ({ rows }) => rows.length,
      ownerOf: ({ tenantId }) => tenantId,
      most: MERGED,
      concurrency: EVENT_WRITERS,
    });
  }

  /**
   * Stores rows and refusals in one transaction; answers when it is committed. Nothing is stored where the directory has another
   * version than `remembered`. Throws `StoreUnavailableError`: then nothing was stored, or all of it was.
   */
  write(submission: EventBatch): Promise<WriteResult> {
    return this.#queue.add(submission);
  }
}

/** In the order of organisations, as rows are in that of their keys: nobody waits for another in a circle. */
async function storeSubmissions(
  database: Database,
  submissions: readonly EventBatch[],
): Promise<WriteResult[]> {
  const groups = new Map<string, EventBatch[]>();
  for (const submission of submissions) {
    const key = keyOf(submission);
    const others = groups.get(key);
    if (others) others.push(submission);
    else groups.set(key, [submission]);
  }
  const statements: PreparedStatement[] = [];
  const plans = new Map<string, ResultPositions>();
  for (const key of [...groups.keys()].sort())
    plans.set(key, addStatements(groups.get(key) ?? [], statements));
  const answers = await database.runEventPipeline(statements);
  const written = new Map<EventBatch, WriteResult>();
  for (const [key, group] of groups) {
    const { versionAt = -1, newAt = new Map<string, number>() } = plans.get(key) ?? {};
    const version = answers[versionAt] ?? '0';
    const found = new Map([...newAt].map(([endpoint, at]) => [endpoint, readNewDigests(answers[at])]));
    for (const one of group) written.set(one, { version, isNew: newRowsOf(one, found) });
  }
  return submissions.map((submission) => written.get(submission) ?? { version: '0', isNew: undefined });
}

/** Where the answers of one organisation's statements are. */
interface ResultPositions {
  versionAt: number;
  /** By endpoint: the statements that tell new rows. */
  newAt: Map<string, number>;
}

/** What is of one organisation, and judged by one version of its directory, goes together. */
function keyOf({ tenantId, expectedVersion }: EventBatch): string {
  return `${tenantId} ${expectedVersion ?? 'any'}`;
}

/** Adds what these submissions take, all of one organisation, to `statements`. */
function addStatements(submissions: readonly EventBatch[], statements: PreparedStatement[]): ResultPositions {
  const newAt = new Map<string, number>();
  const versionAt = statements.length;
  const [first] = submissions;
  if (!first) return { versionAt, newAt };
  const { tenantId, expectedVersion } = first;
  statements.push(enterTenantIfVersion(tenantId, expectedVersion));
  const kinds = new Map(submissions.flatMap(({ kind }) => (kind ? [[kind.endpoint, kind]] : [])));
  for (const endpoint of [...kinds.keys()].sort()) {
    const ofKind = submissions.filter((each) => each.kind?.endpoint === endpoint && each.rows.length > 0);
    const rows = ofKind.flatMap((each) => each.rows);
    const insert = rows.length > 0 ? kinds.get(endpoint)?.insert(tenantId, rows) : undefined;
    if (!insert) continue;
    const tellsNew = ofKind.some((each) => each.tellsNew);
    if (tellsNew) newAt.set(endpoint, statements.length);
    statements.push(tellsNew ? returningNewDigests(insert) : insert);
  }
  const refusals = submissions.flatMap((each) => each.refusals);
  if (refusals.length > 0) statements.push(refusedEventsInsert(tenantId, refusals));
  return { versionAt, newAt };
}

/**
 * Which rows of a submission were new. An event that comes several times in one transaction is new the first time only:
 * whoever takes its digest from `found` has stored it.
 */
function newRowsOf(
  { kind, rows, tellsNew }: EventBatch,
  found: ReadonlyMap<string, Set<string>>,
): boolean[] | undefined {
  const digests = found.get(kind?.endpoint ?? '');
  const isNew = digests && rows.map(({ eventDigest }) => digests.delete(eventDigest));
  return tellsNew ? (isNew ?? []) : undefined;
}
