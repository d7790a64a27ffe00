import { float8Array, instantArray, textArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';

/** How many events of a source a server accepted and refused in an hour. */
export interface SourceCount {
  endpoint: string;
  /** Empty if requests of the endpoint name no source. */
  sourceId: string;
  hourMs: number;
  accepted: number;
  refused: number;
  firstEventMs: number;
  lastEventMs: number;
}

/** An organisation has at most this many sources; the server counts no further ones. */
export const MOST_SOURCES = 1_000;

/** The statements that add counts of an organisation. They write rows in one order, so that servers do not deadlock. */
export function sourceCountsInsert(tenantId: string, counts: readonly SourceCount[]): PreparedStatement[] {
  const names = [
    textArray(counts.map(({ endpoint }) => endpoint)),
    textArray(counts.map(({ sourceId }) => sourceId)),
  ] as const;
  return [
    {
      name: 'note sources',
      text: `INSERT INTO sources AS s (tenant_id, endpoint, source_id, first_event_at, last_event_at)
             SELECT $1::uuid, c.endpoint, c.source_id, c.first_event_at, c.last_event_at
             FROM (SELECT c.endpoint, c.source_id, min(c.first_event_at) AS first_event_at, max(c.last_event_at) AS last_event_at,
                          o.source_id IS NULL AS is_new,
                          row_number() OVER (PARTITION BY o.source_id IS NULL ORDER BY c.endpoint, c.source_id) AS number
                   FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
                     AS c (endpoint, source_id, first_event_at, last_event_at)
                   LEFT JOIN sources o ON o.tenant_id = $1 AND o.endpoint = c.endpoint AND o.source_id = c.source_id
                   GROUP BY c.endpoint, c.source_id, o.source_id) AS c
             WHERE current_tenant_id() = $1
               AND (NOT c.is_new OR c.number + (SELECT count(*) FROM sources WHERE tenant_id = $1) <= ${MOST_SOURCES})
             ORDER BY c.endpoint, c.source_id
             ON CONFLICT (tenant_id, endpoint, source_id)
             DO UPDATE SET first_event_at = least(s.first_event_at, excluded.first_event_at),
                           last_event_at = greatest(s.last_event_at, excluded.last_event_at)`,
      values: [
        tenantId,
        ...names,
        instantArray(counts.map(({ firstEventMs }) => firstEventMs * 1_000)),
        instantArray(counts.map(({ lastEventMs }) => lastEventMs * 1_000)),
      ],
    },
    {
      name: 'count events of sources',
      text: `INSERT INTO source_hours AS h (tenant_id, endpoint, source_id, hour, accepted, refused)
             SELECT $1::uuid, c.endpoint, c.source_id, c.hour, c.accepted::bigint, c.refused::bigint
             FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::float8[], $6::float8[])
               AS c (endpoint, source_id, hour, accepted, refused)
             JOIN sources s ON s.tenant_id = $1 AND s.endpoint = c.endpoint AND s.source_id = c.source_id
             WHERE current_tenant_id() = $1
             ORDER BY c.endpoint, c.source_id, c.hour
             ON CONFLICT (tenant_id, endpoint, source_id, hour)
             DO UPDATE SET accepted = h.accepted + excluded.accepted, refused = h.refused + excluded.refused`,
      values: [
        tenantId,
        ...names,
        instantArray(counts.map(({ hourMs }) => hourMs * 1_000)),
        float8Array(counts.map(({ accepted }) => accepted)),
        float8Array(counts.map(({ refused }) => refused)),
      ],
    },
  ];
}

/**
 * Deletes the counts of hours before `before`, and sources without an event since then. Of a silent source it keeps the
 * counts of `habitDays` before the last event, which tell that the source is quiet. Returns how many rows.
 */
export async function pruneSourceCounts(
  tx: Tx,
  tenantId: string,
  { before, habitDays }: { before: Date; habitDays: number },
): Promise<number> {
  const hours = await tx.query(
    `DELETE FROM source_hours h USING sources s
     WHERE h.tenant_id = $1 AND s.tenant_id = $1 AND s.endpoint = h.endpoint AND s.source_id = h.source_id
       AND h.hour < least($2, s.last_event_at - $3 * interval '1 day')`,
    [tenantId, before, habitDays],
  );
  const sources = await tx.query('DELETE FROM sources WHERE tenant_id = $1 AND last_event_at < $2', [
    tenantId,
    before,
  ]);
  return (hours.rowCount ?? 0) + (sources.rowCount ?? 0);
}
