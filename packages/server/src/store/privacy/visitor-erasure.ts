import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';

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
