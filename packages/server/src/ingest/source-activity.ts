import type { FastifyBaseLogger } from 'fastify';
import type { Monitor } from '../http/monitoring/monitor.ts';
import { needsOwnLine } from '../http/outages.ts';
import { textFault } from '../http/text.ts';
import type { Database } from '../store/connections/db.ts';
import { runForTenants } from '../store/connections/tenant-batches.ts';
import { MOST_SOURCES, type SourceCount, sourceCountsInsert } from '../store/events/source-counts.ts';
import type { RefusalCause } from './refusal-causes.ts';

const HOUR_MS = 3_600_000;
const FLUSH_MS = 5_000;
/** In UTF-8. PostgreSQL refuses longer keys of an index, and then the counts of all organisations. */
const LONGEST_SOURCE_ID_BYTES = 2_048;

/** The outcome of a request with events. */
export interface Activity {
  endpoint: string;
  /** Empty if requests of the endpoint name no source. */
  sourceId: string;
  accepted: number;
  refused: number;
  /** The cause of each refusal, where the endpoint has one for each event. */
  causes?: readonly RefusalCause[];
  atMs: number;
}

/** Counts the events of sources. */
export type ActivityCounter = Pick<SourceActivity, 'note'>;

/** For events that no source sends now. */
export const COUNTS_NOTHING: ActivityCounter = { note: () => undefined };

interface Deps {
  database: Database;
  log: Pick<FastifyBaseLogger, 'warn'>;
  monitor?: Pick<Monitor, 'noteEvents'> | undefined;
}

/**
 * Counts accepted and refused events by source and hour, in memory. It adds the counts to the database every few
 * seconds, those of all organisations in one transaction; if that fails, those of each half of the organisations, and so
 * on. If the process is killed, the counts of these seconds are lost; the events are not.
 */
export class SourceActivity {
  readonly #deps: Deps;
  readonly #timer: NodeJS.Timeout;
  /** By organisation, then by endpoint, source and hour. */
  #counts = new Map<string, Map<string, SourceCount>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#flushQuietly(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Counts a request's events. Ignores a source with an id that the database cannot hold, or cannot index. */
  note(tenantId: string, activity: Activity): void {
    this.#deps.monitor?.noteEvents(activity);
    this.#count(tenantId, activity);
  }

  #count(tenantId: string, activity: Activity): void {
    const { endpoint, sourceId, atMs } = activity;
    let ofTenant = this.#counts.get(tenantId);
    if (!ofTenant) {
      ofTenant = new Map();
      this.#counts.set(tenantId, ofTenant);
    }
    const hourMs = atMs - (atMs % HOUR_MS);
    const key = `${endpoint} ${hourMs} ${sourceId}`;
    const known = ofTenant.get(key);
    if (known) {
      add(known, activity);
      return;
    }
    if (ofTenant.size >= MOST_SOURCES || !isCounted(sourceId)) return;
    const { accepted, refused } = activity;
    ofTenant.set(key, {
      endpoint,
      sourceId,
      hourMs,
      accepted,
      refused,
      firstEventMs: atMs,
      lastEventMs: atMs,
    });
  }

  /** Adds the counts to the database. Throws what prevented it, and keeps the counts of that organisation for the next time. */
  async flush(): Promise<void> {
    for (const error of (await this.#store()).values()) throw error;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushQuietly();
  }

  async #flushQuietly(): Promise<void> {
    for (const [tenantId, err] of await this.#store()) {
      // Requests meet an outage, too, and report it.
      if (needsOwnLine(err))
        this.#deps.log.warn({ err, tenantId }, 'the counts of sources could not be stored');
    }
  }

  /** Returns the error of each organisation whose counts wait for the next time. */
  async #store(): Promise<ReadonlyMap<string, unknown>> {
    const counts = this.#counts;
    this.#counts = new Map();
    const failures = await runForTenants(this.#deps.database, [...counts.keys()], (tenantId) =>
      sourceCountsInsert(tenantId, [...(counts.get(tenantId)?.values() ?? [])]),
    );
    for (const tenantId of failures.keys()) this.#takeBack(tenantId, counts.get(tenantId) ?? new Map());
    return failures;
  }

  #takeBack(tenantId: string, ofTenant: ReadonlyMap<string, SourceCount>): void {
    for (const count of ofTenant.values()) {
      const { endpoint, sourceId, accepted, refused, firstEventMs, lastEventMs } = count;
      const common = { endpoint, sourceId };
      this.#count(tenantId, { ...common, accepted, refused, atMs: lastEventMs });
      this.#count(tenantId, { ...common, accepted: 0, refused: 0, atMs: firstEventMs });
    }
  }
}

function isCounted(sourceId: string): boolean {
  return textFault(sourceId) === undefined && Buffer.byteLength(sourceId) <= LONGEST_SOURCE_ID_BYTES;
}

function add(count: SourceCount, { accepted, refused, atMs }: Activity): void {
  count.accepted += accepted;
  count.refused += refused;
  if (atMs < count.firstEventMs) count.firstEventMs = atMs;
  if (atMs > count.lastEventMs) count.lastEventMs = atMs;
}
