import { instantArray, int2Array, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { TimePosition } from '../values/page.ts';
import { filterValues, MATCHES, RETRIABLE, type RefusedEventFilter } from './refused-event-lists.ts';

/** A refused event that the server tries again. No other request tries it at the same time. */
export interface ClaimedEvent {
  refusalId: string;
  refusedAt: Date;
  sender: 'key' | 'account';
  /** The folded id of the key that sent it, or the folded e-mail address of the account. */
  apiKey: string;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  cause: string;
  reason: string;
  /** The whole event as JSON text. */
  event: string;
}

type EventKey = Pick<ClaimedEvent, 'refusedAt' | 'refusalId'>;

/** Selects refused events in the order in which the server tries them: the oldest first. */
export interface RetryRange {
  filter: RefusedEventFilter;
  after: TimePosition | undefined;
  until: Date;
}

const IN_RANGE = `${MATCHES} AND ${RETRIABLE}
  AND ($9::timestamptz IS NULL OR (refused_at, refusal_id) > ($9, $10::uuid)) AND refused_at <= $11`;

function rangeValues(tenantId: string, { filter, after, until }: RetryRange): unknown[] {
  return [...filterValues(tenantId, filter), after?.at ?? null, after?.id ?? null, until];
}

/**
 * Claims the oldest `limit` events of a range. Passes over events that another request has claimed. A claim ends with
 * `settleRefusedEvents`, or at `claimedUntil`.
 */
export async function claimRefusedEvents(
  tx: Tx,
  tenantId: string,
  range: RetryRange,
  { limit, now, claimedUntil }: { limit: number; now: Date; claimedUntil: Date },
): Promise<ClaimedEvent[]> {
  const { rows } = await tx.query<ClaimedEvent>(
    `WITH picked AS (
       SELECT refused_at, refusal_id FROM refused_events
       WHERE ${IN_RANGE} AND (claimed_until IS NULL OR claimed_until < $12)
       ORDER BY refused_at, refusal_id LIMIT $13
       FOR UPDATE SKIP LOCKED)
     UPDATE refused_events r SET claimed_until = $14 FROM picked p
     WHERE r.tenant_id = $1 AND r.refused_at = p.refused_at AND r.refusal_id = p.refusal_id
     RETURNING r.refusal_id AS "refusalId", r.refused_at AS "refusedAt", r.sender, r.api_key_folded AS "apiKey",
               r.endpoint, r.source_id AS "sourceId", r.event_id AS "eventId", r.cause, r.reason, r.event`,
    [...rangeValues(tenantId, range), now, limit, claimedUntil],
  );
  const key = ({ refusedAt, refusalId }: ClaimedEvent) => `${refusedAt.toISOString()} ${refusalId}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** How many events of a range are left to try. */
export async function countRetriable(tx: Tx, tenantId: string, range: RetryRange): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `SELECT count(*) AS count FROM refused_events WHERE ${IN_RANGE}`,
    rangeValues(tenantId, range),
  );
  return rows[0]?.count ?? 0;
}

/** What became of a claimed event. Without `refusal` it is stored. */
export interface TriedEvent {
  refusedAt: Date;
  refusalId: string;
  refusal: { resultCode: number; cause: string; reason: string; event: string } | undefined;
}

/** Notes the outcome of tries, and ends their claims. An event that another try has mended stays mended. */
export async function settleRefusedEvents(
  tx: Tx,
  tenantId: string,
  tried: readonly TriedEvent[],
  { at, by }: { at: Date; by: string },
): Promise<void> {
  await tx.query(
    `UPDATE refused_events r
     SET claimed_until = NULL, tried_at = $8, tried_by = $9, mended = t.cause IS NULL,
         result_code = coalesce(t.result_code, r.result_code), cause = coalesce(t.cause, r.cause),
         reason = coalesce(t.reason, r.reason), event = coalesce(t.event, r.event)
     FROM unnest($2::timestamptz[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[])
       AS t (refused_at, refusal_id, result_code, cause, reason, event)
     WHERE r.tenant_id = $1 AND r.refused_at = t.refused_at AND r.refusal_id = t.refusal_id AND NOT r.mended`,
    [
      tenantId,
      ...keyArrays(tried),
      int2Array(tried.map(({ refusal }) => refusal?.resultCode ?? null)),
      textArray(tried.map(({ refusal }) => refusal?.cause ?? null)),
      textArray(tried.map(({ refusal }) => refusal?.reason ?? null)),
      textArray(tried.map(({ refusal }) => refusal?.event ?? null)),
      at,
      by,
    ],
  );
}

/** Ends the claims of events that were not tried. */
export async function releaseRefusedEvents(
  tx: Tx,
  tenantId: string,
  events: readonly EventKey[],
): Promise<void> {
  await tx.query(
    `UPDATE refused_events r SET claimed_until = NULL
     FROM unnest($2::timestamptz[], $3::uuid[]) AS t (refused_at, refusal_id)
     WHERE r.tenant_id = $1 AND r.refused_at = t.refused_at AND r.refusal_id = t.refusal_id`,
    [tenantId, ...keyArrays(events)],
  );
}

function keyArrays(events: readonly EventKey[]): [Buffer, Buffer] {
  return [
    instantArray(events.map(({ refusedAt }) => refusedAt.getTime() * 1_000)),
    uuidArray(events.map(({ refusalId }) => refusalId)),
  ];
}
