import type { Tx } from '../connections/db.ts';
import { type Category, nodeOf } from './category.ts';
import { REFUSED, VISITS } from './event-categories.ts';
import { type PersonRow, readCategoryRows } from './person-rows.ts';

/** A visitor by e-mail address, or by name and the office's local day. Texts are folded. */
export type VisitorSubject = { email: string } | { name: string; day: string };

const VISITOR =
  '(SELECT $1::uuid AS tenant_id, $2::text AS email, $3::text AS name, $4::date AS day) AS visitor';

const { reason: _, ...columnsOfRefused } = REFUSED.columns;

/** All that the server holds about a visitor, in the order of an export. `from` follows `VISITOR`. */
export const VISITOR_CATEGORIES: readonly Category[] = [
  {
    ...VISITS,
    title: 'arrivals of the visitor',
    from: `JOIN visitor_arrivals AS t ON t.tenant_id = visitor.tenant_id
      AND (lower(normalize(t.visitor_email)) = visitor.email
           OR t.day = visitor.day AND lower(normalize(t.visitor_name)) = visitor.name)
      ${nodeOf('node_id')}`,
  },
  {
    ...REFUSED,
    title: 'refused events that name the visitor',
    from: `JOIN refused_events AS t
      ON t.tenant_id = visitor.tenant_id AND t.endpoint = 'visitor-arrival' AND t.event IS NOT NULL`,
    columns: columnsOfRefused,
    leftOut: { ...REFUSED.leftOut, reason: 'it may name the host; `cause` says why the event was refused' },
  },
];

/**
 * Yields the rows of a category of visitors, in batches: of refused events, all arrivals, because SQL cannot read all texts that are
 * kept. Call it in a transaction with one snapshot.
 */
export function readVisitorRows(
  tx: Tx,
  category: Category,
  tenantId: string,
  subject: VisitorSubject,
): AsyncGenerator<PersonRow[], void> {
  const values = 'email' in subject ? [subject.email, null, null] : [null, subject.name, subject.day];
  return readCategoryRows(tx, category, VISITOR, [tenantId, ...values]);
}
