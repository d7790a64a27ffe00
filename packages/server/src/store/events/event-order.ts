import type { PreparedStatement } from '../connections/pipeline.ts';

/** The key of an event within its organisation. */
export interface EventKey {
  /** Whole microseconds since 1970. */
  observedAtUs: number;
  /** A UUID that stands for the members of the event. Two events with equal members are the same event. */
  eventDigest: string;
}

/** The stored members that all kinds of events have. */
export interface EventRow extends EventKey {
  /** The office, whose time zone decides the event's day. */
  locationId: string;
  nodeId: string;
  eventId: string;
  sourceId: string;
  receivedAtMs: number;
}

/**
 * The rows, ordered by key. If all transactions write in this order, they never deadlock with one another,
 * even if they write the same events.
 */
export function inKeyOrder<Row extends EventKey>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.observedAtUs - b.observedAtUs || compare(a.eventDigest, b.eventDigest));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * SQL of the local day of an event `e` at its office. `locations` is the parameter with the array of the
 * events' offices.
 *
 * - The statement that writes the events reads the time zones. It does not use those that a server remembers:
 *   the
 * re-dating job waits for the transactions that have read a time zone.
 * - It reads them once for each office. An index scan for each event would take as long as all other work for
 *   it.
 * - It puts them into an object, because a join need not keep the rows in their order.
 * - `parent_id IS NULL` is true for every office. It makes each index that a plan without statistics can
 *   choose lead to
 * the offices only.
 */
export function dayOfEvent(locations: string): string {
  return `(e.observed_at AT TIME ZONE ((
    SELECT jsonb_object_agg(o.node_id, o.time_zone) FROM nodes o
    WHERE o.tenant_id = $1 AND o.parent_id IS NULL AND o.node_id = ANY (${locations}::uuid[])
  ) ->> e.location_id::text))::date`;
}

/**
 * The same insert of events, which also answers the digests of the inserted rows. A digest includes the
 * instant, so it stands for the whole key.
 */
export function returningNewDigests({ name, text, values }: PreparedStatement): PreparedStatement {
  return {
    name: `${name}, telling new`,
    text: `WITH stored AS (${text} RETURNING event_digest) SELECT string_agg(event_digest::text, ',') FROM stored`,
    values,
  };
}

/** The digests in the answer of a `returningNewDigests` statement. */
export function readNewDigests(answer: string | undefined): Set<string> {
  return new Set(answer ? answer.split(',') : []);
}
