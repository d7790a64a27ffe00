import type { FastifyBaseLogger } from 'fastify';
import { type Caller, officeIdsOf } from '../auth/guard.ts';
import { type InstantUs, parseInstant } from '../http/instants.ts';
import type { Database } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import type { Identifiers, Resolved } from '../store/directory/directory-look-up.ts';
import type { EventRow } from '../store/events/event-order.ts';
import type { DeskPresence } from './desk-presence.ts';
import type { DirectoryCache } from './directory-cache.ts';
import type { EventWriter, RowKind } from './event-writer.ts';
import type { PastRetention } from './past-retention.ts';
import { type Fault, isRefusal, type Refusal, refuse } from './refusal-causes.ts';
import { type RefusalKeeper, refusedOf } from './refused-event-log.ts';
import { type StoredEventResult, type SubmissionReply, toResult } from './results.ts';
import type { ActivityCounter } from './source-activity.ts';

/** The members of every event. */
export interface SubmittedEvent {
  eventId: string;
  timestamp: string;
}

/** The differences between the kinds of events: how the server checks, looks up, classifies and stores an event. */
export interface EventKind<Event extends SubmittedEvent, Row> extends RowKind<Row> {
  /** The kind of data whose retention decides how long the rows are kept. */
  retention: 'attendance' | 'occupancy' | 'visitors';
  /** Returns the fault of the event by itself. */
  fault(input: FaultInput<Event>): Fault | undefined;
  /** Returns the identifiers to look up for an event without a fault. */
  identifiers(event: Event): Partial<Identifiers>;
  /** Returns the row to store, or the reason to refuse the event. Does no I/O. */
  classify(event: Event, context: EventContext): Row | Refusal;
  /** The work that follows from stored rows. It runs after the commit and before the answer, and can be repeated. */
  afterCommit?(batch: { caller: Caller; rows: Row[] }, deps: Pick<IngestDeps, 'desks'>): Promise<void>;
}

/** An event, with the values on which its faults depend. */
export interface FaultInput<Event> {
  event: Event;
  sourceId: string;
  nowMs: number;
  /** The instant of `timestamp`; undefined if that is no instant. */
  observedAtUs: InstantUs | undefined;
}

/** Values of a row besides the event's own members. */
export interface EventContext {
  sourceId: string;
  /** The instant of the event's `timestamp`. */
  observedAtUs: InstantUs;
  receivedAtMs: number;
  resolved: Resolved;
  /** The offices whose events the caller may submit. Undefined: all. */
  officeIds: ReadonlySet<string> | undefined;
}

/** The services that store events. */
export interface IngestDeps {
  database: Database;
  directory: DirectoryCache;
  writer: EventWriter;
  pastRetention: PastRetention;
  refusals: RefusalKeeper;
  desks: DeskPresence;
  activity: ActivityCounter;
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'error'>;
}

/**
 * This many attempts store events only if the directory still has the version by which the server classified them.
 * The next attempt stores them at any version.
 */
const CACHED_ATTEMPTS = 4;

/**
 * Stores a batch of events in one transaction, together with the refused ones. Returns a result for each, in the
 * order of the request. Throws `StoreUnavailableError`: then nothing was stored, or all of it was, and the caller may
 * send it again. It may also throw this if the work after the commit could not reach the database.
 */
export async function submitBatch<Event extends SubmittedEvent, Row extends EventRow>(
  kind: EventKind<Event, Row>,
  batch: Batch<Event>,
  deps: IngestDeps,
): Promise<SubmissionReply> {
  const receivedAt = new Date(deps.clock());
  const { outcomes, isNew } = await ingest(kind, batch, receivedAt.getTime(), deps);
  return {
    sourceId: batch.sourceId,
    timestamp: receivedAt.toISOString(),
    results: resultsOf(batch.events, outcomes, isNew),
  };
}

/** As `submitBatch`. Returns the refusal of each event, in order; undefined for a stored event. */
export async function storeBatch<Event extends SubmittedEvent, Row extends EventRow>(
  kind: EventKind<Event, Row>,
  batch: Batch<Event>,
  deps: IngestDeps,
): Promise<(Refusal | undefined)[]> {
  const { outcomes } = await ingest(kind, batch, deps.clock(), deps);
  return outcomes.map((outcome) => (isRefusal(outcome) ? outcome : undefined));
}

/** Stores the events, and does the work that follows. */
async function ingest<Event extends SubmittedEvent, Row extends EventRow>(
  kind: EventKind<Event, Row>,
  batch: Batch<Event>,
  receivedAtMs: number,
  deps: IngestDeps,
): Promise<{ outcomes: (Row | Refusal)[]; isNew: readonly boolean[] | undefined }> {
  if (batch.events.length === 0) return { outcomes: [], isNew: undefined };
  const stored = await storeEvents(kind, batch, receivedAtMs, deps);
  await runAfterCommit(kind, { caller: batch.caller, rows: stored.outcomes.filter(isRow) }, deps);
  return stored;
}

interface Batch<Event> {
  caller: Caller;
  sourceId: string;
  events: Event[];
  /** Whether the results of stored events distinguish new events from those that were stored before. */
  tellsNew?: boolean;
}

/** Classifies the events by the cached directory, and again where the cache turns out to be stale. */
async function storeEvents<Event extends SubmittedEvent, Row extends EventRow>(
  kind: EventKind<Event, Row>,
  { caller, sourceId, events, tellsNew = false }: Batch<Event>,
  receivedAtMs: number,
  { directory, writer, pastRetention, refusals, activity }: IngestDeps,
): Promise<{ outcomes: (Row | Refusal)[]; isNew: readonly boolean[] | undefined }> {
  const { tenantId } = caller;
  const officeIds = officeIdsOf(caller);
  const instants = events.map(({ timestamp }) => parseInstant(timestamp));
  const retentionFault = await pastRetention.faultOf(tenantId, kind.retention, {
    instants,
    nowMs: receivedAtMs,
  });
  const faults = events.map(
    (event, index) =>
      kind.fault({ event, sourceId, nowMs: receivedAtMs, observedAtUs: instants[index] }) ??
      retentionFault(instants[index]),
  );
  const identifiers = identifiersOf(
    events.filter((_, index) => faults[index] === undefined),
    kind,
  );
  for (let attempt = 1; ; attempt++) {
    const { resolved, version } = await directory.lookUp(tenantId, identifiers);
    const outcomes = events.map((event, index) => {
      const fault = faults[index];
      if (fault !== undefined) return refuse(fault.cause, fault.message);
      // An event without a fault has an instant.
      const observedAtUs = instants[index] as InstantUs;
      return kind.classify(event, { sourceId, observedAtUs, receivedAtMs, resolved, officeIds });
    });
    const kept = refusals.rowsOf(caller, kind.endpoint, refusedOf(events, outcomes, sourceId));
    const rows = outcomes.filter(isRow);
    const result = await writer.write({
      tenantId,
      expectedVersion: attempt > CACHED_ATTEMPTS ? undefined : version,
      kind,
      rows,
      refusals: kept,
      tellsNew,
    });
    if (result.stale) {
      directory.invalidate(tenantId, version);
      continue;
    }
    const causes = outcomes.filter(isRefusal).map(({ cause }) => cause);
    const counts = { accepted: rows.length, refused: causes.length, causes };
    activity.note(tenantId, { endpoint: kind.endpoint, sourceId, ...counts, atMs: receivedAtMs });
    if (kept.length > 0) await refusals.noteKept(tenantId, kept);
    return { outcomes, isNew: result.isNew };
  }
}

/** The events are stored. A bug in the work after that must not block their source, so this function logs it. */
async function runAfterCommit<Event extends SubmittedEvent, Row extends object>(
  kind: EventKind<Event, Row>,
  batch: { caller: Caller; rows: Row[] },
  { desks, log }: IngestDeps,
): Promise<void> {
  try {
    await kind.afterCommit?.(batch, { desks });
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    log.error({ err: error }, `work after the commit of ${kind.endpoint} events failed`);
  }
}

function isRow<Row extends object>(outcome: Row | Refusal): outcome is Row {
  return !isRefusal(outcome);
}

function identifiersOf<Event extends SubmittedEvent>(
  events: Event[],
  kind: Pick<EventKind<Event, never>, 'identifiers'>,
): Identifiers {
  const all: Identifiers = { userIds: [], names: [], namesInAnyCase: [], cards: [], nodeIds: [] };
  for (const event of events) {
    const { userIds, names, namesInAnyCase, cards, nodeIds } = kind.identifiers(event);
    if (userIds) all.userIds.push(...userIds);
    if (names) all.names.push(...names);
    if (namesInAnyCase) all.namesInAnyCase.push(...namesInAnyCase);
    if (cards) all.cards.push(...cards);
    if (nodeIds) all.nodeIds.push(...nodeIds);
  }
  return all;
}

/** `isNew` has one value for each stored event, in their order. */
function resultsOf(
  events: readonly { eventId: string }[],
  outcomes: readonly object[],
  isNew: readonly boolean[] | undefined,
): StoredEventResult[] {
  let stored = 0;
  return events.map(({ eventId }, index) => {
    const outcome = outcomes[index];
    const result = toResult(eventId, outcome);
    return isNew && !isRefusal(outcome) ? { ...result, isNew: isNew[stored++] ?? false } : result;
  });
}
