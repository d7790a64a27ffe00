import type { FastifyBaseLogger } from 'fastify';
import { auditEntriesInsert, type NewAuditEntry } from '../../store/audit/entries.ts';
import type { Database } from '../../store/connections/db.ts';
import { runForTenants } from '../../store/connections/tenant-batches.ts';
import { isUnavailable } from '../../store/connections/unavailable.ts';
import { addTo } from '../../store/values/group-by.ts';
import { needsOwnLine } from '../outages.ts';
import { type ShareHolder, Shares } from '../shares.ts';
import { toEntry } from './entry.ts';

/** Entries that wait while the database cannot store them. The buffer counts those beyond, and says so. */
const MOST_WAITING = 20_000;
/** With this, an organisation that is alone has seven eighths of them. */
const ORGANISATION_TIMES_FREE = 7;
/** Entries of an organisation in one statement. */
const MOST_IN_STATEMENT = 500;

export interface BufferDeps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

/**
 * Entries that no transaction of their own stores. They wait in memory until the next flush. Organisations have shares of the
 * room, so that one with many entries costs no other one its own.
 */
export class AuditBuffer {
  readonly #deps: BufferDeps;
  readonly #shares = new Shares(MOST_WAITING);
  readonly #waiting = new Map<string, NewAuditEntry[]>();
  readonly #lost = new Map<string, number>();
  #count = 0;

  constructor(deps: BufferDeps) {
    this.#deps = deps;
  }

  keep(tenantId: string, entry: NewAuditEntry): void {
    if (!this.#add(tenantId, entry)) this.#lose(tenantId, 1);
  }

  /** Stores the entries, 500 of each organisation at a time. What the database cannot store now goes on waiting. */
  async flush(): Promise<void> {
    while (await this.#flushStatements());
  }

  /** Returns whether there may be more to store at once. */
  async #flushStatements(): Promise<boolean> {
    this.#reportLost();
    const taken = new Map<string, NewAuditEntry[]>();
    for (const [tenantId, entries] of this.#waiting) {
      taken.set(tenantId, entries.splice(0, MOST_IN_STATEMENT));
      if (entries.length === 0) this.#waiting.delete(tenantId);
    }
    const failures = await this.#store(taken);
    let isMore = false;
    for (const [tenantId, entries] of taken) {
      const error = failures.get(tenantId);
      if (error === undefined) {
        this.#release(tenantId, entries.length);
        isMore ||= entries.length === MOST_IN_STATEMENT;
      } else if (isUnavailable(error)) {
        this.#putBack(tenantId, entries);
        if (needsOwnLine(error)) this.#deps.log.warn({ err: error }, 'audit entries could not be stored yet');
      } else {
        await this.#storeEach(tenantId, entries);
      }
    }
    return isMore;
  }

  /** An entry that the database refuses must not keep the others out. */
  async #storeEach(tenantId: string, entries: readonly NewAuditEntry[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      const error = (await this.#store(new Map([[tenantId, [entry]]]))).get(tenantId);
      if (isUnavailable(error)) return this.#putBack(tenantId, entries.slice(index));
      this.#release(tenantId, 1);
      if (error === undefined) continue;
      this.#deps.log.error({ err: error, action: entry.action }, 'the database refused an audit entry');
      this.#lose(tenantId, 1);
    }
  }

  #store(entries: ReadonlyMap<string, NewAuditEntry[]>): Promise<Map<string, unknown>> {
    return runForTenants(this.#deps.database, [...entries.keys()], (tenantId) =>
      auditEntriesInsert(entries.get(tenantId) ?? []),
    );
  }

  /** Returns false if the share of the organisation is used up. */
  #add(tenantId: string, entry: NewAuditEntry): boolean {
    if (!this.#shares.take(holdersOf(tenantId), 1)) return false;
    this.#count++;
    addTo(this.#waiting, tenantId, entry);
    return true;
  }

  #putBack(tenantId: string, entries: readonly NewAuditEntry[]): void {
    this.#waiting.set(tenantId, [...entries, ...(this.#waiting.get(tenantId) ?? [])]);
  }

  #release(tenantId: string, entries: number): void {
    this.#count -= entries;
    this.#shares.giveBack(holdersOf(tenantId), entries);
  }

  #lose(tenantId: string, entries: number): void {
    this.#lost.set(tenantId, (this.#lost.get(tenantId) ?? 0) + entries);
  }

  #reportLost(): void {
    for (const [tenantId, entries] of this.#lost) {
      const context = { address: null, userAgent: null, correlationId: null };
      const event = { action: 'audit.lost', actor: null, context, metadata: { entries } } as const;
      if (!this.#add(tenantId, toEntry(event, this.#deps.clock()))) continue;
      this.#lost.delete(tenantId);
      this.#deps.log.error({ tenantId, entries }, 'audit entries were lost: the database did not store them');
    }
  }

  /** Stores the rest, and what was lost. What cannot be stored now is lost. */
  async close(): Promise<void> {
    const left = () => [...this.#lost.values()].reduce((sum, entries) => sum + entries, this.#count);
    for (let before = -1; left() > 0 && before !== left(); ) {
      before = left();
      await this.flush();
    }
    if (left() > 0)
      this.#deps.log.error(
        { entries: left() },
        'audit entries were lost: the server ended without its database',
      );
  }
}

function holdersOf(tenantId: string): ShareHolder[] {
  return [{ name: tenantId, timesFree: ORGANISATION_TIMES_FREE }];
}
