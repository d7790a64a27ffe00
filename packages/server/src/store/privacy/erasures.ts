import { hash } from 'node:crypto';
import type { Tx } from '../connections/db.ts';

/** How many rows of each category an erasure has deleted or changed. */
export type ErasedRows = Record<string, number>;

/** An erasure, as the record of erasures has it. */
export interface Erasure {
  requestedAt: Date;
  /** The id of the key or account; `restore` if a restore applied it again. */
  requestedBy: string;
  /** Null until every row is erased. */
  finishedAt: Date | null;
  rows: ErasedRows;
}

const COLUMNS = `requested_at AS "requestedAt", requested_by AS "requestedBy", finished_at AS "finishedAt", rows`;

/** What stands for a user in the record of erasures. Ids are random, so nobody can try them all. */
export function erasureDigest(tenantId: string, userId: string): Buffer {
  return hash('sha256', `${tenantId} ${userId}`, 'buffer');
}

/** The erasure of a user, who may be gone. Undefined if nobody requested it. */
export async function findErasure(tx: Tx, tenantId: string, userId: string): Promise<Erasure | undefined> {
  const { rows } = await tx.query<Erasure>(
    `SELECT ${COLUMNS} FROM erasures WHERE tenant_id = $1 AND subject_digest = $2`,
    [tenantId, erasureDigest(tenantId, userId)],
  );
  return rows[0];
}

/** Those of `userIds` who were erased or are to be. */
export async function listErasedAmong(
  tx: Tx,
  tenantId: string,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const { rows } = await tx.query<{ position: number }>(
    `SELECT w.position::integer AS position FROM unnest($2::bytea[]) WITH ORDINALITY AS w (digest, position)
     WHERE EXISTS (SELECT FROM erasures e WHERE e.tenant_id = $1 AND e.subject_digest = w.digest)`,
    [tenantId, userIds.map((userId) => erasureDigest(tenantId, userId))],
  );
  return new Set(rows.flatMap(({ position }) => userIds[position - 1] ?? []));
}

/**
 * Records that a user is to be erased, with what names the person (`listNames`), and the rows that are erased already. An erasure of
 * before of the same id begins anew.
 */
export async function insertErasure(
  tx: Tx,
  { userId, at, by, names, rows }: PendingErasure & { at: Date; by: string; rows: ErasedRows },
): Promise<void> {
  await tx.query('SELECT request_erasure($1, $2, $3, $4, $5)', [
    userId,
    at,
    by,
    names,
    Object.fromEntries(Object.entries(rows).filter(([, count]) => count > 0)),
  ]);
}

/** An erasure that is not finished. */
export interface PendingErasure {
  userId: string;
  /** What names the person in texts, folded. */
  names: string[];
}

/** The erasures that are not finished, in the order of the requests. */
export async function listPendingErasures(tx: Tx, tenantId: string): Promise<PendingErasure[]> {
  const { rows } = await tx.query<PendingErasure>(
    `SELECT user_id AS "userId", names FROM erasures WHERE tenant_id = $1 AND user_id IS NOT NULL ORDER BY requested_at, user_id`,
    [tenantId],
  );
  return rows;
}

/** Adds to the counts of an erasure that is not finished. */
export async function countErased(
  tx: Tx,
  tenantId: string,
  userId: string,
  counts: ErasedRows,
): Promise<void> {
  const added = Object.entries(counts).filter(([, count]) => count > 0);
  if (added.length === 0) return;
  await tx.query(
    `UPDATE erasures e SET rows = (
       SELECT jsonb_object_agg(c.name, c.count) FROM (
         SELECT name, sum(count)::integer AS count FROM (
           SELECT key AS name, value::integer AS count FROM jsonb_each_text(e.rows)
           UNION ALL SELECT * FROM unnest($3::text[], $4::integer[])) AS all_counts
         GROUP BY name) AS c)
     WHERE e.tenant_id = $1 AND e.user_id = $2`,
    [tenantId, userId, added.map(([name]) => name), added.map(([, count]) => count)],
  );
}

/** Ends an erasure: the record keeps neither the id of the user nor a name. */
export async function finishErasure(tx: Tx, tenantId: string, userId: string, at: Date): Promise<void> {
  await tx.query(
    'UPDATE erasures SET user_id = NULL, names = NULL, finished_at = $3 WHERE tenant_id = $1 AND user_id = $2',
    [tenantId, userId, at],
  );
}

/** An entry of the record of erasures, for a file that outlives the database. */
export interface RecordedErasure {
  /** Of the user, in hexadecimal digits (`erasureDigest`). */
  subject: string;
  requestedAt: Date;
  requestedBy: string;
}

/** All erasures of an organisation, finished or not, in the order of the requests. */
export async function listErasures(tx: Tx, tenantId: string): Promise<RecordedErasure[]> {
  const { rows } = await tx.query<RecordedErasure>(
    `SELECT encode(subject_digest, 'hex') AS subject, requested_at AS "requestedAt", requested_by AS "requestedBy"
     FROM erasures WHERE tenant_id = $1 ORDER BY requested_at, subject_digest`,
    [tenantId],
  );
  return rows;
}

/** Adds erasures of users whom this database does not have. */
export async function recordErasures(
  tx: Tx,
  tenantId: string,
  erasures: readonly RecordedErasure[],
): Promise<void> {
  await tx.query(
    `INSERT INTO erasures (tenant_id, subject_digest, requested_at, requested_by, finished_at)
     SELECT $1, decode(w.subject, 'hex'), w.at, w.requested_by, w.at
     FROM unnest($2::text[], $3::timestamptz[], $4::text[]) AS w (subject, at, requested_by)
     ON CONFLICT (tenant_id, subject_digest) DO NOTHING`,
    [
      tenantId,
      erasures.map(({ subject }) => subject),
      erasures.map(({ requestedAt }) => requestedAt),
      erasures.map(({ requestedBy }) => requestedBy),
    ],
  );
}

/** The users of these erasures whom the database has, by the digest of the erasure. */
export async function findErasedUsers(
  tx: Tx,
  tenantId: string,
  erasures: readonly RecordedErasure[],
): Promise<Map<string, string>> {
  const { rows } = await tx.query<{ userId: string; subject: string }>(
    `SELECT u.user_id AS "userId", u.subject
     FROM (SELECT user_id, encode(sha256(convert_to(tenant_id || ' ' || user_id, 'UTF8')), 'hex') AS subject
           FROM users WHERE tenant_id = $1 AND pseudonym_year IS NULL) AS u
     WHERE u.subject = ANY ($2::text[])`,
    [tenantId, erasures.map(({ subject }) => subject)],
  );
  return new Map(rows.map(({ subject, userId }) => [subject, userId]));
}
