import type { PreparedStatement } from '../connections/pipeline.ts';
import { missedHoursSql, type SourceHabit } from './source-lists.ts';

/** The sources of an organisation at one endpoint. */
export interface SourceState {
  endpoint: string;
  sources: number;
  /** Those that are silent in hours in which they usually send. */
  quiet: number;
  /** Milliseconds since the epoch. */
  lastEventMs: number;
}

/**
 * Counts the sources of an organisation by endpoint, with the rule by which the list of sources calls a source quiet. The
 * result is text for `readSourceStates`. Counts are some seconds late.
 */
export function sourceStates(tenantId: string, now: Date, habit: SourceHabit): PreparedStatement {
  return {
    name: 'source states',
    text: `
      SELECT coalesce(json_agg(states), '[]')::text FROM (
        SELECT p.endpoint, count(*)::int AS sources,
               count(*) FILTER (WHERE m.missed >= $5::int AND (
                 SELECT coalesce(sum(accepted + refused), 0) FROM source_hours
                 WHERE tenant_id = $1 AND endpoint = p.endpoint AND source_id = p.source_id
                   AND hour >= p.last_event_at - $6::int * interval '1 day') >= $7::int)::int AS quiet,
               (extract(epoch FROM max(p.last_event_at)) * 1000)::float8 AS "lastEventMs"
        FROM (SELECT $1::uuid AS tenant_id, endpoint, source_id, last_event_at FROM sources WHERE tenant_id = $1) p
        CROSS JOIN (SELECT time_zone FROM current_organisation()) z
        CROSS JOIN LATERAL (
          ${missedHoursSql({ now: '$2::timestamptz', weeks: '$3::int', usualIn: '$4::int' })}) m
        GROUP BY p.endpoint) AS states`,
    values: [
      tenantId,
      now.toISOString(),
      ...[habit.weeks, habit.usualIn, habit.missedHours, habit.days, habit.leastEvents].map(String),
    ],
  };
}

export function readSourceStates(result: string | undefined): SourceState[] {
  return JSON.parse(result ?? '[]') as SourceState[];
}
