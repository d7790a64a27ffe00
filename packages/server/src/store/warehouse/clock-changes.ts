import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';

/** From an instant on, the clocks of a time zone are ahead of UTC by so many minutes. */
export interface ClockChange {
  timeZone: string;
  /** Milliseconds since the epoch. */
  sinceMs: number;
  offsetMinutes: number;
}

/**
 * The changes of the clocks of these time zones around the days of a window, by PostgreSQL's rules, in no order. Each
 * zone has one at the start of the window.
 */
export async function listClockChanges(
  tx: Tx,
  timeZones: readonly string[],
  { from, before }: DayWindow,
): Promise<ClockChange[]> {
  // An office's day begins up to 14 hours before the day in UTC, and ends up to 12 hours after it. No zone changes its
  // offset twice in a day. All changes are at multiples of a quarter of an hour.
  const { rows } = await tx.query<{ timeZone: string; sinceMs: string; offsetMinutes: number }>(
    `WITH days AS MATERIALIZED (
       SELECT z.zone, t.at, ${offsetAt('t.at')} AS seconds
       FROM unnest($1::text[]) AS z (zone)
       CROSS JOIN generate_series($2::date::timestamp AT TIME ZONE 'UTC' - interval '2 days',
                                  $3::date::timestamp AT TIME ZONE 'UTC' + interval '2 days', interval '24 hours') AS t (at)
     ), steps AS (
       SELECT zone, at, seconds, lag(seconds) OVER (PARTITION BY zone ORDER BY at) AS earlier FROM days
     ), quarters AS (
       SELECT z.zone, t.at, ${offsetAt('t.at')} AS seconds, z.earlier, z.at AS step
       FROM steps z
       CROSS JOIN LATERAL generate_series(z.at - interval '24 hours', z.at, interval '15 minutes') AS t (at)
       WHERE z.earlier <> z.seconds
     )
     SELECT zone AS "timeZone", extract(epoch FROM at)::bigint * 1000 AS "sinceMs",
            (seconds / 60)::integer AS "offsetMinutes"
     FROM (SELECT zone, at, seconds FROM steps WHERE earlier IS NULL
           UNION ALL
           SELECT zone, min(at), seconds FROM quarters WHERE seconds <> earlier GROUP BY zone, step, seconds) AS c`,
    [[...timeZones], from, before],
  );
  return rows.map(({ sinceMs, ...change }) => ({ ...change, sinceMs: Number(sinceMs) }));
}

/** SQL of the seconds by which the clocks of zone `z.zone` are ahead of UTC at an instant. */
function offsetAt(instant: string): string {
  return `extract(epoch FROM (${instant} AT TIME ZONE z.zone) - (${instant} AT TIME ZONE 'UTC'))`;
}
