import type { Tx } from '../connections/db.ts';
import { type Order, readInOrder, snapshotColumns, writtenSince } from '../warehouse/dataset-rows.ts';
import type { ExportQuery } from '../warehouse/query.ts';

export const AUDIT_ORDER: Order = [
  ['e.occurred_at', 'timestamptz', 'occurredAt'],
  ['e.entry_id', 'uuid', 'entryId'],
];

/** SQL of the members of an entry `e` and its actor `a`. */
export const ENTRY_COLUMNS = `e.occurred_at AS "occurredAt", e.entry_id AS "entryId", e.action, e.version,
  e.actor_id AS "actorId", a.kind AS "actorKind", a.name AS "actorName", a.reference AS "actorReference",
  (SELECT coalesce(json_agg(json_build_object('id', t.id, 'kind', k.kind, 'reference', k.reference, 'name', k.name)
            ORDER BY t.position), '[]')
   FROM unnest(e.target_ids) WITH ORDINALITY AS t (id, position)
   LEFT JOIN audit_subjects k ON k.tenant_id = e.tenant_id AND k.subject_id = t.id) AS targets,
  e.context ->> 'address' AS address, e.context ->> 'userAgent' AS "userAgent",
  e.context ->> 'correlationId' AS "correlationId", e.metadata`;

/** The subjects whose names have gone. */
async function listForgotten(tx: Tx, { tenantId, changes }: ExportQuery): Promise<string[]> {
  if (!changes) return [];
  const { rows } = await tx.query<{ subjectId: string }>(
    `SELECT s.subject_id AS "subjectId" FROM audit_subjects s
     WHERE s.tenant_id = $1 AND s.reference IS NULL AND ${writtenSince('s', 2)}`,
    [tenantId, ...snapshotColumns(changes)],
  );
  return rows.map(({ subjectId }) => subjectId);
}

/**
 * Reads entries by the UTC date of `occurredAt`. An entry has changed, too, if the name of a subject is gone. With `seenIn`, it
 * leaves out those that this snapshot did not see.
 */
export async function* readAuditEntries(
  tx: Tx,
  query: ExportQuery & { seenIn?: string | undefined },
): AsyncGenerator<Record<string, unknown>[], void> {
  const { tenantId, window, actions = null, seenIn = null } = query;
  // Only where names have gone, the database reads all entries. Else an index leads to the new ones.
  const forgotten = await listForgotten(tx, query);
  const isForgotten = 'OR e.actor_id = ANY ($6::uuid[]) OR e.target_ids && $6::uuid[]';
  yield* readInOrder(tx, query, {
    columns: ENTRY_COLUMNS,
    from: `audit_entries e LEFT JOIN audit_subjects a ON a.tenant_id = e.tenant_id AND a.subject_id = e.actor_id
     WHERE e.tenant_id = $1 AND e.occurred_at >= $2::date::timestamp AT TIME ZONE 'UTC'
       AND e.occurred_at < $3::date::timestamp AT TIME ZONE 'UTC' AND ($4::text[] IS NULL OR e.action = ANY ($4))
       AND ($5::pg_snapshot IS NULL OR pg_visible_in_snapshot(e.written_xid, $5))`,
    order: AUDIT_ORDER,
    changed: (xmin) => `(${writtenSince('e', xmin)} ${forgotten.length > 0 ? isForgotten : ''})`,
    values: [
      ...[tenantId, window.from, window.before, actions, seenIn],
      ...(forgotten.length > 0 ? [forgotten] : []),
    ],
  });
}
