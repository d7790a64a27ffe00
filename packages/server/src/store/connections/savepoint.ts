import { isWriteConflict } from './conflict.ts';
import type { Tx } from './db.ts';
import { isUnavailable } from './unavailable.ts';

/** Runs `work` inside the transaction `tx`; when it throws, only what `work` wrote is undone. Does not nest. */
export async function inSavepoint<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  await tx.query('SAVEPOINT work');
  try {
    const result = await work(tx);
    await tx.query('RELEASE SAVEPOINT work');
    return result;
  } catch (error) {
    // After a deadlock the connection is still there, and the caller may try again.
    if (!isUnavailable(error) || isWriteConflict(error)) {
      await tx.query('ROLLBACK TO SAVEPOINT work; RELEASE SAVEPOINT work');
    }
    throw error;
  }
}
