import { float8Array, instantArray, textArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { enterTenantIfVersion } from '../directory/directory-versions.ts';

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

/** The statements that add counts of an organisation. Sources are in one order, so that servers do not deadlock. */
export function sourceCountsInsert(tenantId: string, counts: readonly SourceCount[]): PreparedStatement[] {
  const sorted = counts.toSorted((a, b) => compare(keyOf(a), keyOf(b)) || a.hourMs - b.hourMs);
  const names = [
    textArray(sorted.map(({ endpoint }) => endpoint)),
    textArray(sorted.map(({ sourceId }) => sourceId)),
  ] as const;
  return [
    enterTenantIfVersion(tenantId, undefined),
    {
      name: 'note sources',
      text: `INSERT INTO sources AS s (tenant_id, endpoint, source_id, first_event_at, last_event_at)
             SELECT $1::uuid, c.endpoint, c.source_id, min(c.first_event_at), max(c.last_event_at)
             FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
               AS c (endpoint, source_id, first_event_at, last_event_at)
             WHERE current_tenant_id() = $1
               AND (EXISTS (SELECT FROM sources o WHERE o.tenant_id = $1 AND o.endpoint = c.endpoint AND o.source_id = c.source_id)
                    OR (SELECT count(*) FROM sources o WHERE o.tenant_id = $1) < ${MOST_SOURCES})
             GROUP BY c.endpoint, c.source_id ORDER BY c.endpoint, c.source_id
             ON CONFLICT (tenant_id, endpoint, source_id)
             DO UPDATE SET first_event_at = least(s.first_event_at, excluded.first_event_at),
                           last_event_at = greatest(s.last_event_at, excluded.last_event_at)`,
      values: [
        tenantId,
        ...names,
        instantArray(sorted.map(({ firstEventMs }) => firstEventMs * 1_000)),
        instantArray(sorted.map(({ lastEventMs }) => lastEventMs * 1_000)),
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
        instantArray(sorted.map(({ hourMs }) => hourMs * 1_000)),
        float8Array(sorted.map(({ accepted }) => accepted)),
        float8Array(sorted.map(({ refused }) => refused)),
      ],
    },
  ];
}

function keyOf({ endpoint, sourceId }: SourceCount): string {
  return `${endpoint} ${sourceId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Deletes the counts of hours before `before`, and sources without an event since then. Returns how many. */
export async function pruneSourceCounts(tx: Tx, tenantId: string, before: Date): Promise<number> {
  const hours = await tx.query('DELETE FROM source_hours WHERE tenant_id = $1 AND hour < $2', [
    tenantId,
    before,
  ]);
  const sources = await tx.query('DELETE FROM sources WHERE tenant_id = $1 AND last_event_at < $2', [
    tenantId,
    before,
  ]);
  return (hours.rowCount ?? 0) + (sources.rowCount ?? 0);
}
