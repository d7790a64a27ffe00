import type { FastifyBaseLogger } from 'fastify';
import { addOperatorEntry } from '../http/audit/operator.ts';
import {
  type EntryPosition,
  findAuditMonths,
  findHead,
  type HeadRow,
  insertBatch,
  listNewEntries,
  listPrunableBatches,
  makeMonth,
  pruneBatch,
  pruneSubjects,
  setAuditMonths,
  upsertHead,
} from '../store/audit/batches.ts';
import { inTenantSnapshotWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { isInPastOf, readSnapshot } from '../store/warehouse/snapshots.ts';
import { hashOf, headBytes, headerBytes, NO_HASH, prunedBytes, signed, toBatch } from './audit-chain.ts';
import { type AuditSigner, auditSigner, type Sealer } from './audit-keys.ts';

export interface AuditJobDeps {
  database: Database;
  masterKey: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'info'>;
  /** Aborted when the process ends. */
  signal: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

const ENTRIES_IN_BATCH = 1_000;
const BATCHES_AT_ONCE = 20;
/** Partitions that exist ahead, this month included. Requests make further ones if the job does not run for so long. */
const MONTHS_AHEAD = 3;
export const DEFAULT_MONTHS = 13;

/** Makes partitions ahead, and puts the new entries of each organisation into signed batches. */
export async function sealAudit(deps: AuditJobDeps): Promise<void> {
  const { database, clock, signal, masterKey, onProgress } = deps;
  const now = new Date(clock());
  for (let month = 0; month < MONTHS_AHEAD; month++) {
    const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month, 1));
    await database.inSystem((tx) => makeMonth(tx, at));
  }
  const signer = await auditSigner(database, masterKey, now);
  const tenantIds = await database.inSystem(organisationIds);
  for (const [index, tenantId] of tenantIds.entries()) {
    if (signal.aborted) return;
    const head = await inTenantSnapshotWithRetries(database, tenantId, (tx) =>
      sealEntries(tx, tenantId, signer, deps),
    );
    // Whoever keeps the log elsewhere can prove later that no batch was cut off.
    if (head)
      deps.log.info(
        { tenantId, batch: head.number, hash: head.hash.toString('hex') },
        'audit entries are sealed',
      );
    onProgress?.(index + 1, tenantIds.length);
  }
}

/** Seals the entries that the last head has not seen. Returns the new head; undefined if there is nothing new. */
async function sealEntries(
  tx: Tx,
  tenantId: string,
  signer: AuditSigner,
  { database, clock }: AuditJobDeps,
): Promise<HeadRow | undefined> {
  const head = await findHead(tx, tenantId);
  const snapshot = await readSnapshot(tx, database);
  const since = head && (await isInPastOf(tx, head, snapshot)) ? head.snapshot : undefined;
  const sealedUs = String(clock() * 1_000);
  let last = { tenantId, number: head?.number ?? 0, hash: head?.hash ?? NO_HASH };
  let after: EntryPosition | undefined;
  for (;;) {
    const entries = await listNewEntries(tx, tenantId, { since, after, limit: ENTRIES_IN_BATCH });
    if (entries.length === 0) break;
    after = entries.at(-1);
    const batch = toBatch(entries, last, sealedUs);
    await insertBatch(tx, { ...batch, kid: signer.kid, signature: signed(headerBytes(batch), signer.key) });
    last = { tenantId, number: batch.number, hash: hashOf(batch) };
    if (entries.length < ENTRIES_IN_BATCH) break;
  }
  if (last.number === (head?.number ?? 0)) return undefined;
  const signature = signed(headBytes(tenantId, last), signer.key);
  const next = { ...snapshot, number: last.number, hash: last.hash, kid: signer.kid, signature };
  await upsertHead(tx, tenantId, next);
  return next;
}

/** Deletes the entries of batches that are older than their organisation keeps them. The batches stay, signed as pruned. */
export async function pruneAudit(deps: AuditJobDeps): Promise<void> {
  const { database, clock, signal, masterKey, onProgress } = deps;
  const signer = await auditSigner(database, masterKey, new Date(clock()));
  let done = 0;
  for (const tenantId of await database.inSystem(organisationIds)) {
    const months = await database.inTenant(tenantId, (tx) => findAuditMonths(tx, tenantId));
    const before = monthsBefore(new Date(clock()), months ?? DEFAULT_MONTHS);
    let pruned = 0;
    for (let count = -1; count !== 0 && !signal.aborted; pruned += count) {
      count = await database.inTenant(tenantId, async (tx) => {
        const batches = await listPrunableBatches(tx, tenantId, { before, limit: BATCHES_AT_ONCE });
        const prunedAt = new Date(clock());
        for (const batch of batches) {
          const bytes = prunedBytes(batch, String(prunedAt.getTime() * 1_000));
          const signature = signed(bytes, signer.key);
          done += await pruneBatch(tx, {
            number: batch.number,
            before,
            prunedAt,
            kid: signer.kid,
            signature,
          });
        }
        return batches.length;
      });
      onProgress?.(done, done);
    }
    if (pruned > 0) await database.inTenant(tenantId, pruneSubjects);
  }
}

/** Sets for how many months an organisation keeps entries. The change has an entry. Owner only. */
export async function keepAuditFor(
  months: number,
  tenantId: string,
  { owner, clock }: { owner: Database; clock: () => number },
): Promise<void> {
  await owner.inTenant(tenantId, async (tx) => {
    await setAuditMonths(tx, tenantId, months);
    const metadata = { of: 'organisation', locationId: null, members: ['auditMonths'] };
    await addOperatorEntry(tx, 'settings.changed', { tenantId, metadata, atMs: clock() });
  });
}

/** The same moment that many months earlier; the first of the following month if that day does not exist. */
export function monthsBefore(at: Date, months: number): Date {
  const before = new Date(at);
  before.setUTCMonth(before.getUTCMonth() - months);
  return before;
}
