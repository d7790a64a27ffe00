import type { FastifyBaseLogger } from 'fastify';
import { LRUCache } from 'lru-cache';
import { needsOwnLine } from '../http/outages.ts';
import { inTenantSnapshotWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { utcDay } from '../store/values/days.ts';
import {
  advanceAggregates,
  deleteAllAggregates,
  hasAggregates,
  makeMissingAggregates,
  readAttendanceWindow,
} from '../store/warehouse/aggregate-writes.ts';
import { noteDatabaseRun } from '../store/warehouse/snapshots.ts';

/** Days whose aggregates one transaction makes, so that its work fits into memory. */
const DAYS_PER_WRITE = 7;
/** A refresh serves all calls of this time. Later rows are read by the calls themselves. */
const REFRESHED_MS = 5_000;
const REMEMBERED_REFRESHES = 1_000;

/** Brings the aggregates of one organisation up to date, and makes those of `window` that are missing. */
export async function makeAggregates(
  database: Database,
  tenantId: string,
  window: DayWindow,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (left: number) => void } = {},
): Promise<void> {
  // Aggregates name the run of the database to which their snapshot belongs.
  await database.inSystem(noteDatabaseRun);
  await inTenantSnapshotWithRetries(database, tenantId, (tx) => advanceAggregates(tx, tenantId));
  for (let left = 1; left > 0 && !signal?.aborted; ) {
    left = await inTenantSnapshotWithRetries(database, tenantId, (tx) =>
      makeMissingAggregates(tx, tenantId, window, DAYS_PER_WRITE),
    );
    onProgress?.(left);
  }
}

/** Deletes the aggregates of an organisation and makes them again, for all days. `onProgress` receives days. */
export async function rebuildAggregates(
  database: Database,
  tenantId: string,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<void> {
  await inTenantSnapshotWithRetries(database, tenantId, (tx) => deleteAllAggregates(tx, tenantId));
  const window = await database.inTenant(tenantId, (tx) => readAttendanceWindow(tx, tenantId));
  if (!window) return;
  let total: number | undefined;
  await makeAggregates(database, tenantId, window, {
    ...(signal && { signal }),
    onProgress: (left) => {
      total ??= left + DAYS_PER_WRITE;
      onProgress?.(total - left, total);
    },
  });
}

/** Brings the aggregates of all organisations up to date. Makes none for days that have none. */
export async function advanceAllAggregates({ database, clock, signal, onProgress }: JobWork): Promise<void> {
  const today = utcDay(clock());
  const tenantIds = await database.inSystem(organisationIds);
  for (const [index, tenantId] of tenantIds.entries()) {
    if (signal.aborted) return;
    const has = await database.inTenant(tenantId, (tx) => hasAggregates(tx, tenantId));
    if (has) await makeAggregates(database, tenantId, { from: today, before: today }, { signal });
    onProgress?.(index + 1, tenantIds.length);
  }
}

/**
 * Keeps aggregates for calls of metrics. It saves work and never changes an answer: what is not stored, a call computes
 * from the rows.
 */
export class AggregateKeeper {
  readonly #database: Database;
  readonly #log: FastifyBaseLogger;
  /** Transactions of one organisation that write aggregates at the same time would fail and begin again. */
  readonly #writeQueue = new TenantWriteQueue();
  /** Running and recent refreshes, by organisation and window. */
  readonly #refreshes = new LRUCache<string, Promise<void>>({ max: REMEMBERED_REFRESHES });

  constructor(database: Database, log: FastifyBaseLogger) {
    this.#database = database;
    this.#log = log;
  }

  /** Resolves when the aggregates of `window` are stored, or cannot be stored. */
  refresh(tenantId: string, window: DayWindow): Promise<void> {
    const key = `${tenantId} ${window.from} ${window.before}`;
    const known = this.#refreshes.get(key);
    if (known) return known;
    const refresh = this.#writeQueue
      .take(tenantId, () => makeAggregates(this.#database, tenantId, window))
      .catch((err: unknown) => {
        // The call itself meets an outage next, and reports it.
        if (needsOwnLine(err))
          this.#log.warn({ err }, 'aggregates could not be stored; metrics are computed from the rows');
      });
    // Its time begins when it has ended.
    this.#refreshes.set(key, refresh);
    void refresh.then(() => this.#refreshes.set(key, refresh, { ttl: REFRESHED_MS }));
    return refresh;
  }
}
