import { LRUCache } from 'lru-cache';
import type { InstantUs } from '../http/instants.ts';
import type { Database } from '../store/connections/db.ts';
import { type RetentionKindName, retentionKind } from '../store/privacy/retention-kinds.ts';
import { firstKeptDay, type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { periodWords } from '../store/values/period.ts';
import type { Fault } from './refusal-causes.ts';

/** A day begins at most this long before it begins in UTC. */
const EARLIEST_MIDNIGHT_US = 14 * 3_600_000_000;
/** For so long, a retention that was read counts. The job removes what is stored meanwhile. */
const FRESH_MS = 5_000;
const MOST_TENANTS = 1_000;

/** Says which events are older than what an organisation keeps. */
export class PastRetention {
  readonly #database: Database;
  readonly #stopwatch: () => number;
  readonly #known = new LRUCache<string, { readMs: number; retention: Retention }>({ max: MOST_TENANTS });

  /** `stopwatch` is a monotonic clock, in milliseconds. */
  constructor(database: Database, stopwatch: () => number = () => performance.now()) {
    this.#database = database;
    this.#stopwatch = stopwatch;
  }

  /**
   * Returns a function that gives the fault of an event whose rows the retention of the organisation would remove. It reads
   * the retention only if an event is older than the shortest one possible, so events of now cost nothing. Batches of the next
   * seconds share what it reads. Throws `StoreUnavailableError`.
   */
  async faultOf(
    tenantId: string,
    kind: RetentionKindName,
    { instants, nowMs }: { instants: readonly (InstantUs | undefined)[]; nowMs: number },
  ): Promise<(observedAtUs: InstantUs | undefined) => Fault | undefined> {
    const youngestUs = (nowMs - retentionKind(kind).shortestDays * DAY_MS) * 1_000;
    if (!instants.some((instant) => instant !== undefined && instant < youngestUs)) return () => undefined;
    const retention = await this.#retentionOf(tenantId);
    const day = firstKeptDay(retention, kind, utcDay(nowMs));
    const kept = retention[kind];
    if (day === undefined || kept === null) return () => undefined;
    const firstUs = Date.parse(day) * 1_000 - EARLIEST_MIDNIGHT_US;
    const message = `timestamp is before ${day}: the organisation keeps such events for ${periodWords(kept)}`;
    return (observedAtUs) =>
      observedAtUs !== undefined && observedAtUs < firstUs ? { cause: 'pastRetention', message } : undefined;
  }

  async #retentionOf(tenantId: string): Promise<Retention> {
    const known = this.#known.get(tenantId);
    const nowMs = this.#stopwatch();
    if (known && nowMs - known.readMs < FRESH_MS) return known.retention;
    const retention = await this.#database.inTenant(tenantId, (tx) => readRetention(tx, tenantId));
    this.#known.set(tenantId, { readMs: nowMs, retention });
    return retention;
  }
}
