import type { FastifyBaseLogger } from 'fastify';
import { auditEntriesInsert, type NewAuditEntry } from '../../store/audit/entries.ts';
import type { Database } from '../../store/connections/db.ts';
import { runForTenants } from '../../store/connections/tenant-batches.ts';
import { isUnavailable } from '../../store/connections/unavailable.ts';
import { needsOwnLine } from '../outages.ts';
import { toEntry } from './entry.ts';

/** Entries that wait while the database cannot store them. The buffer counts those beyond, and says so. */
const MOST_WAITING = 20_000;
/** Entries of an organisation in one statement. */
const MOST_IN_STATEMENT = 500;

export interface BufferDeps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

/** Entries that no transaction of their own stores. They wait in memory until the next flush. */
export class AuditBuffer {
  readonly #deps: BufferDeps;
  readonly #waiting = new Map<string, NewAuditEntry[]>();
  readonly #lost = new Map<string, number>();
  #count = 0;

  constructor(deps: BufferDeps) {
    this.#deps = deps;
  }

  /** How many entries wait. */
  get size(): number {
    return this.#count;
  }

  keep(tenantId: string, entry: NewAuditEntry): void {
    if (this.#count >= MOST_WAITING) {
      this.#lose(tenantId, 1);
      return;
    }
    this.#count++;
    const entries = this.#waiting.get(tenantId);
    if (entries) entries.push(entry);
    else this.#waiting.set(tenantId, [entry]);
  }

  /** Stores entries, at most 500 of each organisation. What the database cannot store now goes on waiting. */
  async flush(): Promise<void> {
    this.#reportLost();
    const taken = new Map<string, NewAuditEntry[]>();
    for (const [tenantId, entries] of this.#waiting) {
      taken.set(tenantId, entries.splice(0, MOST_IN_STATEMENT));
      if (entries.length === 0) this.#waiting.delete(tenantId);
    }
    for (const [tenantId, error] of await this.#store(taken)) {
      const entries = taken.get(tenantId) ?? [];
      taken.delete(tenantId);
      if (isUnavailable(error)) {
        this.#waiting.set(tenantId, [...entries, ...(this.#waiting.get(tenantId) ?? [])]);
        if (needsOwnLine(error)) this.#deps.log.warn({ err: error }, 'audit entries could not be stored yet');
        continue;
      }
      this.#count -= entries.length;
      await this.#storeEach(tenantId, entries);
    }
    for (const entries of taken.values()) this.#count -= entries.length;
  }

  /** An entry that the database refuses must not keep the others out. */
  async #storeEach(tenantId: string, entries: readonly NewAuditEntry[]): Promise<void> {
    for (const entry of entries) {
      const error = (await this.#store(new Map([[tenantId, [entry]]]))).get(tenantId);
      if (error === undefined) continue;
      if (isUnavailable(error)) this.keep(tenantId, entry);
      else {
        this.#deps.log.error({ err: error, action: entry.action }, 'the database refused an audit entry');
        this.#lose(tenantId, 1);
      }
    }
  }

  #store(entries: ReadonlyMap<string, NewAuditEntry[]>): Promise<Map<string, unknown>> {
    return runForTenants(this.#deps.database, [...entries.keys()], (tenantId) =>
      auditEntriesInsert(entries.get(tenantId) ?? []),
    );
  }

  #lose(tenantId: string, entries: number): void {
    this.#lost.set(tenantId, (this.#lost.get(tenantId) ?? 0) + entries);
  }

  #reportLost(): void {
    if (this.#count >= MOST_WAITING) return;
    for (const [tenantId, entries] of this.#lost) {
      this.#lost.delete(tenantId);
      this.#deps.log.error({ tenantId, entries }, 'audit entries were lost: the database did not store them');
      const context = { address: null, userAgent: null, correlationId: null };
      const event = { action: 'audit.lost', actor: null, context, metadata: { entries } } as const;
      this.keep(tenantId, toEntry(event, this.#deps.clock()));
    }
  }

  /** Stores the rest. What cannot be stored now is lost. */
  async close(): Promise<void> {
    for (let before = -1; this.#count > 0 && before !== this.#count; ) {
      before = this.#count;
      await this.flush();
    }
    if (this.#count > 0)
      this.#deps.log.error(
        { entries: this.#count },
        'audit entries were lost: the server ended without its database',
      );
  }
}
