import { float8Array, instantArray, int2Array, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import type { TimePosition } from '../values/page.ts';

/** An answered request, without personal data. */
export interface AnsweredRequestRow {
  requestId: string;
  answeredAtMs: number;
  method: string;
  /** The pattern of the route, such as `/v1/manage/users/:userId`. */
  route: string;
  status: number;
  /** The folded id of the key or of the SCIM token; null for a person. */
  caller: string | null;
  /** The rule that refused it with 403: `role`, `network` or `offices`. Null if none did. */
  refusal: string | null;
  durationMs: number;
  requestBytes: number | null;
  responseBytes: number | null;
  correlationId: string;
  /** Requests of the same seconds that are alike and have no row. */
  further: number;
}

/** The statements that insert requests of an organisation. */
export function answeredRequestsInsert(
  tenantId: string,
  rows: readonly AnsweredRequestRow[],
): PreparedStatement[] {
  return [
    {
      name: 'insert answered requests',
      text: `INSERT INTO answered_requests (tenant_id, answered_at, request_id, method, route, status, caller, duration_ms,
                                            request_bytes, response_bytes, correlation_id, further, refusal)
             SELECT $1::uuid, r.* FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::smallint[],
               $7::text[], $8::float8[], $9::float8[], $10::float8[], $11::text[], $12::float8[],
               $13::text[]) AS r
             WHERE current_tenant_id() = $1`,
      values: [
        tenantId,
        instantArray(rows.map((row) => row.answeredAtMs * 1_000)),
        uuidArray(rows.map((row) => row.requestId)),
        textArray(rows.map((row) => row.method)),
        textArray(rows.map((row) => row.route)),
        int2Array(rows.map((row) => row.status)),
        textArray(rows.map((row) => row.caller)),
        float8Array(rows.map((row) => row.durationMs)),
        float8Array(rows.map((row) => row.requestBytes)),
        float8Array(rows.map((row) => row.responseBytes)),
        textArray(rows.map((row) => row.correlationId)),
        float8Array(rows.map((row) => row.further)),
        textArray(rows.map((row) => row.refusal)),
      ],
    },
  ];
}

/** A listed request. */
export interface AnsweredRequest extends Omit<AnsweredRequestRow, 'answeredAtMs'> {
  answeredAt: Date;
}

/** Selects requests. An undefined member selects all. */
export interface AnsweredRequestFilter {
  /** Whether the status is 400 or more. */
  failed: boolean | undefined;
  route: string | undefined;
  caller: string | undefined;
  correlationId: string | undefined;
}

/** The newest `limit` requests that match; with `after`, older ones than this position only. */
export async function listAnsweredRequests(
  tx: Tx,
  tenantId: string,
  { failed, route, caller, correlationId }: AnsweredRequestFilter,
  { limit, after }: { limit: number; after: TimePosition | undefined },
): Promise<AnsweredRequest[]> {
  const { rows } = await tx.query<AnsweredRequest>(
    `SELECT request_id AS "requestId", answered_at AS "answeredAt", method, route, status, caller,
            duration_ms AS "durationMs", request_bytes AS "requestBytes", response_bytes AS "responseBytes",
            correlation_id AS "correlationId", further, refusal
     FROM answered_requests
     WHERE tenant_id = $1 AND ($2::boolean IS NULL OR (status >= 400) = $2) AND ($3::text IS NULL OR route = $3)
       AND ($4::text IS NULL OR caller = $4) AND ($5::text IS NULL OR correlation_id = $5)
       AND ($6::timestamptz IS NULL OR (answered_at, request_id) < ($6, $7::uuid))
     ORDER BY answered_at DESC, request_id DESC LIMIT $8`,
    [
      tenantId,
      failed ?? null,
      route ?? null,
      caller ?? null,
      correlationId ?? null,
      after?.at ?? null,
      after?.id ?? null,
      limit,
    ],
  );
  return rows;
}

/** Deletes requests from before `before`, and all but the newest `keep`. Returns how many. */
export async function trimAnsweredRequests(
  tx: Tx,
  tenantId: string,
  { before, keep }: { before: Date; keep: number },
): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM answered_requests r
     WHERE r.tenant_id = $1 AND (r.answered_at < $2 OR (r.answered_at, r.request_id) <= (
       SELECT answered_at, request_id FROM answered_requests WHERE tenant_id = $1
       ORDER BY answered_at DESC, request_id DESC OFFSET $3 LIMIT 1))`,
    [tenantId, before, keep],
  );
  return rowCount ?? 0;
}
