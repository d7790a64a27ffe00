import type { PreparedStatement } from '../connections/pipeline.ts';

/** What an event's key is made of, after its organisation. */
export interface EventKey {
  /** Whole microseconds since 1970. */
  observedAtUs: number;
  /** UUID that stands for the members that make two events the same. */
  eventDigest: string;
}

/** An event as it is stored, whatever its kind. */
export interface EventRow extends EventKey {
  /** The office, whose time zone decides the event's day. */
  locationId: string;
  nodeId: string;
  eventId: string;
  sourceId: string;
  receivedAtMs: number;
}

/**
 * The rows in the order of their keys. Transactions that all write in this order never wait for each other in a
 * circle, whatever they have in common.
 */
export function inKeyOrder<Row extends EventKey>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.observedAtUs - b.observedAtUs || compare(a.eventDigest, b.eventDigest));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The local day of an event `e` at its office, which is one of the array `locations`, a parameter. Time zones are read where
 * events are written, not taken from what a server remembers: whoever re-dates events waits for the transactions that
 * have read one. They are read once for each office: an index scan for each event would take as long as all else that is
 * done for it; and put into an object, since a join need not keep the rows in their order. That an office has no parent says nothing
 * new, but makes any index that a plan made without statistics may take lead to the offices only.
 */
export function dayOfEvent(locations: string): string {
  return `(e.observed_at AT TIME ZONE ((
    SELECT jsonb_object_agg(o.node_id, o.time_zone) FROM nodes o
    WHERE o.tenant_id = $1 AND o.parent_id IS NULL AND o.node_id = ANY (${locations}::uuid[])
  ) ->> e.location_id::text))::date`;
}

/**
 * The same insert of events, which also answers the digests of the rows that it stored. A digest includes the instant, so it
 * stands for the whole key.
 */
export function returningNewDigests({ name, text, values }: PreparedStatement): PreparedStatement {
  return {
    name: `${name}, telling new`,
    text: `WITH stored AS (${text} RETURNING event_digest) SELECT string_agg(event_digest::text, ',') FROM stored`,
    values,
  };
}

/** The digests that a `returningNewDigests` statement answered. */
export function readNewDigests(answer: string | undefined): Set<string> {
  return new Set(answer ? answer.split(',') : []);
}
