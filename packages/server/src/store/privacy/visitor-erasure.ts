import type { Tx } from '../connections/db.ts';
import { type DayWindow, mayBeOfDays } from '../values/day-window.ts';
import type { Person } from './person.ts';
import { hasTerm, patternsOf, spacedText, termsOf, textOf } from './terms.ts';

/** The name of a visitor after an erasure, also in the function `erase_visits` of the database. */
export const ERASED_VISITOR = 'Erased visitor';

/** Visitors by e-mail addresses, or by a name. Texts are folded. */
export type VisitorNames = { emails: readonly string[] } | { name: string };

const valuesOf = (names: VisitorNames) => ('emails' in names ? [names.emails, null] : [[], names.name]);

/** The local days that may have arrivals of visitors, at most those of `day`; undefined if there are none. */
export async function findDaysOfVisits(
  tx: Tx,
  tenantId: string,
  day: string | null,
): Promise<DayWindow | undefined> {
  const { rows } = await tx.query<{ from: string | null; before: string }>(
    `SELECT min(t.day) AS "from", max(t.day) + 1 AS before FROM visitor_arrivals t
     WHERE t.tenant_id = $1 AND ($2::date IS NULL OR t.day = $2)`,
    [tenantId, day],
  );
  const [days] = rows;
  return days?.from ? { from: days.from, before: days.before } : undefined;
}

/** The number of arrivals of visitors on some local days. */
export async function countVisits(
  tx: Tx,
  tenantId: string,
  names: VisitorNames,
  { from, before }: DayWindow,
): Promise<number> {
  const { rows } = await tx.query<{ visits: number }>(
    `SELECT count(*)::integer AS visits FROM visitor_arrivals t
     WHERE t.tenant_id = $1 AND t.day >= $4::date AND t.day < $5::date
       AND (lower(normalize(t.visitor_email)) = ANY ($2::text[]) OR lower(normalize(t.visitor_name)) = $3)`,
    [tenantId, ...valuesOf(names), from, before],
  );
  return rows[0]?.visits ?? 0;
}

/**
 * Takes name, address and company from the arrivals of visitors on some local days, in the organisation of the transaction.
 * Returns their number.
 */
export async function eraseVisits(tx: Tx, names: VisitorNames, { from, before }: DayWindow): Promise<number> {
  const { rows } = await tx.query<{ visits: number }>('SELECT erase_visits($1, $2, $3, $4) AS visits', [
    ...valuesOf(names),
    from,
    before,
  ]);
  return rows[0]?.visits ?? 0;
}

/** What names a person: as a whole, and the person with the ids that longer texts may have (`listNames`, `termsOf`). */
export interface Naming {
  person: Person;
  names: readonly string[];
}

/** The key of an arrival. */
export interface VisitKey {
  /** As the database writes it, with all digits. */
  observedAt: string;
  eventDigest: string;
}

/**
 * The arrivals of visitors on some local days that name a person: by an e-mail address, by the name of the visitor as a whole, or by a
 * text within the name or the company.
 */
export async function findVisitsOf(
  tx: Tx,
  tenantId: string,
  { person, names }: Naming,
  { from, before }: DayWindow,
): Promise<VisitKey[]> {
  const terms = termsOf(person, names);
  const { rows } = await tx.query<VisitKey & { isOfAddress: boolean; name: string; text: string }>(
    `SELECT t.observed_at::text AS "observedAt", t.event_digest AS "eventDigest", v.name, v.text,
            coalesce(v.email = ANY ($4::text[]), false) AS "isOfAddress"
     FROM visitor_arrivals t CROSS JOIN LATERAL (
       SELECT lower(normalize(t.visitor_email)) AS email, ${spacedText('t.visitor_name')} AS name,
              ${textOf('t.visitor_name', 't.visitor_company')} AS text) AS v
     WHERE t.tenant_id = $1 AND t.day >= $2::date AND t.day < $3::date AND ${mayBeOfDays('t.observed_at', '$2::date', '$3::date')}
       AND (v.email = ANY ($4::text[]) OR v.name = ANY ($4::text[]) OR v.text LIKE ANY ($5::text[]))`,
    [tenantId, from, before, names, patternsOf(terms)],
  );
  return rows.filter(
    ({ isOfAddress, name, text }) => isOfAddress || names.includes(name) || hasTerm(text, terms),
  );
}

/** Takes name, address and company from the arrivals that `findVisitsOf` finds. Returns their number. Owner only. */
export async function clearVisitsOf(
  tx: Tx,
  tenantId: string,
  naming: Naming,
  days: DayWindow,
): Promise<number> {
  const visits = await findVisitsOf(tx, tenantId, naming, days);
  if (visits.length === 0) return 0;
  const { rowCount } = await tx.query(
    `UPDATE visitor_arrivals t SET visitor_name = '${ERASED_VISITOR}', visitor_email = NULL, visitor_company = NULL,
       event_digest = gen_random_uuid(), written_xid = pg_current_xact_id()
     FROM unnest($2::timestamptz[], $3::uuid[]) AS v (observed_at, event_digest)
     WHERE t.tenant_id = $1 AND t.observed_at = v.observed_at AND t.event_digest = v.event_digest`,
    [tenantId, visits.map(({ observedAt }) => observedAt), visits.map(({ eventDigest }) => eventDigest)],
  );
  return rowCount ?? 0;
}
