import { isWriteConflict } from './conflict.ts';
import type { Tx } from './db.ts';
import { isUnavailable } from './unavailable.ts';

/** Runs `work` inside the transaction `tx`. When `work` throws, only its own writes are rolled back. Does not nest. */
export async function inSavepoint<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  await tx.query('SAVEPOINT work');
  try {
    const result = await work(tx);
    await tx.query('RELEASE SAVEPOINT work');
    return result;
  } catch (error) {
    // After a deadlock the connection still works, and the caller may try again.
    if (!isUnavailable(error) || isWriteConflict(error)) {
      await tx.query('ROLLBACK TO SAVEPOINT work; RELEASE SAVEPOINT work');
    }
    throw error;
  }
}
