import type { Monitor } from '../http/monitoring/monitor.ts';
import type { Database } from '../store/connections/db.ts';
import { MergingQueue } from '../store/connections/merging-queue.ts';
import type { PipelineResults, PreparedStatement } from '../store/connections/pipeline.ts';
import { enterTenantIfVersion, readDirectoryVersion } from '../store/directory/directory-versions.ts';
import { type EventRow, readNewDigests, returningNewDigests } from '../store/events/event-order.ts';
import { type RefusedEventRow, refusedEventsInsert } from '../store/events/refused-events.ts';
import type { EventTable } from '../store/events/stored-events.ts';
import { addTo, groupBy } from '../store/values/group-by.ts';
import { COUNTS_NO_QUOTA, type StoredCounter } from './event-quotas.ts';

/** How the server stores rows of a kind: one statement for any number of rows. */
export interface RowKind<Row> {
  /** The endpoint's name, for example `presence`. */
  endpoint: string;
  table: EventTable;
  insert(tenantId: string, rows: readonly Row[]): PreparedStatement;
  /** How it stores rows whose names may have ended. Undefined: they name nobody. */
  late?: {
    /** Names do not end before this time after the event, in milliseconds. */
    afterMs: number;
    /** As `insert`. The statement also answers the digests of the new rows. */
    insert(tenantId: string, rows: readonly Row[]): PreparedStatement;
  };
}

/** The rows and refusals of one request. */
export interface EventBatch {
  tenantId: string;
  /** The directory version by which the server classified the events; undefined if any version is acceptable. */
  expectedVersion: string | undefined;
  kind?: RowKind<EventRow>;
  rows: readonly EventRow[];
  refusals: readonly RefusedEventRow[];
  /** Whether the result distinguishes new rows from those that were stored before. It costs a little. */
  tellsNew?: boolean;
}

/** The result for one request's rows. */
export type WriteResult =
  /** The directory has another version than the expected one. The writer stored nothing of this request. */
  | { stale: true }
  /**
   * The rows and refusals are stored. `isNew` says for each row, in their order, whether this request stored it. It
   * is undefined unless the batch asked for it.
   */
  | { stale: false; isNew: readonly boolean[] | undefined };

/** Transactions at the same time: while one commits, the next is on its way. */
const EVENT_WRITERS = 2;
/** One transaction takes up to this many waiting requests or, with the last one, a bit more than this many rows. */
const MERGED = { jobs: 64, weight: 800 };

/**
 * Stores the rows of submissions. Submissions that wait at the same time share one transaction, with one round trip
 * and one commit, also those of different organisations. Each organisation's rows have statements of their own, under
 * row-level security. Organisations share only the commit.
 */
export class EventWriter {
  readonly #queue: MergingQueue<EventBatch, WriteResult>;

  /** `counter` hears how many events of each organisation are new. */
  constructor(
    database: Database,
    counter: StoredCounter = COUNTS_NO_QUOTA,
    monitor?: Pick<Monitor, 'noteMerge'>,
  ) {
    this.#queue = new MergingQueue({
      run: (batches) => storeBatches(database, counter, batches),
      weigh: ({ rows }) => rows.length,
      ownerOf: ({ tenantId }) => tenantId,
      most: MERGED,
      concurrency: EVENT_WRITERS,
      onRun: monitor && ((waitsMs) => monitor.noteMerge('events', waitsMs)),
    });
  }

  /**
   * Stores rows and refusals in one transaction. Resolves when it is committed. Throws `StoreUnavailableError`: then
   * nothing was stored, or all of it was.
   */
  write(batch: EventBatch): Promise<WriteResult> {
    return this.#queue.add(batch);
  }
}

/**
 * Stores batches in the order of their organisations; each statement writes rows in the order of their keys. With one
 * order for all, transactions do not deadlock.
 */
async function storeBatches(
  database: Database,
  counter: StoredCounter,
  batches: readonly EventBatch[],
): Promise<WriteResult[]> {
  const groups = groupBy(batches, keyOf);
  const statements: PreparedStatement[] = [];
  const positions = [...groups.keys()].sort().map((key) => addStatements(groups.get(key) ?? [], statements));
  const results = await database.runEventPipeline(statements);
  for (const each of positions) counter.noteStored(each.tenantId, countNew(each, results));
  const written = new Map(positions.flatMap((each) => readResults(each, results)));
  return batches.map((batch) => written.get(batch) as WriteResult);
}

/** The result of each batch of one organisation. */
function readResults(
  { batches, versionAt, newAt }: ResultPositions,
  results: PipelineResults,
): [EventBatch, WriteResult][] {
  const version = readDirectoryVersion(results[versionAt]);
  const digests = new Map(
    [...newAt].map(([endpoint, at]) => [
      endpoint,
      new Set(at.flatMap((each) => [...readNewDigests(results[each])])),
    ]),
  );
  return batches.map((batch) => {
    const stale = batch.expectedVersion !== undefined && batch.expectedVersion !== version;
    return [batch, stale ? { stale } : { stale, isNew: newRowsOf(batch, digests) }];
  });
}

/** How many of the events the database did not have yet. */
function countNew({ insertsAt, newAt }: ResultPositions, results: PipelineResults): number {
  const telling = new Set([...newAt.values()].flat());
  const counts = insertsAt.map((at) =>
    telling.has(at) ? readNewDigests(results[at]).size : Number(results[at] ?? 0),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The positions of the results of the statements that store these batches, all of one organisation. */
interface ResultPositions {
  tenantId: string;
  batches: readonly EventBatch[];
  versionAt: number;
  /** The statements that store events. */
  insertsAt: number[];
  /** By endpoint: the statements that return the new rows. */
  newAt: Map<string, number[]>;
}

/** Batches of one organisation that were classified by one directory version go together. */
function keyOf({ tenantId, expectedVersion }: EventBatch): string {
  return `${tenantId} ${expectedVersion ?? 'any'}`;
}

/** Adds the statements that store these batches, all of one organisation, to `statements`. */
function addStatements(batches: readonly EventBatch[], statements: PreparedStatement[]): ResultPositions {
  const newAt = new Map<string, number[]>();
  const insertsAt: number[] = [];
  const versionAt = statements.length;
  const [first] = batches;
  if (!first) return { tenantId: '', batches, versionAt, insertsAt, newAt };
  const { tenantId, expectedVersion } = first;
  statements.push(enterTenantIfVersion(tenantId, expectedVersion));
  const kinds = new Map(batches.flatMap(({ kind }) => (kind ? [[kind.endpoint, kind]] : [])));
  for (const endpoint of [...kinds.keys()].sort()) {
    const ofKind = batches.filter((each) => each.kind?.endpoint === endpoint && each.rows.length > 0);
    const kind = kinds.get(endpoint);
    if (!kind) continue;
    for (const { statement, answersNew } of insertsOf(kind, tenantId, ofKind)) {
      insertsAt.push(statements.length);
      if (answersNew) addTo(newAt, endpoint, statements.length);
      statements.push(statement);
    }
  }
  const refusals = batches.flatMap((each) => each.refusals);
  if (refusals.length > 0) statements.push(refusedEventsInsert(tenantId, refusals));
  return { tenantId, batches, versionAt, insertsAt, newAt };
}

/** The statements that insert the rows of these batches, which are of one kind and organisation. */
function* insertsOf(
  kind: RowKind<EventRow>,
  tenantId: string,
  batches: readonly EventBatch[],
): Generator<{ statement: PreparedStatement; answersNew: boolean }> {
  const { late } = kind;
  const isLate = (row: EventRow) =>
    late !== undefined && row.receivedAtMs - row.observedAtUs / 1_000 > late.afterMs;
  const rows = groupBy(
    batches.flatMap((each) => each.rows),
    isLate,
  );
  const [current, past] = [rows.get(false), rows.get(true)];
  if (current) {
    const insert = kind.insert(tenantId, current);
    const answersNew = batches.some((each) => each.tellsNew);
    yield { statement: answersNew ? returningNewDigests(insert) : insert, answersNew };
  }
  if (late && past) yield { statement: late.insert(tenantId, past), answersNew: true };
}

/**
 * Says for each row of a batch whether it was new. An event that comes several times in one transaction is new the
 * first time only. The row that takes its digest from `newDigests` is the one that stored it.
 */
function newRowsOf(
  { kind, rows, tellsNew }: EventBatch,
  newDigests: ReadonlyMap<string, Set<string>>,
): boolean[] | undefined {
  const digests = newDigests.get(kind?.endpoint ?? '');
  const isNew = digests && rows.map(({ eventDigest }) => digests.delete(eventDigest));
  return tellsNew ? (isNew ?? []) : undefined;
}
