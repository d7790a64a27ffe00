import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { pruneReplacements } from '../store/privacy/replacement-retention.ts';
import { DAY_MS } from '../store/values/days.ts';
import {
  countPrunableChanges,
  moveAttendanceMarks,
  pruneSomeChanges,
} from '../store/warehouse/attendance-retention.ts';

/** How long the server keeps changes of attendance. It refuses older cursors. */
export const CHANGES_KEPT_DAYS = 90;

/**
 * Deletes changes of attendance that are older than `CHANGES_KEPT_DAYS`, and with them what leads from pseudonyms to people.
 * Before it deletes any, the server refuses
 * cursors that have not seen them. Throws `StoreUnavailableError`.
 */
export async function pruneAttendanceChanges({
  database,
  clock,
  signal,
  onProgress,
}: JobWork): Promise<void> {
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
  for (const tenantId of await database.inSystem(organisationIds)) {
    if (signal.aborted) return;
    await inTenantWithRetries(database, tenantId, (tx) => pruneReplacements(tx, tenantId));
  }
}
