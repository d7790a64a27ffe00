import type { FastifyBaseLogger } from 'fastify';
import { addOperatorEntry } from '../http/audit/operator.ts';
import {
  countPrunable,
  type EntryPosition,
  findHead,
  type HeadRow,
  insertBatch,
  listNewEntries,
  listPrunableBatches,
  makeAuditMonths,
  notePrunedDays,
  pruneBatch,
  setAuditMonths,
  upsertHead,
} from '../store/audit/batches.ts';
import { dropAuditMonths } from '../store/audit/months.ts';
import { deleteUnusedSubjects, findUnusedSubjects } from '../store/audit/subjects.ts';
import { ContentionError, inTenantSnapshotWithRetries } from '../store/connections/conflict.ts';
import type { Database, DatabaseTarget, Tx } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { readAuditRetention } from '../store/privacy/retention-settings.ts';
import { utcDay } from '../store/values/days.ts';
import { type Period, periodBefore } from '../store/values/period.ts';
import { isOfDatabase, readSnapshot } from '../store/warehouse/snapshots.ts';
import { hashOf, headBytes, headerBytes, NO_HASH, prunedBytes, signed, toBatch } from './audit-chain.ts';
import { type AuditSigner, auditSigner, type Sealer } from './audit-keys.ts';

/** What the jobs of the audit trail need. */
export interface AuditJobDeps {
  /** Connects as the owner. */
  database: Database;
  masterKey: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'info' | 'error'>;
  /** Aborted when the process ends. */
  signal: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

const ENTRIES_IN_BATCH = 1_000;
const BATCHES_AT_ONCE = 20;
/** Partitions that exist ahead, this month included. Requests make further ones if the job does not run for so long. */
const MONTHS_AHEAD = 3;

/** Makes partitions ahead, and puts the new entries of each organisation into signed batches. */
export async function sealAudit(deps: AuditJobDeps): Promise<void> {
  const { database, clock, masterKey } = deps;
  const now = new Date(clock());
  await database.inSystem((tx) => makeAuditMonths(tx, now, MONTHS_AHEAD));
  const signer = await auditSigner(database, masterKey, now);
  await inEachOrganisation(deps, async (tenantId, index, all) => {
    const head = await inTenantSnapshotWithRetries(database, tenantId, (tx) =>
      sealEntries(tx, tenantId, signer, deps),
    );
    // A log that is kept elsewhere can prove later that no batch was cut off.
    if (head)
      deps.log.info(
        { tenantId, batch: head.number, hash: head.hash.toString('hex') },
        'audit entries are sealed',
      );
    deps.onProgress?.(index + 1, all);
  });
}

/** Runs `work` for each organisation. The failure of one does not stop the others; the run fails when all are done. */
async function inEachOrganisation(
  { database, log, signal }: AuditJobDeps,
  work: (tenantId: string, index: number, all: number) => Promise<void>,
): Promise<void> {
  const tenantIds = await database.inSystem(organisationIds);
  let failed = 0;
  for (const [index, tenantId] of tenantIds.entries()) {
    if (signal.aborted) return;
    try {
      await work(tenantId, index, tenantIds.length);
    } catch (error) {
      if (error instanceof StoreUnavailableError && !(error instanceof ContentionError)) throw error;
      log.error({ err: error, tenantId }, 'the job failed for the audit trail of an organisation');
      failed++;
    }
  }
  if (failed > 0) throw new Error(`It failed for ${failed} of ${tenantIds.length} organisations.`);
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
  const since = head && isOfDatabase(head, snapshot) ? head.snapshot : undefined;
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
  if (last.number === (head?.number ?? 0)) {
    // After a restore, the snapshot of the head means nothing here. With this one, the next run reads only later entries.
    if (head && since === undefined) await upsertHead(tx, tenantId, { ...head, ...snapshot });
    return undefined;
  }
  const signature = signed(headBytes(tenantId, last), signer.key);
  const next = { ...snapshot, number: last.number, hash: last.hash, kid: signer.kid, signature };
  await upsertHead(tx, tenantId, next);
  return next;
}

/**
 * Deletes the entries of batches that are older than their organisation keeps them. The batches stay, signed as pruned. Then drops
 * the months that no organisation keeps.
 */
export async function pruneAudit(deps: AuditJobDeps & { target: DatabaseTarget }): Promise<void> {
  const { database, clock, signal, masterKey, onProgress } = deps;
  let earliestKept = new Date(clock());
  const signer = await auditSigner(database, masterKey, new Date(clock()));
  let done = 0;
  await inEachOrganisation(deps, async (tenantId) => {
    const kept = await database.inTenant(tenantId, (tx) => readAuditRetention(tx, tenantId));
    const before = keptFrom(clock(), kept);
    if (before < earliestKept) earliestKept = before;
    let pruned = 0;
    for (let count = -1; count !== 0 && !signal.aborted; pruned += count) {
      count = await database.inTenant(tenantId, async (tx) => {
        const batches = await listPrunableBatches(tx, tenantId, { before, limit: BATCHES_AT_ONCE });
        const prunedAt = new Date(clock());
        for (const batch of batches) {
          const bytes = prunedBytes(batch, String(prunedAt.getTime() * 1_000));
          const signature = signed(bytes, signer.key);
          done += await pruneBatch(tx, batch, { prunedAt, kid: signer.kid, signature });
        }
        return batches.length;
      });
      onProgress?.(done, done);
    }
    // Also after a run that a stop or a failure ended before it noted the days.
    await database.inTenant(tenantId, (tx) => notePrunedDays(tx, tenantId, utcDay(before.getTime())));
    if (pruned === 0) return;
    const unused = await database.inTenant(tenantId, (tx) => findUnusedSubjects(tx, tenantId));
    await database.inTenant(tenantId, (tx) => deleteUnusedSubjects(tx, tenantId, unused));
  });
  if (signal.aborted) return;
  const dropped = await dropAuditMonths(deps.target, earliestKept, { signal });
  if (dropped > 0)
    deps.log.info({ months: dropped }, 'dropped the months of the audit trail that nobody keeps');
}

/** What a change of the time for which entries are kept deletes, and whether it was made. */
export interface KeptAudit {
  entries: number;
  isSet: boolean;
}

/**
 * Sets for how many months an organisation keeps entries. The change has an entry. If it deletes entries, it needs `isAgreed`.
 * Owner only.
 */
export async function keepAuditFor(
  months: number,
  tenantId: string,
  { owner, clock, isAgreed }: { owner: Database; clock: () => number; isAgreed: boolean },
): Promise<KeptAudit> {
  return owner.inTenant(tenantId, async (tx) => {
    const entries = await countPrunable(tx, tenantId, keptFrom(clock(), `P${months}M`));
    if (entries > 0 && !isAgreed) return { entries, isSet: false };
    await setAuditMonths(tx, tenantId, months);
    const metadata = { of: 'organisation', locationId: null, members: ['auditMonths'] };
    await addOperatorEntry(tx, 'settings.changed', { tenantId, metadata, atMs: clock() });
    return { entries, isSet: true };
  });
}

/** The first moment whose entries are kept for that time. */
function keptFrom(nowMs: number, kept: Period): Date {
  return new Date(periodBefore(utcDay(nowMs), kept));
}
