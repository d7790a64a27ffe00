import {
  type BatchRow,
  countNewEntries,
  entriesOfBatch,
  findHead,
  listBatches,
  listStrayEntries,
} from '../store/audit/batches.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { isOfDatabase, readSnapshot } from '../store/warehouse/snapshots.ts';
import {
  coversDigests,
  DIGEST_BYTES,
  digestOf,
  hashOf,
  headBytes,
  headerBytes,
  isSigned,
  NO_HASH,
  prunedBytes,
} from './audit-chain.ts';
import { auditVerifiers, type Sealer } from './audit-keys.ts';

/** A batch that somebody has noted elsewhere. */
export interface KnownBatch {
  number: number;
  /** In hexadecimal. */
  hash: string;
}

export interface Verification {
  /** Where the chain is broken, each in a sentence; empty if it is whole. */
  faults: string[];
  batches: number;
  prunedBatches: number;
  /** Entries that were checked. */
  entries: number;
  /** Entries that no batch covers yet. */
  waiting: number;
  /** The last batch. Undefined before the first. */
  head: KnownBatch | undefined;
}

const BATCHES_AT_ONCE = 20;
const STRAYS_NAMED = 20;

/**
 * Checks the chain of an organisation, in one snapshot. It finds each entry that was changed, deleted, moved or slipped in
 * since its batch was signed, each batch that was changed or deleted, and a head that does not fit. `known` is a batch that
 * was noted before: it shows that nobody has set the whole chain back.
 */
export async function verifyAudit(
  database: Database,
  tenantId: string,
  {
    sealer,
    known,
    onProgress,
  }: { sealer: Sealer; known?: KnownBatch | undefined; onProgress?: (entries: number) => void },
): Promise<Verification> {
  const result: Verification = {
    faults: [],
    batches: 0,
    prunedBatches: 0,
    entries: 0,
    waiting: 0,
    head: undefined,
  };
  const steps = database.stream('jobs', tenantId, (tx) =>
    check(tx, database, tenantId, { sealer, known, result }),
  );
  for await (const entries of steps) onProgress?.(entries);
  return result;
}

async function* check(
  tx: Tx,
  database: Database,
  tenantId: string,
  { sealer, known, result }: { sealer: Sealer; known: KnownBatch | undefined; result: Verification },
): AsyncGenerator<number, void> {
  const keys = await auditVerifiers(tx, sealer);
  const fault = (text: string) => result.faults.push(text);
  let last: { number: number; hash: Buffer } = { number: 0, hash: NO_HASH };
  let isKnownThere = known === undefined;
  for (;;) {
    const batches = await listBatches(tx, tenantId, { after: last.number, limit: BATCHES_AT_ONCE });
    if (batches.length === 0) break;
    for (const batch of batches) {
      const { number } = batch;
      const hash = hashOf(batch);
      const gap = number - last.number - 1;
      if (gap > 0)
        fault(
          gap === 1
            ? `Batch ${number - 1} is missing.`
            : `The batches ${last.number + 1} to ${number - 1} are missing.`,
        );
      else if (!batch.previousHash.equals(last.hash))
        fault(`Batch ${number} does not follow batch ${number - 1}: one of them was changed.`);
      if (!isSigned(headerBytes(batch), batch.signature, keys.get(batch.kid)))
        fault(`Batch ${number} has a wrong signature: it was changed, or another key signed it.`);
      if (known?.number === number) {
        isKnownThere = true;
        if (known.hash !== hash.toString('hex'))
          fault(`Batch ${number} is another one than the one that you noted.`);
      }
      await checkEntries(tx, batch, { fault, result, key: keys.get(batch.pruneKid ?? '') });
      result.batches++;
      last = { number, hash };
      yield result.entries;
    }
  }
  if (!isKnownThere) fault(`Batch ${known?.number}, which you noted, is missing.`);
  result.head = last.number === 0 ? undefined : { number: last.number, hash: last.hash.toString('hex') };
  const head = await findHead(tx, tenantId);
  if (!head) {
    if (last.number > 0) fault('The head of the chain is missing.');
    result.waiting = await countNewEntries(tx, tenantId, undefined);
    return;
  }
  if (!isSigned(headBytes(tenantId, head), head.signature, keys.get(head.kid)))
    fault('The head of the chain has a wrong signature.');
  if (head.number > last.number)
    fault(`The chain was cut: it ends with batch ${last.number} of ${head.number}.`);
  else if (head.number < last.number || !head.hash.equals(last.hash))
    fault(`The head of the chain is not that of batch ${last.number}: one of them was changed.`);
  const isSameDatabase = isOfDatabase(head, await readSnapshot(tx, database));
  if (isSameDatabase) {
    for (const { entryId, action, occurredUs } of await listStrayEntries(tx, tenantId, {
      snapshot: head.snapshot,
      limit: STRAYS_NAMED,
    }))
      fault(
        `The entry ${entryId} (${action}, ${timeOf(occurredUs)}) is in no batch: somebody has slipped it in.`,
      );
  }
  result.waiting = await countNewEntries(tx, tenantId, isSameDatabase ? head.snapshot : undefined);
}

async function checkEntries(
  tx: Tx,
  batch: BatchRow,
  {
    fault,
    result,
    key,
  }: { fault: (text: string) => void; result: Verification; key: Parameters<typeof isSigned>[2] },
): Promise<void> {
  const { number, entryIds, entryDigests, prunedUs, pruneSignature } = batch;
  if (prunedUs !== null && pruneSignature !== null) {
    result.prunedBatches++;
    if (!isSigned(prunedBytes(batch, prunedUs), pruneSignature, key))
      fault(`Batch ${number} was not pruned by the server: its entries were deleted.`);
    return;
  }
  if (
    !entryIds ||
    !entryDigests ||
    !coversDigests(batch, entryDigests) ||
    entryIds.length !== batch.entries
  ) {
    fault(`The list of entries of batch ${number} was changed.`);
  }
  const found = await entriesOfBatch(tx, batch);
  for (const [index, entryId] of (entryIds ?? []).entries()) {
    const copies = found.get(entryId) ?? [];
    const [entry] = copies;
    const digest = entryDigests?.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    if (!entry) fault(`The entry ${entryId} of batch ${number} is missing.`);
    else if (!copies.some((copy) => digest?.equals(digestOf(batch.tenantId, copy))))
      fault(
        `The entry ${entryId} (${entry.action}, ${timeOf(entry.occurredUs)}) of batch ${number} was changed.`,
      );
    if (copies.length > 1)
      fault(
        `The entry ${entryId} of batch ${number} is there ${copies.length} times: somebody has slipped in a copy.`,
      );
    result.entries++;
  }
}

function timeOf(us: string): string {
  return new Date(Number(us) / 1_000).toISOString();
}
