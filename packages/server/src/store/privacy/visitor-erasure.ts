import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import { ERASED_VISITOR, patternsOf } from './person-erasure.ts';

/** A visitor by e-mail address, or by name and the office's local day. Texts are folded. */
export type VisitorSubject = { email: string } | { name: string; day: string };

/** SQL of the arrivals `t` of a visitor, by the parameters $2 and $3. */
const OF_VISITOR = `CASE WHEN $2::text IS NOT NULL THEN lower(normalize(t.visitor_email)) = $2
  ELSE lower(normalize(t.visitor_name)) = $3 END`;

const valuesOf = (subject: VisitorSubject) =>
  'email' in subject ? [subject.email, null] : [null, subject.name];

/** The local days that may have arrivals of a visitor; undefined if there are none. */
export async function findDaysOfVisits(
  tx: Tx,
  tenantId: string,
  subject: VisitorSubject,
): Promise<DayWindow | undefined> {
  const { rows } = await tx.query<{ from: string | null; before: string }>(
    `SELECT min(t.day) AS "from", max(t.day) + 1 AS before FROM visitor_arrivals t
     WHERE t.tenant_id = $1 AND ($2::date IS NULL OR t.day = $2)`,
    [tenantId, 'day' in subject ? subject.day : null],
  );
  const [days] = rows;
  return days?.from ? { from: days.from, before: days.before } : undefined;
}

/** The number of arrivals of a visitor on some local days. */
export async function countVisits(
  tx: Tx,
  tenantId: string,
  subject: VisitorSubject,
  { from, before }: DayWindow,
): Promise<number> {
  const { rows } = await tx.query<{ visits: number }>(
    `SELECT count(*)::integer AS visits FROM visitor_arrivals t
     WHERE t.tenant_id = $1 AND t.day >= $4::date AND t.day < $5::date AND ${OF_VISITOR}`,
    [tenantId, ...valuesOf(subject), from, before],
  );
  return rows[0]?.visits ?? 0;
}

/** Takes name, address and company from the arrivals of a visitor on some local days. Returns their number. */
export async function clearVisitor(
  tx: Tx,
  tenantId: string,
  subject: VisitorSubject,
  { from, before }: DayWindow,
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE visitor_arrivals t SET visitor_name = '${ERASED_VISITOR}', visitor_email = NULL, visitor_company = NULL,
       event_digest = gen_random_uuid(), written_xid = pg_current_xact_id()
     WHERE t.tenant_id = $1 AND t.day >= $4::date AND t.day < $5::date AND ${OF_VISITOR}`,
    [tenantId, ...valuesOf(subject), from, before],
  );
  return rowCount ?? 0;
}

/** SQL of the refused arrivals of visitors that contain the address or the name. */
const REFUSED_OF_VISITOR = `FROM refused_events t WHERE t.tenant_id = $1 AND t.endpoint = 'visitor-arrival'
  AND lower(normalize(concat_ws(E'\\n', t.event, t.reason))) LIKE ANY ($2::text[])`;

/** The number of refused events that contain the address or the name. */
export async function countRefusedVisits(tx: Tx, tenantId: string, subject: VisitorSubject): Promise<number> {
  const { rows } = await tx.query<{ events: number }>(
    `SELECT count(*)::integer AS events ${REFUSED_OF_VISITOR}`,
    [tenantId, patternsOf(['email' in subject ? subject.email : subject.name])],
  );
  return rows[0]?.events ?? 0;
}

/** Deletes the refused events that contain the address or the name. Returns their number. */
export async function deleteRefusedVisits(
  tx: Tx,
  tenantId: string,
  subject: VisitorSubject,
): Promise<number> {
  const { rowCount } = await tx.query(`DELETE ${REFUSED_OF_VISITOR}`, [
    tenantId,
    patternsOf(['email' in subject ? subject.email : subject.name]),
  ]);
  return rowCount ?? 0;
}
