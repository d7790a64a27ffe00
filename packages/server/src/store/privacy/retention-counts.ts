import type { Tx } from '../connections/db.ts';
import type { EventTable } from '../events/stored-events.ts';
import { type DayWindow, mayBeOfDays } from '../values/day-window.ts';
import { CARD_LEFT_ON, LEFT_ON, SICK_REASONS } from './retention.ts';
import type { RetentionKindName } from './retention-kinds.ts';

/** Rows that one count reads at most of each table. */
const MOST_COUNTED = 200_000;

/** SQL: `day` is in the window `$2` to `$3`. */
const within = (day: string) => `tenant_id = $1 AND ${day} >= $2::date AND ${day} < $3::date`;
const during = (time: string) =>
  `tenant_id = $1 AND ${time} >= $2::date::timestamp AT TIME ZONE 'UTC' AND ${time} < $3::date::timestamp AT TIME ZONE 'UTC'`;
const events = (table: EventTable) =>
  `${table} WHERE ${within('day')} AND ${mayBeOfDays('observed_at', '$2::date', '$3::date')}`;
const left = (table: string, day: string) =>
  `users u JOIN ${table} t ON t.tenant_id = u.tenant_id AND t.user_id = u.user_id
   WHERE u.tenant_id = $1 AND u.status = 'inactive' AND ${day} >= $2::date AND ${day} < $3::date`;

/** What is counted of each kind: SQL after `FROM`, for each table. */
const COUNTED: Record<RetentionKindName, readonly string[]> = {
  names: [
    events('presence_events'),
    `day_plans WHERE ${within('day')}`,
    `bookings WHERE ${within('day')}`,
    `action_log WHERE ${during('logged_at')}`,
  ],
  visitorNames: [events('visitor_arrivals')],
  attendance: [
    events('presence_events'),
    `day_plans WHERE ${within('day')}`,
    `bookings WHERE ${within('day')}`,
  ],
  occupancy: [events('occupancy_events')],
  visitors: [events('visitor_arrivals')],
  leave: [`leaves WHERE ${within('end_day')}`],
  sickLeave: [
    `leaves WHERE leave_type = 'sick' AND ${within('end_day')}`,
    `action_log WHERE reason IN (${SICK_REASONS}) AND ${within('day')}`,
  ],
  actionLog: [`action_log WHERE ${during('logged_at')}`],
  refusedEvents: [`refused_events WHERE ${during('refused_at')}`],
  accessCards: [left('access_credentials', CARD_LEFT_ON)],
  weekPlans: [left('week_plans', LEFT_ON)],
};

/** The number of rows of a kind in a window that could be removed. It counts 200,000 of each table at most. */
export async function countRowsOf(
  tx: Tx,
  tenantId: string,
  kind: RetentionKindName,
  { from, before }: DayWindow,
): Promise<{ rows: number; isMore: boolean }> {
  const counts = COUNTED[kind].map(
    (counted) => `(SELECT count(*) FROM (SELECT FROM ${counted} LIMIT ${MOST_COUNTED + 1}) AS c)`,
  );
  const { rows } = await tx.query<{ counts: string[] }>(
    `SELECT ARRAY[${counts.join(', ')}]::text[] AS counts`,
    [tenantId, from, before],
  );
  const all = (rows[0]?.counts ?? []).map(Number);
  return {
    rows: all.reduce((sum, count) => sum + Math.min(count, MOST_COUNTED), 0),
    isMore: all.some((count) => count > MOST_COUNTED),
  };
}
