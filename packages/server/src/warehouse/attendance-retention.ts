import type { Database } from '../store/connections/db.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import {
  countPrunableChanges,
  moveAttendanceMarks,
  pruneSomeChanges,
} from '../store/warehouse/attendance-retention.ts';

/** For so long it is kept what attendance was; a cursor that is older is refused. */
export const CHANGES_KEPT_DAYS = 90;
const DAY_MS = 86_400_000;

interface Deps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Once aborted, the rest is left to the next run. */
  signal: AbortSignal;
  /** Called with the changes that were deleted, of all that are to be. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Deletes what attendance was before the days for which that is kept. Cursors that have not seen it are refused before
 * any of it goes. Throws `StoreUnavailableError`.
 */
export async function pruneAttendanceChanges({ database, clock, signal, onProgress }: Deps): Promise<void> {
  const now = clock();
  const keptFrom = new Date(now - CHANGES_KEPT_DAYS * DAY_MS);
  await database.inSystem((tx) => moveAttendanceMarks(tx, new Date(now), keptFrom));
  const left: { tenantId: string; count: number }[] = [];
  for (const tenantId of await database.inSystem(organisationIds)) {
    const count = await database.inTenant(tenantId, (tx) => countPrunableChanges(tx, tenantId));
    if (count > 0) left.push({ tenantId, count });
  }
  const total = left.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  for (const { tenantId } of left) {
    for (let deleted = 1; deleted > 0 && !signal.aborted; ) {
      deleted = await database.inTenant(tenantId, (tx) => pruneSomeChanges(tx, tenantId));
      done += deleted;
      onProgress?.(done, total);
    }
  }
}
