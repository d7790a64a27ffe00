import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import { caseless } from '../values/fold.ts';
import type { TimePosition } from '../values/page.ts';
import { ENTRY_COLUMNS } from './dataset.ts';

/** A listed entry. */
export interface ListedEntry extends Record<string, unknown> {
  entryId: string;
  occurredAt: Date;
}

/** Selects entries. An undefined member selects all. */
export interface AuditFilter {
  /** UTC dates. */
  window: DayWindow | undefined;
  actions: string[] | undefined;
  /** A part of the name, or the whole id, of who did it or of one to whom it was done. */
  search: string | undefined;
}

/** The subjects that a search finds. */
const FOUND = `SELECT s.subject_id FROM audit_subjects s
  WHERE s.tenant_id = $1 AND (s.reference = $2 OR strpos(${caseless('s.name')}, ${caseless('$2')}) > 0)`;

/** Of so many subjects at most, the database reads the entries one by one. Of more, entries that match come soon enough. */
const FEW_SUBJECTS = 100;

/** SQL of what selects entries besides their subjects. */
const SELECTED = `e.tenant_id = $1
  AND ($2::date IS NULL OR e.occurred_at >= $2::date::timestamp AT TIME ZONE 'UTC')
  AND ($3::date IS NULL OR e.occurred_at < $3::date::timestamp AT TIME ZONE 'UTC')
  AND ($4::text[] IS NULL OR e.action = ANY ($4))
  AND ($6::timestamptz IS NULL OR (e.occurred_at, e.entry_id) < ($6, $7::uuid))`;
const NEWEST = 'ORDER BY e.occurred_at DESC, e.entry_id DESC LIMIT $8';
const ACTOR = 'LEFT JOIN audit_subjects a ON a.tenant_id = e.tenant_id AND a.subject_id = e.actor_id';

const OF_ALL = `SELECT ${ENTRY_COLUMNS} FROM audit_entries e ${ACTOR}
  WHERE ${SELECTED} AND ($5::uuid[] IS NULL OR e.actor_id = ANY ($5) OR e.target_ids && $5) ${NEWEST}`;

/** The keys of entries with a condition on their subjects, by an index of it. */
const keysWith = (condition: string) =>
  `(SELECT e.occurred_at, e.entry_id FROM audit_entries e WHERE ${SELECTED} AND ${condition} ${NEWEST})`;

/** Without it, a rare name would cost a look at all entries. */
const OF_FEW = `WITH keys AS (
    SELECT k.occurred_at, k.entry_id FROM unnest($5::uuid[]) AS s (id)
    CROSS JOIN LATERAL (${keysWith('e.actor_id = s.id')} UNION ALL ${keysWith('e.target_ids[1] = s.id')}) AS k
    UNION ALL ${keysWith('e.target_ids[2] IS NOT NULL AND e.target_ids && $5')}
  ), found AS (SELECT DISTINCT occurred_at, entry_id FROM keys ORDER BY occurred_at DESC, entry_id DESC LIMIT $8)
  SELECT ${ENTRY_COLUMNS} FROM found f
  JOIN audit_entries e ON e.tenant_id = $1 AND e.occurred_at = f.occurred_at AND e.entry_id = f.entry_id ${ACTOR} ${NEWEST}`;

/** The newest `limit` entries that match; with `after`, older ones than this position only. */
export async function listAuditEntries(
  tx: Tx,
  tenantId: string,
  { window, actions, search }: AuditFilter,
  { limit, after }: { limit: number; after: TimePosition | undefined },
): Promise<ListedEntry[]> {
  const found = search === undefined ? null : await findSubjects(tx, tenantId, search);
  const { rows } = await tx.query<ListedEntry>(found && found.length <= FEW_SUBJECTS ? OF_FEW : OF_ALL, [
    tenantId,
    window?.from ?? null,
    window?.before ?? null,
    actions ?? null,
    found,
    after?.at ?? null,
    after?.id ?? null,
    limit,
  ]);
  return rows;
}

async function findSubjects(tx: Tx, tenantId: string, search: string): Promise<string[]> {
  const { rows } = await tx.query<{ subject_id: string }>(FOUND, [tenantId, search]);
  return rows.map((row) => row.subject_id);
}
