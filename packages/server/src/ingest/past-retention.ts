import { LRUCache } from 'lru-cache';
import type { InstantUs } from '../http/instants.ts';
import type { Database } from '../store/connections/db.ts';
import { type ClosedYears, listClosedYears } from '../store/privacy/pseudonym-years.ts';
import { type RetentionKindName, retentionKind } from '../store/privacy/retention-kinds.ts';
import { firstKeptDay, type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { periodWords } from '../store/values/period.ts';
import type { Fault } from './refusal-causes.ts';

/** A day begins at most this long before it begins in UTC. */
const EARLIEST_MIDNIGHT_US = 14 * 3_600_000_000;
/** A day ends at most this long after it ends in UTC. */
const LATEST_MIDNIGHT_US = 12 * 3_600_000_000;
/** For so long, a retention that was read counts. The job removes what is stored meanwhile. */
const FRESH_MS = 5_000;
const MOST_TENANTS = 1_000;

/** What an organisation keeps. */
interface Known {
  /** When it was read, by the stopwatch. */
  readMs: number;
  retention: Retention;
  closedYears: ClosedYears;
}

/** Says which events are older than what an organisation keeps. */
export class PastRetention {
  readonly #database: Database;
  readonly #stopwatch: () => number;
  readonly #known = new LRUCache<string, Known>({ max: MOST_TENANTS });

  /** `stopwatch` is a monotonic clock, in milliseconds. */
  constructor(database: Database, stopwatch: () => number = () => performance.now()) {
    this.#database = database;
    this.#stopwatch = stopwatch;
  }

  /**
   * Returns a function that gives the fault of an event whose rows the retention of the organisation would remove, or of a year
   * whose names have ended for good: nobody can say of such an event whether it is stored. It reads
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
    const { retention, closedYears } = await this.#knownOf(tenantId);
    const day = firstKeptDay(retention, kind, utcDay(nowMs));
    const kept = retention[kind];
    const firstUs = day === undefined ? -Infinity : Date.parse(day) * 1_000 - EARLIEST_MIDNIGHT_US;
    return (observedAtUs) => {
      if (observedAtUs === undefined) return undefined;
      if (observedAtUs < firstUs && kept !== null) {
        const message = `timestamp is before ${day}: the organisation keeps such events for ${periodWords(kept)}`;
        return { cause: 'pastRetention', message };
      }
      if (kind === 'occupancy') return undefined;
      const closed = kind === 'visitors' ? closedYears.visitors : closedYears.people;
      // The office is not known yet. At New Year, its local day may be of either year, and to open a closed one again is worse.
      const year = [-LATEST_MIDNIGHT_US, EARLIEST_MIDNIGHT_US]
        .map((offsetUs) => new Date((observedAtUs + offsetUs) / 1_000).getUTCFullYear())
        .find((each) => closed.has(each));
      if (year === undefined) return undefined;
      const message = `timestamp is in ${year}: the names of that year have ended, and the server cannot tell whether it has the event`;
      return { cause: 'pastRetention', message };
    };
  }

  async #knownOf(tenantId: string): Promise<Known> {
    const known = this.#known.get(tenantId);
    const readMs = this.#stopwatch();
    if (known && readMs - known.readMs < FRESH_MS) return known;
    const read = await this.#database.inTenant(tenantId, async (tx) => ({
      readMs,
      retention: await readRetention(tx, tenantId),
      closedYears: await listClosedYears(tx, tenantId),
    }));
    this.#known.set(tenantId, read);
    return read;
  }
}
