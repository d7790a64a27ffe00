import type { Tx } from '../connections/db.ts';

export interface SourceKey {
  endpoint: string;
  /** Empty if requests of the endpoint name no source. */
  sourceId: string;
}

/** A source with its counts. */
export interface Source extends SourceKey {
  firstEventAt: Date;
  /** The last event, accepted or refused. */
  lastEventAt: Date;
  /** One count for each of the last hours, the oldest first. */
  acceptedByHour: number[];
  refusedByHour: number[];
  /** The first of the last days in the organisation's time zone, `YYYY-MM-DD`. */
  daysFrom: string;
  /** One count for each of these days, the oldest first. */
  acceptedByDay: number[];
  refusedByDay: number[];
  /**
   * Whole hours since the last event in which the source sent something in most of the weeks before. Counts the first
   * seven days of silence only, so the weeks before all come before the last event.
   */
  missedHours: number;
  /** The events of the last `days` days before the last event; 0 if `missedHours` is 0. */
  eventsBefore: number;
}

/** The times of a list of sources. */
export interface SourceWindow {
  now: Date;
  /** The first of `hours` hours of UTC. */
  hoursFrom: Date;
  hours: number;
  days: number;
  /** The habit of a source: in `usualIn` of the last `weeks` weeks it sent something in that hour of the week. */
  weeks: number;
  usualIn: number;
}

/** The rule by which a source is quiet. */
export interface SourceHabit {
  /** The source usually sends in an hour of the week if it did so in `usualIn` of the last `weeks` weeks. */
  weeks: number;
  usualIn: number;
  /** It is quiet after this many whole hours in which it usually sends. */
  missedHours: number;
  /** With fewer events in this many days before the last one, no habit is known. */
  leastEvents: number;
  days: number;
}

/** One hour of silence may be a late start. */
export const SOURCE_HABIT: SourceHabit = { weeks: 4, usualIn: 3, missedHours: 2, leastEvents: 50, days: 30 };

/**
 * The sources of an organisation, by endpoint and id, with `limit` and `after` as a page. Events of the last seconds
 * count only in `lastEventAt`, because servers add counts with a delay.
 */
export async function listSources(
  tx: Tx,
  tenantId: string,
  window: SourceWindow,
  { limit, after }: { limit: number; after: SourceKey | undefined },
): Promise<Source[]> {
  const { rows } = await tx.query<Source>(
    `WITH since AS MATERIALIZED (
       SELECT greatest($2::timestamptz - interval '1 hour',
                       least($2 - interval '1 minute', max(last_event_at) - interval '10 seconds')) AS at
       FROM sources WHERE tenant_id = $1),
     recent AS MATERIALIZED (${RECENT}),
     page AS (
       SELECT s.endpoint, s.source_id, s.first_event_at,
              greatest(s.last_event_at, r.last_event_at) AS last_event_at
       FROM sources s LEFT JOIN recent r ON r.endpoint = s.endpoint AND r.source_id = s.source_id
       WHERE s.tenant_id = $1 AND ($9::text IS NULL OR (s.endpoint, s.source_id) > ($9, $10))
       ORDER BY s.endpoint, s.source_id LIMIT $8),
     days AS (
       SELECT time_zone, ($2 AT TIME ZONE time_zone)::date - ($5::int - 1) AS first FROM current_organisation())
     SELECT p.endpoint, p.source_id AS "sourceId", p.first_event_at AS "firstEventAt", p.last_event_at AS "lastEventAt",
            h.accepted AS "acceptedByHour", h.refused AS "refusedByHour", z.first AS "daysFrom", d.accepted AS "acceptedByDay",
            d.refused AS "refusedByDay", m.missed AS "missedHours",
            CASE WHEN m.missed = 0 THEN 0 ELSE (
              SELECT coalesce(sum(accepted + refused), 0)::float8 FROM source_hours
              WHERE tenant_id = $1 AND endpoint = p.endpoint AND source_id = p.source_id
                AND hour >= p.last_event_at - $5::int * interval '1 day') END AS "eventsBefore"
     FROM page p CROSS JOIN days z
     CROSS JOIN LATERAL (
       SELECT array_agg(coalesce(c.accepted, 0)::float8 ORDER BY g.hour) AS accepted,
              array_agg(coalesce(c.refused, 0)::float8 ORDER BY g.hour) AS refused
       FROM generate_series($3::timestamptz, $3::timestamptz + ($4::int - 1) * interval '1 hour', interval '1 hour') AS g (hour)
       LEFT JOIN source_hours c ON c.tenant_id = $1 AND c.endpoint = p.endpoint AND c.source_id = p.source_id
         AND c.hour = g.hour) h
     CROSS JOIN LATERAL (
       SELECT array_agg(coalesce(c.accepted, 0)::float8 ORDER BY g.day) AS accepted,
              array_agg(coalesce(c.refused, 0)::float8 ORDER BY g.day) AS refused
       FROM (SELECT z.first + i AS day FROM generate_series(0, $5::int - 1) AS i) g
       LEFT JOIN (
         SELECT (hour AT TIME ZONE z.time_zone)::date AS day, sum(accepted) AS accepted, sum(refused) AS refused
         FROM source_hours
         WHERE tenant_id = $1 AND endpoint = p.endpoint AND source_id = p.source_id
           AND hour >= z.first::timestamp AT TIME ZONE z.time_zone
         GROUP BY 1) c ON c.day = g.day) d
     CROSS JOIN LATERAL (
       ${missedHoursSql({ now: '$2::timestamptz', weeks: '$6::int', usualIn: '$7::int' })}) m
     ORDER BY p.endpoint, p.source_id`,
    [
      tenantId,
      window.now,
      window.hoursFrom,
      window.hours,
      window.days,
      window.weeks,
      window.usualIn,
      limit,
      after?.endpoint ?? null,
      after?.sourceId ?? null,
    ],
  );
  return rows;
}

/**
 * The last event of each source, from the rows of events since shortly before the last counted one. So the last
 * accepted event is exact although servers add counts with a delay, and lose those of a few seconds if they are killed.
 * An event that was tried again came earlier. The window is at most an hour long, because its rows are read for each
 * list.
 */
const RECENT = `
  SELECT endpoint, source_id, max(received_at) AS last_event_at FROM (
    SELECT 'presence' AS endpoint, source_id, event_id, received_at FROM presence_events, since
    WHERE tenant_id = $1 AND received_at >= since.at
    UNION ALL
    SELECT 'occupancy', source_id, event_id, received_at FROM occupancy_events, since
    WHERE tenant_id = $1 AND received_at >= since.at
    UNION ALL
    SELECT 'visitor-arrival', source_id, event_id, received_at FROM visitor_arrivals, since
    WHERE tenant_id = $1 AND received_at >= since.at
  ) AS stored
  WHERE NOT EXISTS (
    SELECT FROM refused_events r, since
    WHERE r.tenant_id = $1 AND r.mended AND r.tried_at >= since.at AND r.endpoint = stored.endpoint
      AND r.source_id = stored.source_id AND r.event_id = stored.event_id)
  GROUP BY endpoint, source_id`;

/**
 * Counts the whole hours since the last event of a source `p` in which it usually sends, as `missed`, by the clock of the
 * organisation `z`. The parameters are SQL.
 */
export function missedHoursSql({ now, weeks, usualIn }: Record<'now' | 'weeks' | 'usualIn', string>): string {
  return `SELECT count(*)::int AS missed FROM (
     SELECT u.hour FROM generate_series(1, ${weeks}) AS w (week)
     CROSS JOIN LATERAL (SELECT least(${now} - interval '1 hour', p.last_event_at + interval '7 days') AS hour) AS last
     CROSS JOIN LATERAL (
       -- OFFSET 0 keeps the planner from reading all hours of the source for each week.
       SELECT hour FROM source_hours
       WHERE tenant_id = $1 AND endpoint = p.endpoint AND source_id = p.source_id
         AND hour BETWEEN p.last_event_at - (w.week * 168 + 2) * interval '1 hour'
           AND last.hour - (w.week * 168 - 2) * interval '1 hour'
       OFFSET 0) c
     CROSS JOIN LATERAL (
       -- The same hour of the week by the clock of the organisation, also when clocks have changed since.
       SELECT ((c.hour AT TIME ZONE z.time_zone) + w.week * interval '7 days') AT TIME ZONE z.time_zone AS hour) u
     WHERE u.hour > p.last_event_at AND u.hour <= last.hour
     GROUP BY u.hour HAVING count(DISTINCT w.week) >= ${usualIn}) AS usual`;
}
