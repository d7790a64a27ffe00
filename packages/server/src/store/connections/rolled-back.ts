import { inTenantWithRetries } from './conflict.ts';
import type { Database, Tx } from './db.ts';

/** Rolls a transaction back when it is thrown inside, and carries the result out of it. */
export class RolledBack<T> extends Error {
  readonly result: T;

  constructor(result: T) {
    super('The transaction is rolled back.');
    this.result = result;
  }
}

/** The result that a thrown `RolledBack` carries. Throws any other error. */
export function resultIfRolledBack<T>(error: unknown): T {
  if (error instanceof RolledBack) return error.result;
  throw error;
}

/**
 * Runs `work` in a transaction that is always rolled back, and again after a write conflict. It takes the locks that the
 * work takes. Throws as `inTenantWithRetries`.
 */
export async function inTenantRolledBack<T>(
  database: Database,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    return await inTenantWithRetries(database, tenantId, async (tx): Promise<T> => {
      throw new RolledBack(await work(tx));
    });
  } catch (error) {
    return resultIfRolledBack<T>(error);
  }
}
