import { type Order, readInOrder, writtenSince } from '../warehouse/dataset-rows.ts';
import type { DatasetReader } from '../warehouse/query.ts';

export const AUDIT_ORDER: Order = [
  ['e.occurred_at', 'timestamptz', 'occurredAt'],
  ['e.entry_id', 'uuid', 'entryId'],
];

/** SQL of the members of an entry `e` and its actor `a`, as datasets and lists have them. */
export const ENTRY_COLUMNS = `e.occurred_at AS "occurredAt", e.entry_id AS "entryId", e.action, e.version,
  e.actor_id AS "actorId", a.kind AS "actorKind", a.name AS "actorName", a.reference AS "actorReference",
  (SELECT coalesce(json_agg(json_build_object('id', t.id, 'kind', k.kind, 'reference', k.reference, 'name', k.name)
            ORDER BY t.position), '[]')
   FROM unnest(e.target_ids) WITH ORDINALITY AS t (id, position)
   LEFT JOIN audit_subjects k ON k.tenant_id = e.tenant_id AND k.subject_id = t.id) AS targets,
  e.context ->> 'address' AS address, e.context ->> 'userAgent' AS "userAgent",
  e.context ->> 'correlationId' AS "correlationId", e.metadata`;

export const ENTRIES_WITH_ACTORS = `audit_entries e
  LEFT JOIN audit_subjects a ON a.tenant_id = e.tenant_id AND a.subject_id = e.actor_id`;

/** Reads entries by the UTC date of `occurredAt`. An entry has changed, too, if the name of a subject is gone. */
export const readAuditEntries: DatasetReader = (tx, query) =>
  readInOrder(tx, query, {
    columns: ENTRY_COLUMNS,
    from: `${ENTRIES_WITH_ACTORS}
     WHERE e.tenant_id = $1 AND e.occurred_at >= $2::date::timestamp AT TIME ZONE 'UTC'
       AND e.occurred_at < $3::date::timestamp AT TIME ZONE 'UTC' AND ($4::text[] IS NULL OR e.action = ANY ($4))`,
    order: AUDIT_ORDER,
    changed: (xmin) => `(${writtenSince('e', xmin)} OR EXISTS (
       SELECT FROM audit_subjects c WHERE c.tenant_id = $1 AND ${writtenSince('c', xmin)}
         AND (c.subject_id = e.actor_id OR c.subject_id = ANY (e.target_ids))))`,
    values: [query.tenantId, query.window.from, query.window.before, query.actions ?? null],
  });
