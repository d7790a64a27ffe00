import type { Tx } from '../connections/db.ts';
import { groupBy } from '../values/group-by.ts';
import { writtenSince } from '../warehouse/dataset-rows.ts';
import { type StoredSnapshot, xidsOf } from '../warehouse/snapshots.ts';

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
export interface HeadRow extends StoredSnapshot {
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

/**
 * SQL condition: the entry is in no batch that ends at `from` or later. It compares the entries with the ids of all batches at
 * once: a look-up for each entry would read its batch for each entry.
 */
const inNoBatch = (from: string) => `NOT EXISTS (
    SELECT FROM (SELECT first_at, last_at, unnest(entry_ids) AS entry_id FROM audit_batches
                 WHERE tenant_id = $1 AND last_at >= ${from}) AS b
    WHERE b.entry_id = e.entry_id AND e.occurred_at BETWEEN b.first_at AND b.last_at)`;

/** The head of an organisation; undefined before its first batch. */
export async function findHead(tx: Tx, tenantId: string): Promise<HeadRow | undefined> {
  const { rows } = await tx.query<HeadRow>(
    `SELECT number, hash, kid, signature, database, run_id AS "runId", snapshot FROM audit_heads WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0];
}

/** Stores the head of an organisation. Owner only. */
export async function upsertHead(tx: Tx, tenantId: string, head: HeadRow): Promise<void> {
  await tx.query(
    `INSERT INTO audit_heads (tenant_id, number, hash, kid, signature, database, run_id, snapshot)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, hash = excluded.hash, kid = excluded.kid,
       signature = excluded.signature, database = excluded.database, run_id = excluded.run_id, snapshot = excluded.snapshot`,
    [tenantId, head.number, head.hash, head.kid, head.signature, head.database, head.runId, head.snapshot],
  );
}

/** Where new entries begin. */
interface NewEntries {
  /** Those that this snapshot did not see. Undefined: those in no batch. */
  since: string | undefined;
  /** Only those after it. */
  after?: EntryPosition | undefined;
}

/** SQL of the keys of new entries, and its parameters. The first one is the organisation. */
function newEntries(tenantId: string, { since, after }: NewEntries): { sql: string; values: string[] } {
  const values = [tenantId, ...(after ? [after.occurredUs, after.entryId] : [])];
  const begin = after ? instant('$2') : "'-infinity'";
  const position = after ? `AND (e.occurred_at, e.entry_id) > (${begin}, $3::uuid)` : '';
  const isNew = since === undefined ? inNoBatch(begin) : writtenSince('e', values.length + 1);
  if (since !== undefined) values.push(String(xidsOf(since)[0]), since);
  // The keys alone: with a limit, PostgreSQL would count on finding enough of them soon, and look up each entry.
  const sql = `WITH found AS MATERIALIZED (
    SELECT e.occurred_at, e.entry_id FROM audit_entries e WHERE e.tenant_id = $1 AND ${isNew} ${position})`;
  return { sql, values };
}

/** SQL of the first entries of `found`, in the order of the chain. */
const firstOf = (limit: number) => `SELECT ${ENTRY}
  FROM (SELECT occurred_at, entry_id FROM found ORDER BY occurred_at, entry_id LIMIT ${limit}) AS f
  JOIN audit_entries e ON e.tenant_id = $1 AND e.occurred_at = f.occurred_at AND e.entry_id = f.entry_id
  ORDER BY e.occurred_at, e.entry_id`;

/** New entries in the order of the chain. */
export async function listNewEntries(
  tx: Tx,
  tenantId: string,
  { limit, ...which }: NewEntries & { limit: number },
): Promise<ChainEntry[]> {
  const { sql, values } = newEntries(tenantId, which);
  const { rows } = await tx.query<ChainEntry>(`${sql} ${firstOf(limit)}`, values);
  return rows;
}

/** How many new entries there are. */
export async function countNewEntries(tx: Tx, tenantId: string, since: string | undefined): Promise<number> {
  const { sql, values } = newEntries(tenantId, { since });
  const { rows } = await tx.query<{ count: number }>(`${sql} SELECT count(*) AS count FROM found`, values);
  return rows[0]?.count ?? 0;
}

/** Of entries that a snapshot saw, those that are in no batch. */
export async function listStrayEntries(
  tx: Tx,
  tenantId: string,
  { snapshot, limit }: { snapshot: string; limit: number },
): Promise<ChainEntry[]> {
  const { rows } = await tx.query<ChainEntry>(
    `WITH found AS MATERIALIZED (
       SELECT e.occurred_at, e.entry_id FROM audit_entries e
       WHERE e.tenant_id = $1 AND NOT ${writtenSince('e', 2)} AND ${inNoBatch("'-infinity'")})
     ${firstOf(limit)}`,
    [tenantId, String(xidsOf(snapshot)[0]), snapshot],
  );
  return rows;
}

/** Adds a batch to the chain. Owner only. */
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

/** Deletes the entries of a batch, and keeps the batch with the signature that says so. Returns how many went. Owner only. */
export async function pruneBatch(
  tx: Tx,
  { tenantId, number, firstUs, lastUs, entryIds }: BatchRow,
  { prunedAt, kid, signature }: { prunedAt: Date; kid: string; signature: Buffer },
): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM audit_entries
     WHERE tenant_id = $1 AND occurred_at BETWEEN ${instant('$2')} AND ${instant('$3')} AND entry_id = ANY ($4)`,
    [tenantId, firstUs, lastUs, entryIds],
  );
  await tx.query(
    `UPDATE audit_batches SET entry_ids = NULL, entry_digests = NULL, pruned_at = $3, prune_kid = $4, prune_signature = $5
     WHERE tenant_id = $1 AND number = $2`,
    [tenantId, number, prunedAt, kid, signature],
  );
  return rowCount ?? 0;
}

/**
 * Notes the days before `keptFrom` that have no entry any more, up to the first day that has one. Copies then forget them. A day
 * that is noted is not noted again. Owner only.
 */
export async function notePrunedDays(tx: Tx, tenantId: string, keptFrom: string): Promise<void> {
  await tx.query(
    `INSERT INTO removed_days (tenant_id, dataset, day)
     SELECT $1, 'audit', m.day::date
     FROM (SELECT (min(first_at) AT TIME ZONE 'UTC')::date AS first FROM audit_batches
           WHERE tenant_id = $1 AND pruned_at IS NOT NULL) AS pruned,
          (SELECT (min(occurred_at) AT TIME ZONE 'UTC')::date AS first FROM audit_entries WHERE tenant_id = $1) AS kept,
          (SELECT max(day) + 1 AS next FROM removed_days WHERE tenant_id = $1 AND dataset = 'audit') AS noted,
          generate_series(greatest(pruned.first, noted.next)::timestamp,
                          least(kept.first, $2::date)::timestamp - interval '1 day', interval '1 day') AS m (day)
     ON CONFLICT DO NOTHING`,
    [tenantId, keptFrom],
  );
}

/** How many entries a time limit would delete: those of batches that ended before. */
export async function countPrunable(tx: Tx, tenantId: string, before: Date): Promise<number> {
  const { rows } = await tx.query<{ entries: number }>(
    `SELECT coalesce(sum(entries), 0)::bigint AS entries FROM audit_batches
     WHERE tenant_id = $1 AND pruned_at IS NULL AND last_at < $2`,
    [tenantId, before],
  );
  return rows[0]?.entries ?? 0;
}

/** Makes the partition of the month of `at`, and of those after it. Owner only. */
export async function makeAuditMonths(tx: Tx, at: Date, months: number): Promise<void> {
  await tx.query(
    `SELECT make_audit_month(month)
     FROM generate_series($1::timestamptz, $1::timestamptz + ($2 - 1) * interval '1 month', '1 month') AS month`,
    [new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)), months],
  );
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
