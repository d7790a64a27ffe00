import type { Tx } from '../connections/db.ts';
import { groupBy } from '../values/group-by.ts';
import { writtenSince } from '../warehouse/dataset-rows.ts';
import { type DatabaseSnapshot, xidsOf } from '../warehouse/snapshots.ts';

/** An entry as the chain covers it. Times are microseconds since the epoch, as text. */
export interface ChainEntry {
  entryId: string;
  occurredUs: string;
  action: string;
  version: number;
  actorId: string | null;
  targetIds: string[];
  context: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** What the signature of a batch covers. */
export interface BatchHeader {
  tenantId: string;
  number: number;
  firstUs: string;
  lastUs: string;
  entries: number;
  digest: Buffer;
  previousHash: Buffer;
  sealedUs: string;
}

export interface BatchRow extends BatchHeader {
  /** Null once the entries were pruned. */
  entryIds: string[] | null;
  entryDigests: Buffer | null;
  kid: string;
  signature: Buffer;
  prunedUs: string | null;
  pruneKid: string | null;
  pruneSignature: Buffer | null;
}

/** The last batch of an organisation, and up to where entries are in batches. */
export interface HeadRow extends DatabaseSnapshot {
  number: number;
  hash: Buffer;
  kid: string;
  signature: Buffer;
}

/** A position in the order of the chain. */
export type EntryPosition = Pick<ChainEntry, 'occurredUs' | 'entryId'>;

const microseconds = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;
const instant = (parameter: string) =>
  `timestamptz 'epoch' + ${parameter}::bigint * interval '1 microsecond'`;

const ENTRY = `e.entry_id AS "entryId", ${microseconds('e.occurred_at')} AS "occurredUs", e.action, e.version,
  e.actor_id AS "actorId", e.target_ids AS "targetIds", e.context, e.metadata`;

const BATCH = `b.tenant_id AS "tenantId", b.number, ${microseconds('b.first_at')} AS "firstUs",
  ${microseconds('b.last_at')} AS "lastUs", b.entries, b.digest, b.previous_hash AS "previousHash",
  ${microseconds('b.sealed_at')} AS "sealedUs", b.entry_ids AS "entryIds", b.entry_digests AS "entryDigests", b.kid,
  b.signature, ${microseconds('b.pruned_at')} AS "prunedUs", b.prune_kid AS "pruneKid",
  b.prune_signature AS "pruneSignature"`;

const IN_A_BATCH = `EXISTS (SELECT FROM audit_batches b WHERE b.tenant_id = e.tenant_id
  AND e.occurred_at BETWEEN b.first_at AND b.last_at AND e.entry_id = ANY (b.entry_ids))`;

/** The head of an organisation; undefined before its first batch. */
export async function findHead(tx: Tx, tenantId: string): Promise<HeadRow | undefined> {
  const { rows } = await tx.query<HeadRow>(
    `SELECT number, hash, kid, signature, database, run_id AS "runId", snapshot FROM audit_heads WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0];
}

export async function upsertHead(tx: Tx, tenantId: string, head: HeadRow): Promise<void> {
  await tx.query(
    `INSERT INTO audit_heads (tenant_id, number, hash, kid, signature, database, run_id, snapshot)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, hash = excluded.hash, kid = excluded.kid,
       signature = excluded.signature, database = excluded.database, run_id = excluded.run_id, snapshot = excluded.snapshot`,
    [tenantId, head.number, head.hash, head.kid, head.signature, head.database, head.runId, head.snapshot],
  );
}

/** SQL condition: the snapshot `since`, in the second and third parameter, did not see the entry; without one: it is in no batch. */
function isNew(since: string | undefined): { sql: string; values: string[] } {
  return since === undefined
    ? { sql: `NOT ${IN_A_BATCH}`, values: [] }
    : { sql: writtenSince('e', 2), values: [String(xidsOf(since)[0]), since] };
}

/** New entries after a position, in the order of the chain: those that `since` did not see; without it, those in no batch. */
export async function listNewEntries(
  tx: Tx,
  tenantId: string,
  { since, after, limit }: { since: string | undefined; after: EntryPosition | undefined; limit: number },
): Promise<ChainEntry[]> {
  const { sql, values } = isNew(since);
  const next = values.length + 2;
  const position = after
    ? `AND (e.occurred_at, e.entry_id) > (${instant(`$${next}`)}, $${next + 1}::uuid)`
    : '';
  const { rows } = await tx.query<ChainEntry>(
    `SELECT ${ENTRY} FROM audit_entries e WHERE e.tenant_id = $1 AND ${sql} ${position}
     ORDER BY e.occurred_at, e.entry_id LIMIT ${limit}`,
    [tenantId, ...values, ...(after ? [after.occurredUs, after.entryId] : [])],
  );
  return rows;
}

/** Of entries that a snapshot saw, those that are in no batch. */
export async function listStrayEntries(
  tx: Tx,
  tenantId: string,
  { snapshot, limit }: { snapshot: string; limit: number },
): Promise<ChainEntry[]> {
  const { rows } = await tx.query<ChainEntry>(
    `SELECT ${ENTRY} FROM audit_entries e
     WHERE e.tenant_id = $1 AND NOT ${writtenSince('e', 2)} AND NOT ${IN_A_BATCH}
     ORDER BY e.occurred_at, e.entry_id LIMIT $4`,
    [tenantId, String(xidsOf(snapshot)[0]), snapshot, limit],
  );
  return rows;
}

/** How many entries `since` did not see; without it, how many are in no batch. */
export async function countNewEntries(tx: Tx, tenantId: string, since: string | undefined): Promise<number> {
  const { sql, values } = isNew(since);
  const { rows } = await tx.query<{ count: number }>(
    `SELECT count(*) AS count FROM audit_entries e WHERE e.tenant_id = $1 AND ${sql}`,
    [tenantId, ...values],
  );
  return rows[0]?.count ?? 0;
}

export async function insertBatch(
  tx: Tx,
  batch: BatchHeader & { entryIds: string[]; entryDigests: Buffer; kid: string; signature: Buffer },
): Promise<void> {
  await tx.query(
    `INSERT INTO audit_batches (tenant_id, number, first_at, last_at, entries, digest, previous_hash, sealed_at, entry_ids,
                                entry_digests, kid, signature)
     VALUES ($1, $2, ${instant('$3')}, ${instant('$4')}, $5, $6, $7, ${instant('$8')}, $9, $10, $11, $12)`,
    [
      batch.tenantId,
      batch.number,
      batch.firstUs,
      batch.lastUs,
      batch.entries,
      batch.digest,
      batch.previousHash,
      batch.sealedUs,
      batch.entryIds,
      batch.entryDigests,
      batch.kid,
      batch.signature,
    ],
  );
}

/** Batches after a number, in order. */
export async function listBatches(
  tx: Tx,
  tenantId: string,
  { after, limit }: { after: number; limit: number },
): Promise<BatchRow[]> {
  const { rows } = await tx.query<BatchRow>(
    `SELECT ${BATCH} FROM audit_batches b WHERE b.tenant_id = $1 AND b.number > $2 ORDER BY b.number LIMIT $3`,
    [tenantId, after, limit],
  );
  return rows;
}

/** Batches with entries that all are older than `before`, in order. */
export async function listPrunableBatches(
  tx: Tx,
  tenantId: string,
  { before, limit }: { before: Date; limit: number },
): Promise<BatchRow[]> {
  const { rows } = await tx.query<BatchRow>(
    `SELECT ${BATCH} FROM audit_batches b
     WHERE b.tenant_id = $1 AND b.pruned_at IS NULL AND b.last_at < $2 ORDER BY b.number LIMIT $3`,
    [tenantId, before, limit],
  );
  return rows;
}

/** The entries of a batch that are there, by id. Copies with other times have the same id. */
export async function entriesOfBatch(
  tx: Tx,
  { tenantId, firstUs, lastUs, entryIds }: BatchRow,
): Promise<Map<string, ChainEntry[]>> {
  const { rows } = await tx.query<ChainEntry>(
    `SELECT ${ENTRY} FROM audit_entries e
     WHERE e.tenant_id = $1 AND e.occurred_at BETWEEN ${instant('$2')} AND ${instant('$3')} AND e.entry_id = ANY ($4)`,
    [tenantId, firstUs, lastUs, entryIds],
  );
  return groupBy(rows, (entry) => entry.entryId);
}

/** Deletes the entries of a batch, and keeps the batch with the signature that says so. Returns how many entries went. */
export async function pruneBatch(
  tx: Tx,
  batch: { number: number; before: Date; prunedAt: Date; kid: string; signature: Buffer },
): Promise<number> {
  const { rows } = await tx.query<{ pruned: number | null }>(
    'SELECT prune_audit_batch($1, $2, $3, $4, $5) AS pruned',
    [batch.number, batch.before, batch.prunedAt, batch.kid, batch.signature],
  );
  return rows[0]?.pruned ?? 0;
}

/** Deletes the subjects that no entry has any more. Returns how many. */
export async function pruneSubjects(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ pruned: number }>('SELECT prune_audit_subjects() AS pruned');
  return rows[0]?.pruned ?? 0;
}

/** Makes the partition of a month. Returns whether it was missing. */
export async function makeMonth(tx: Tx, at: Date): Promise<boolean> {
  const { rows } = await tx.query<{ made: boolean }>('SELECT make_audit_month($1) AS made', [at]);
  return rows[0]?.made ?? false;
}

/** For how many months the organisation keeps entries. */
export async function findAuditMonths(tx: Tx, tenantId: string): Promise<number | undefined> {
  const { rows } = await tx.query<{ months: number }>(
    'SELECT audit_months AS months FROM organisation_settings WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.months;
}

/** Sets for how many months the organisation keeps entries. Owner only. */
export async function setAuditMonths(tx: Tx, tenantId: string, months: number): Promise<void> {
  await tx.query(
    `INSERT INTO organisation_settings (tenant_id, audit_months) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET audit_months = excluded.audit_months`,
    [tenantId, months],
  );
}
