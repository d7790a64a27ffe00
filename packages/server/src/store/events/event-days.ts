import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';

/** How many events of an organisation servers have stored on a day of UTC. */
export interface EventDay {
  stored: number;
  /** What the operator set for the organisation: null for the server's setting, 0 for no quota. */
  ownQuota: number | null;
  /** The highest part of the quota of which the log has warned on the day, in percent; 0: of none. */
  warnedPercent: number;
}

/** The statement that adds stored events to a day (`YYYY-MM-DD`), and answers what `readEventDay` reads. */
export function eventDayAddition(tenantId: string, day: string, stored: number): PreparedStatement {
  return {
    name: 'count stored events',
    text: `WITH counted AS (
             INSERT INTO event_days AS d (tenant_id, day, stored)
             SELECT $1::uuid, $2::date, $3::bigint WHERE current_tenant_id() = $1
             ON CONFLICT (tenant_id, day) DO UPDATE SET stored = d.stored + excluded.stored
             RETURNING stored, warned_percent)
           SELECT json_build_object('stored', c.stored, 'ownQuota', o.daily_event_quota, 'warnedPercent', c.warned_percent)
           FROM counted c, current_organisation() o`,
    values: [tenantId, day, String(stored)],
  };
}

/** The statement that answers what `readEventDay` reads. */
export function eventDayQuery(tenantId: string, day: string): PreparedStatement {
  return {
    name: 'read stored events',
    text: `SELECT json_build_object('stored', coalesce(d.stored, 0), 'ownQuota', o.daily_event_quota,
                                    'warnedPercent', coalesce(d.warned_percent, 0))
           FROM current_organisation() o LEFT JOIN event_days d ON d.tenant_id = $1::uuid AND d.day = $2::date`,
    values: [tenantId, day],
  };
}

/** Reads the answer of the statements above. Undefined if the organisation is gone. */
export function readEventDay(answer: string | undefined): EventDay | undefined {
  return answer === undefined ? undefined : (JSON.parse(answer) as EventDay);
}

/** As `eventDayQuery`, of the organisation that the transaction has entered. */
export async function getEventDay(tx: Tx, tenantId: string, day: string): Promise<EventDay> {
  const { text, values } = eventDayQuery(tenantId, day);
  const { rows } = await tx.query<[EventDay]>({ text, values: [...values], rowMode: 'array' });
  return rows[0]?.[0] ?? { stored: 0, ownQuota: null, warnedPercent: 0 };
}

/** Notes that the log warns of a part of the quota. Returns false if it has warned of it on this day. */
export async function noteQuotaWarning(
  tx: Tx,
  { tenantId, day, percent }: { tenantId: string; day: string; percent: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE event_days SET warned_percent = $3 WHERE tenant_id = $1 AND day = $2 AND warned_percent < $3',
    [tenantId, day, percent],
  );
  return rowCount === 1;
}

/** Deletes the counts of days before `before` (`YYYY-MM-DD`). Returns how many. */
export async function pruneEventDays(tx: Tx, tenantId: string, before: string): Promise<number> {
  const { rowCount } = await tx.query('DELETE FROM event_days WHERE tenant_id = $1 AND day < $2', [
    tenantId,
    before,
  ]);
  return rowCount ?? 0;
}

/** Sets the quota of an organisation: null for the server's setting, 0 for none. Owner only. */
export async function setEventQuota(tx: Tx, tenantId: string, quota: number | null): Promise<void> {
  await tx.query('UPDATE organisations SET daily_event_quota = $2 WHERE tenant_id = $1', [tenantId, quota]);
}
