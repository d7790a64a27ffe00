import { trimRequests } from '../http/request-record.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { pruneEventDays } from '../store/events/event-days.ts';
import { pruneSourceCounts } from '../store/events/source-counts.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { SOURCE_DAYS } from './source-routes.ts';

/** Days of a list begin at midnight of any time zone. */
const KEPT_COUNTS_MS = (SOURCE_DAYS + 1) * DAY_MS;

/**
 * Deletes counts of sources and of stored events, sources and answered requests that are too old, one organisation after the other. Throws
 * `StoreUnavailableError`.
 */
export async function pruneActivity({ database, clock, signal, onProgress }: JobWork): Promise<void> {
  let pruned = 0;
  for (const tenantId of await database.inSystem(organisationIds)) {
    if (signal.aborted) return;
    const kept = { before: new Date(clock() - KEPT_COUNTS_MS), habitDays: SOURCE_DAYS };
    const before = utcDay(kept.before.getTime());
    pruned += await database.inTenant(
      tenantId,
      async (tx) =>
        (await pruneSourceCounts(tx, tenantId, kept)) + (await pruneEventDays(tx, tenantId, before)),
    );
    pruned += await trimRequests({ database, clock }, tenantId);
    onProgress?.(pruned, pruned);
  }
}
