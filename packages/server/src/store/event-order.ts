/** What an event's key is made of, after its organisation. */
export interface EventKey {
  /** ISO 8601 in UTC. */
  observedAt: string;
  /** UUID that stands for the members that make two events the same. */
  eventDigest: string;
}

/**
 * The rows in the order of their keys. Batches that all write in this order never wait for each other in a
 * circle, whatever they have in common.
 */
export function inKeyOrder<Row extends EventKey>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) =>
    a.observedAt === b.observedAt
      ? compare(a.eventDigest, b.eventDigest)
      : compare(a.observedAt, b.observedAt),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
