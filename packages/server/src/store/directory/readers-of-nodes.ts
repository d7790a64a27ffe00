import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Tx } from '../connections/db.ts';
import { READS_ONLY_MARK } from '../connections/transaction.ts';

const LONGEST_WAIT_MS = 30_000;
const LOOK_AGAIN_MS = 100;

/**
 * Waits until the transactions have ended that are open now and have read `nodes`. So none is left that may write by what a
 * change of before replaced: an office's time zone, or that a user was active. Transactions that only read do not count: exports
 * and backups may take hours. Waits 30 seconds at most, and until `signal` is aborted. Returns how many are left.
 */
export async function outlastReadersOfNodes(database: Database, signal: AbortSignal): Promise<number> {
  let left = await database.inSystem(listReadersOfNodes);
  for (let waitedMs = 0; left.length > 0 && waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_AGAIN_MS) {
    if (signal.aborted) break;
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    const open = new Set(await database.inSystem(listReadersOfNodes));
    left = left.filter((transaction) => open.has(transaction));
  }
  return left.length;
}

/** The open transactions that have read `nodes` and may write. A read locks the table until the transaction ends. */
async function listReadersOfNodes(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT DISTINCT virtualtransaction AS id FROM pg_locks
     WHERE locktype = 'relation' AND relation = 'nodes'::regclass AND granted AND pid <> pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND virtualtransaction NOT IN (
         SELECT virtualtransaction FROM pg_locks
         WHERE locktype = 'advisory' AND classid = ${READS_ONLY_MARK} AND objid = 1 AND objsubid = 2)`,
  );
  return rows.map((row) => row.id);
}
