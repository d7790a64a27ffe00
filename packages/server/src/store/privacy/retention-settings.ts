import { findAuditMonths } from '../audit/batches.ts';
import type { Tx } from '../connections/db.ts';
import { type Period, periodBefore } from '../values/period.ts';
import { RETENTION_KINDS, type RetentionKindName, retentionKind } from './retention-kinds.ts';

/** How long each kind of data is kept. Null: without limit. */
export type Retention = Record<RetentionKindName, Period | null>;

/** The retention of the organisation that the transaction has entered. */
export async function readRetention(tx: Tx, tenantId: string): Promise<Retention> {
  const { rows } = await tx.query<{ kind: string; kept: Period | null }>(
    'SELECT kind, kept FROM retention_settings WHERE tenant_id = $1',
    [tenantId],
  );
  const set = new Map(rows.map(({ kind, kept }) => [kind, kept]));
  return Object.fromEntries(
    RETENTION_KINDS.map((kind) => [kind, set.has(kind) ? set.get(kind) : retentionKind(kind).byDefault]),
  ) as Retention;
}

/** For so long an organisation keeps entries of the audit trail, unless the operator has set another time. */
export const AUDIT_KEPT_BY_DEFAULT: Period = 'P13M';
export const AUDIT_TITLE = 'entries of the audit trail; "rollcall audit keep" sets it';

/** How long the organisation that the transaction has entered keeps entries of the audit trail. */
export async function readAuditRetention(tx: Tx, tenantId: string): Promise<Period> {
  const months = await findAuditMonths(tx, tenantId);
  return months === undefined ? AUDIT_KEPT_BY_DEFAULT : `P${months}M`;
}

/** Sets the retention of these kinds. Equal settings are not written again. */
export async function setRetention(tx: Tx, tenantId: string, change: Partial<Retention>): Promise<void> {
  const kinds = Object.keys(change) as RetentionKindName[];
  await tx.query(
    `INSERT INTO retention_settings AS s (tenant_id, kind, kept) SELECT $1, c.kind, c.kept
     FROM unnest($2::text[], $3::text[]) AS c (kind, kept)
     ON CONFLICT (tenant_id, kind) DO UPDATE SET kept = excluded.kept WHERE s.kept IS DISTINCT FROM excluded.kept`,
    [tenantId, kinds, kinds.map((kind) => change[kind] ?? null)],
  );
}

/** The first day whose rows are kept, on the day `today`. Undefined: the rows of all days are kept. */
export function firstKeptDay(
  retention: Retention,
  kind: RetentionKindName,
  today: string,
): string | undefined {
  const kept = retention[kind];
  return kept === null ? undefined : periodBefore(today, kept);
}
