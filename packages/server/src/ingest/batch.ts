import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../auth/guard.ts';
import type { Database, Tx } from '../store/db.ts';
import { StoreUnavailableError } from '../store/unavailable.ts';
import type { Refusals, RefusedEvent } from './refusals.ts';
import { type Mentioned, type Resolved, resolve } from './resolve.ts';
import {
  type EventResult,
  isRefusal,
  RESULT,
  type Refusal,
  refuse,
  type SubmissionReply,
} from './results.ts';

/** What differs between the kinds of events: how one is checked, looked up, classified and written. */
export interface EventKind<Event extends { eventId: string }, Row> {
  /** The endpoint's name, for the refused events. */
  endpoint: string;
  /** What is wrong with the event by itself; its message names the member. */
  fault(input: { event: Event; sourceId: string; nowMs: number }): string | undefined;
  /** The identifiers to look up for an event without a fault. */
  mentions(event: Event): Partial<Mentioned>;
  /** Pure: the row to store, or why there is none. */
  classify(event: Event, context: { sourceId: string; resolved: Resolved }): Row | Refusal;
  /** Stores the rows, in one statement. */
  write(tx: Tx, tenantId: string, batch: { sourceId: string; receivedAt: Date; rows: Row[] }): Promise<void>;
  /** What stored rows bring about, after they were committed and before they are answered; can be repeated. */
  follow?(database: Database, batch: { caller: Caller; receivedAt: Date; rows: Row[] }): Promise<void>;
}

interface Deps {
  database: Database;
  refusals: Refusals;
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'error'>;
}

/**
 * Stores a batch of events in one transaction, the refused ones beside the good ones, and answers for each in
 * the order of the request. Throws `StoreUnavailableError`: then nothing was stored, or all of it was, and the
 * caller may send it again; so it may where what follows from the events could not be done.
 */
export async function submitBatch<Event extends { eventId: string }, Row extends object>(
  kind: EventKind<Event, Row>,
  { caller, sourceId, events }: { caller: Caller; sourceId: string; events: Event[] },
  { database, refusals, clock, log }: Deps,
): Promise<SubmissionReply> {
  const nowMs = clock();
  const receivedAt = new Date(nowMs);
  const faults = events.map((event) => kind.fault({ event, sourceId, nowMs }));
  const sound = events.filter((_, index) => faults[index] === undefined);

  const outcomes = await (events.length === 0
    ? []
    : database.inTenant(caller.tenantId, async (tx) => {
        const resolved = await resolve(tx, caller.tenantId, mentionedBy(sound, kind));
        const outcomes = events.map((event, index) => {
          const fault = faults[index];
          return fault === undefined
            ? kind.classify(event, { sourceId, resolved })
            : refuse(RESULT.notAcceptable, fault);
        });
        const rows = outcomes.filter(isRow);
        if (rows.length > 0) await kind.write(tx, caller.tenantId, { sourceId, receivedAt, rows });
        await refusals.record(tx, caller, kind.endpoint, refusedOf(events, outcomes, sourceId));
        return outcomes;
      }));
  await follow(kind, database, { caller, receivedAt, rows: outcomes.filter(isRow) }, log);

  return {
    sourceId,
    timestamp: receivedAt.toISOString(),
    results: events.map((event, index) => toResult(event.eventId, outcomes[index])),
  };
}

/** The events are stored: a fault of ours in what follows must not keep their source from going on. */
async function follow<Event extends { eventId: string }, Row extends object>(
  kind: EventKind<Event, Row>,
  database: Database,
  batch: { caller: Caller; receivedAt: Date; rows: Row[] },
  log: Deps['log'],
): Promise<void> {
  try {
    await kind.follow?.(database, batch);
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    log.error({ err: error }, `what follows from ${kind.endpoint} events could not be done`);
  }
}

function isRow<Row extends object>(outcome: Row | Refusal): outcome is Row {
  return !isRefusal(outcome);
}

function mentionedBy<Event extends { eventId: string }>(
  events: Event[],
  kind: Pick<EventKind<Event, never>, 'mentions'>,
): Mentioned {
  const mentions = events.map((event) => kind.mentions(event));
  const all = (member: keyof Mentioned) => mentions.flatMap((each) => each[member] ?? []);
  return {
    userIds: all('userIds'),
    names: all('names'),
    namesInAnyCase: all('namesInAnyCase'),
    cards: all('cards'),
    nodeIds: all('nodeIds'),
  };
}

function refusedOf(events: { eventId: string }[], outcomes: object[], sourceId: string): RefusedEvent[] {
  return events.flatMap((event, index) => {
    const outcome = outcomes[index];
    if (!isRefusal(outcome)) return [];
    return [
      { sourceId, eventId: event.eventId, resultCode: outcome.resultCode, reason: outcome.message, event },
    ];
  });
}

function toResult(eventId: string, outcome: object | undefined): EventResult {
  return isRefusal(outcome)
    ? { eventId, resultCode: outcome.resultCode, message: outcome.message }
    : { eventId, resultCode: RESULT.stored, message: 'Success' };
}
