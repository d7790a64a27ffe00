import type { Tx } from '../connections/db.ts';
import { fold } from '../values/fold.ts';
import { writtenSince } from '../warehouse/dataset-rows.ts';
import { xidsOf } from '../warehouse/snapshots.ts';
import type { SubjectKind } from './entries.ts';

/**
 * Waits for the transactions that add entries of the organisation, and makes later ones wait for this one. Those name no subject
 * that this transaction forgets or deletes.
 */
async function lockSubjects(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(audit_subjects_lock())');
}

const FORGET = 'UPDATE audit_subjects SET reference = NULL, name = NULL WHERE tenant_id = $1';

/** Takes the names from subjects of one kind, by their references. Their entries stay. Returns how many there were. Owner only. */
export async function forgetAuditSubjects(
  tx: Tx,
  tenantId: string,
  kind: SubjectKind,
  references: readonly string[],
): Promise<number> {
  await lockSubjects(tx);
  const { rowCount } = await tx.query(`${FORGET} AND kind = $2 AND reference = ANY ($3)`, [
    tenantId,
    kind,
    references,
  ]);
  return rowCount ?? 0;
}

/** As `forgetAuditSubjects`, for accounts, by their folded addresses. */
export async function forgetAuditAccounts(
  tx: Tx,
  tenantId: string,
  addresses: readonly string[],
): Promise<number> {
  await lockSubjects(tx);
  const { rows } = await tx.query<{ subjectId: string; name: string }>(
    `SELECT subject_id AS "subjectId", name FROM audit_subjects
     WHERE tenant_id = $1 AND kind = 'account' AND name IS NOT NULL`,
    [tenantId],
  );
  const found = rows.filter(({ name }) => addresses.includes(fold(name))).map(({ subjectId }) => subjectId);
  const { rowCount } = await tx.query(`${FORGET} AND subject_id = ANY ($2)`, [tenantId, found]);
  return rowCount ?? 0;
}

/** Subjects that no entry had in a snapshot. */
export interface UnusedSubjects {
  subjectIds: string[];
  snapshot: string;
}

/** The subjects that no entry has. */
export async function findUnusedSubjects(tx: Tx, tenantId: string): Promise<UnusedSubjects> {
  const { rows } = await tx.query<UnusedSubjects>(
    `SELECT pg_current_snapshot()::text AS snapshot, ARRAY(
       SELECT subject_id FROM audit_subjects WHERE tenant_id = $1
       EXCEPT (SELECT actor_id FROM audit_entries WHERE tenant_id = $1
               UNION ALL SELECT unnest(target_ids) FROM audit_entries WHERE tenant_id = $1)) AS "subjectIds"`,
    [tenantId],
  );
  const [unused] = rows;
  if (!unused) throw new Error('A SELECT without FROM has one row.');
  return unused;
}

/**
 * Deletes unused subjects, unless an entry that their snapshot did not see has them. So nobody who adds entries waits while all
 * entries are read. Owner only.
 */
export async function deleteUnusedSubjects(
  tx: Tx,
  tenantId: string,
  { subjectIds, snapshot }: UnusedSubjects,
): Promise<void> {
  await lockSubjects(tx);
  await tx.query(
    `DELETE FROM audit_subjects k WHERE k.tenant_id = $1 AND k.subject_id = ANY ($4) AND NOT EXISTS (
       SELECT FROM audit_entries e WHERE e.tenant_id = $1 AND ${writtenSince('e', 2)}
         AND (e.actor_id = k.subject_id OR k.subject_id = ANY (e.target_ids)))`,
    [tenantId, String(xidsOf(snapshot)[0]), snapshot, subjectIds],
  );
}
