interface LateInsert {
  /** SQL of the events, with their position and their local day. */
  events: string;
  /** The column of the user. */
  user: string;
  hasVisitors?: boolean;
  /** SQL of the table up to the values, from events `e` and what is stored in their place, `n` (`stored_without_name`). */
  insert: string;
}

/**
 * SQL that inserts events of days whose names may have ended, and answers the digests of the new ones. The database decides by
 * the day that the names have ended, in the same transaction: the job moves the rows of before when this one has ended.
 */
export function lateInsert({ events, user, hasVisitors = false, insert }: LateInsert): string {
  const all = (column: string) => `(SELECT array_agg(a.${column} ORDER BY a.position) FROM events a)`;
  return `WITH events AS MATERIALIZED (${events}),
  nameless AS MATERIALIZED (
    SELECT * FROM stored_without_name(${[user, 'day', 'event_digest'].map(all).join(', ')}, ${hasVisitors})
  ), stored AS (
    INSERT INTO ${insert}
    FROM events e LEFT JOIN nameless n USING (position)
    ORDER BY 2, 3
    ON CONFLICT DO NOTHING
    RETURNING observed_at, event_digest
  )
  SELECT string_agg(e.event_digest::text, ',') FROM events e LEFT JOIN nameless n USING (position)
  WHERE (e.observed_at, coalesce(n.event_digest, e.event_digest)) IN (SELECT observed_at, event_digest FROM stored)`;
}
