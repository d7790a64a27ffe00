import type { Caller } from '../auth/guard.ts';
import type { Tx } from '../store/connections/db.ts';
import { listRefusedEvents, type RefusedEventFilter } from '../store/events/refused-event-lists.ts';
import {
  type ClaimedEvent,
  claimRefusedEvents,
  countRetriable,
  type RetryRange,
  releaseRefusedEvents,
  settleRefusedEvents,
  type TriedEvent,
} from '../store/events/refused-event-retries.ts';
import type { RetryObstacle } from '../store/events/refused-events.ts';
import type { TimePosition } from '../store/values/page.ts';
import type { IngestDeps } from './batch.ts';
import type { RefusalCause } from './refusal-causes.ts';
import { type Endpoint, RETRIED_KINDS, type RetriedKind } from './retried-kinds.ts';

/** One step tries at most this many events. */
export const MOST_RETRIED = 100;
/** A step takes a few seconds at most. If its process ends, other steps may try its events after this time. */
const CLAIM_MS = 120_000;

export interface RetryDeps extends IngestDeps {
  /** The sender of a refused event as a caller, if it may still send such events; otherwise the reason why not. */
  callerOfSender(
    tx: Tx,
    tenantId: string,
    query: {
      sender: { kind: 'key' | 'account'; nameFolded: string };
      sentTo: { method: string; url: string } & Required<Pick<RetriedKind, 'roles' | 'ofOffices'>>;
      nowMs: number;
    },
  ): Promise<Caller | { reason: string }>;
}

/** A step of a retry. */
export interface RetryRequest {
  tenantId: string;
  /** The key or the account that asks for it. */
  by: string;
  filter: RefusedEventFilter;
  /** The position and the end of the retry, from the previous step. Undefined for the first step. */
  cursor: RetryCursor | undefined;
  limit: number;
}

/** Where a retry continues. It ends with what was refused when it began, so it ends even if more is refused meanwhile. */
export interface RetryCursor {
  after: TimePosition;
  until: Date;
}

/** What became of one refused event. */
export interface RetryResult {
  refusalId: string;
  eventId: string | null;
  /** `skipped` says that the server did not try the event, and left it unchanged. */
  result: 'mended' | 'refused' | 'skipped';
  cause: RefusalCause | null;
  /** Null for a mended event. */
  reason: string | null;
}

export interface RetryStep {
  results: RetryResult[];
  /** Events that the following steps try. */
  remaining: number;
  /** Undefined after the last step. */
  next: RetryCursor | undefined;
}

/**
 * Tries refused events again, the oldest first, by the code that takes new events and on behalf of the key that sent
 * them. Stored events become mended; others keep their row with the new cause. Throws `StoreUnavailableError`: some of
 * the step may be done, and the caller may repeat it.
 */
export async function retryRefusedEvents(request: RetryRequest, deps: RetryDeps): Promise<RetryStep> {
  const { tenantId, filter, cursor, limit } = request;
  const nowMs = deps.clock();
  const range: RetryRange = { filter, after: cursor?.after, until: cursor?.until ?? new Date(nowMs) };
  const times = { now: new Date(nowMs), claimedUntil: new Date(nowMs + CLAIM_MS) };
  const claimed = await deps.database.inTenant(tenantId, (tx) =>
    claimRefusedEvents(tx, tenantId, range, { limit, ...times }),
  );
  const results: RetryResult[] = [];
  const waiting = new Set(claimed);
  try {
    for (const batch of batchesOf(claimed)) {
      results.push(...(await tryBatch(batch, request, deps)));
      for (const each of batch) waiting.delete(each);
    }
  } finally {
    // Where the database does not answer, the claims end by themselves.
    if (waiting.size > 0) await release(deps, tenantId, [...waiting]).catch(() => undefined);
  }
  return { results, ...(await restOf(range, claimed, tenantId, deps)) };
}

async function restOf(
  range: RetryRange,
  claimed: readonly ClaimedEvent[],
  tenantId: string,
  { database }: RetryDeps,
): Promise<Pick<RetryStep, 'remaining' | 'next'>> {
  const last = claimed.at(-1);
  if (!last) return { remaining: 0, next: undefined };
  const after = { at: last.refusedAt, id: last.refusalId };
  const remaining = await database.inTenant(tenantId, (tx) =>
    countRetriable(tx, tenantId, { ...range, after }),
  );
  return { remaining, next: remaining > 0 ? { after, until: range.until } : undefined };
}

/** Runs of events with one endpoint, source and sender. The order stays, because time off and cards depend on it. */
function batchesOf(claimed: readonly ClaimedEvent[]): ClaimedEvent[][] {
  const batches: ClaimedEvent[][] = [];
  for (const event of claimed) {
    const batch = batches.at(-1);
    if (batch?.[0] && haveSameOrigin(batch[0], event)) batch.push(event);
    else batches.push([event]);
  }
  return batches;
}

function haveSameOrigin(a: ClaimedEvent, b: ClaimedEvent): boolean {
  return (
    a.endpoint === b.endpoint && a.sourceId === b.sourceId && a.apiKey === b.apiKey && a.sender === b.sender
  );
}

async function tryBatch(
  batch: ClaimedEvent[],
  { tenantId, by }: RetryRequest,
  deps: RetryDeps,
): Promise<RetryResult[]> {
  const [{ endpoint, sourceId, sender, apiKey }] = batch as [ClaimedEvent];
  const kind = RETRIED_KINDS[endpoint as Endpoint];
  const nowMs = deps.clock();
  const caller = await deps.database.inTenant(tenantId, (tx) =>
    deps.callerOfSender(tx, tenantId, {
      sender: { kind: sender, nameFolded: apiKey },
      sentTo: { method: 'POST', url: `/v1/${endpoint}`, roles: kind.roles, ofOffices: kind.ofOffices },
      nowMs,
    }),
  );
  if ('reason' in caller) {
    await release(deps, tenantId, batch);
    return batch.map((each) => resultOf(each, 'skipped', { cause: each.cause, reason: caller.reason }));
  }
  const tried = await kind.store({ caller, sourceId: sourceId ?? '', claimed: batch }, deps);
  await deps.database.inTenant(tenantId, (tx) =>
    settleRefusedEvents(tx, tenantId, tried, { at: new Date(nowMs), by }),
  );
  return batch.map((each, index) => outcomeOf(each, tried[index]));
}

function outcomeOf(event: ClaimedEvent, tried: TriedEvent | undefined): RetryResult {
  return tried?.refusal
    ? resultOf(event, 'refused', tried.refusal)
    : resultOf(event, 'mended', { cause: event.cause, reason: null });
}

function resultOf(
  { refusalId, eventId }: { refusalId: string; eventId: string | null },
  result: RetryResult['result'],
  { cause, reason }: { cause: string | null; reason: string | null },
): RetryResult {
  return { refusalId, eventId, result, cause: cause as RefusalCause | null, reason };
}

function release({ database }: RetryDeps, tenantId: string, events: ClaimedEvent[]): Promise<void> {
  return database.inTenant(tenantId, (tx) => releaseRefusedEvents(tx, tenantId, events));
}

const OBSTACLES: Record<RetryObstacle, string> = {
  tooLong:
    'the event has more than 16 KiB, so the server did not keep it whole; its source must send it again',
  malformedRequest: 'the whole request was malformed; its sender must correct it and send it again',
  invalidSourceId: 'the database cannot hold its sourceId as it was sent; its source must send it again',
  earlierRelease: 'an earlier release kept it without its cause; its source must send it again',
};

/**
 * Why the server did not try one event: a result for it, or undefined if there is no such event.
 */
export async function whyNotTried(
  tenantId: string,
  refusalId: string,
  { database }: Pick<RetryDeps, 'database'>,
): Promise<RetryResult | undefined> {
  const [event] = await database.inTenant(tenantId, (tx) =>
    listRefusedEvents(tx, tenantId, { refusalId }, { limit: 1, after: undefined }),
  );
  if (!event) return undefined;
  return resultOf(event, 'skipped', { cause: event.cause, reason: reasonOf(event) });
}

function reasonOf({ mended, obstacle }: { mended: boolean; obstacle: RetryObstacle | null }): string {
  if (mended) return 'the event is mended already';
  return obstacle === null ? 'another request tries the event now' : OBSTACLES[obstacle];
}
