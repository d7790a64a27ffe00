import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { Database } from '../store/connections/db.ts';
import { runForTenants } from '../store/connections/tenant-batches.ts';
import {
  type AnsweredRequestRow,
  answeredRequestsInsert,
  trimAnsweredRequests,
} from '../store/events/answered-requests.ts';
import { needsOwnLine } from './outages.ts';

const FLUSH_MS = 5_000;
/** Of successes that are alike, the record keeps this many in `FLUSH_MS`, and counts the rest. */
const KEPT_ALIKE = 3;
/** It keeps all failures. After this many of an organisation in `FLUSH_MS`, it counts those that are alike. */
const MOST_FAILURES = 200;
/** Different kinds of requests of an organisation in `FLUSH_MS`. The record has none of further kinds. */
const MOST_KINDS = 200;
/** The record trims an organisation's requests after this many rows more. The job `activity` does so, too. */
const TRIM_AFTER = 1_000;
/** What is kept of each organisation. */
const KEPT_MS = 24 * 3_600_000;
const KEPT_ROWS = 20_000;

/** A request at the end of its answer. */
export interface Answered {
  tenantId: string;
  method: string;
  route: string;
  status: number;
  /** The folded id of the key or of the SCIM token; null for a person. */
  caller: string | null;
  /** The rule that refused it; null if none did. */
  refusal: string | null;
  durationMs: number;
  correlationId: string;
}

/** The bytes of a request and its answer, where their headers state them. */
export interface AnsweredBytes {
  requestBytes: number | null;
  responseBytes: number | null;
}

/** The requests of an organisation since the last time that they were stored. */
interface Waiting {
  rows: AnsweredRequestRow[];
  failures: number;
  /** By method, route, status, refusal and caller: the last kept row, and how many are kept. */
  kinds: Map<string, { last: AnsweredRequestRow; kept: number }>;
}

interface Deps {
  database: Database;
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'warn'>;
}

/**
 * Keeps answered requests of callers with an organisation, for a day. It stores them every few seconds, those of all
 * organisations in one transaction; if that fails, those of each half of the organisations, and so on. Requests of the
 * last seconds are lost if the process is killed.
 */
export class RequestRecord {
  readonly #deps: Deps;
  readonly #timer: NodeJS.Timeout;
  readonly #sinceTrim = new Map<string, number>();
  #waiting = new Map<string, Waiting>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Notes a request. `bytesOf` is called only if the record keeps a row of it. */
  note(answered: Answered, bytesOf: () => AnsweredBytes): void {
    let waiting = this.#waiting.get(answered.tenantId);
    if (!waiting) {
      waiting = { rows: [], failures: 0, kinds: new Map() };
      this.#waiting.set(answered.tenantId, waiting);
    }
    const { method, route, status, refusal, caller } = answered;
    const kindName = `${status} ${refusal} ${method} ${route} ${caller}`;
    const kind = waiting.kinds.get(kindName);
    if (kind && !this.#isKept(waiting, status, kind.kept)) {
      kind.last.further++;
      return;
    }
    if (!kind && waiting.kinds.size >= MOST_KINDS) return;
    if (status >= 400) waiting.failures++;
    const last = toRow(answered, bytesOf(), this.#deps.clock());
    waiting.rows.push(last);
    waiting.kinds.set(kindName, { last, kept: (kind?.kept ?? 0) + 1 });
  }

  #isKept({ failures }: Waiting, status: number, alike: number): boolean {
    return status >= 400 ? failures < MOST_FAILURES : alike < KEPT_ALIKE;
  }

  /** Stores what was noted. What cannot be stored is lost: the log has a line of each request, too. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    this.#waiting = new Map();
    const rowsOf = (tenantId: string) => waiting.get(tenantId)?.rows ?? [];
    const failures = await runForTenants(this.#deps.database, [...waiting.keys()], (tenantId) =>
      answeredRequestsInsert(tenantId, rowsOf(tenantId)),
    );
    for (const [tenantId, err] of failures) this.#report(tenantId, err);
    for (const tenantId of waiting.keys()) {
      if (failures.has(tenantId)) continue;
      await this.#trimIfDue(tenantId, rowsOf(tenantId).length).catch((err) => this.#report(tenantId, err));
    }
  }

  #report(tenantId: string, err: unknown): void {
    // Requests meet an outage, too, and report it.
    if (needsOwnLine(err)) this.#deps.log.warn({ err, tenantId }, 'answered requests could not be stored');
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #trimIfDue(tenantId: string, added: number): Promise<void> {
    const total = (this.#sinceTrim.get(tenantId) ?? 0) + added;
    this.#sinceTrim.set(tenantId, total < TRIM_AFTER ? total : 0);
    if (total >= TRIM_AFTER) await trimRequests(this.#deps, tenantId);
  }
}

/** Deletes the requests of an organisation that are too old or too many. Returns how many. */
export function trimRequests(
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  tenantId: string,
): Promise<number> {
  const kept = { before: new Date(clock() - KEPT_MS), keep: KEPT_ROWS };
  return database.inTenant(tenantId, (tx) => trimAnsweredRequests(tx, tenantId, kept));
}

function toRow({ tenantId: _, ...answered }: Answered, bytes: AnsweredBytes, nowMs: number) {
  return { requestId: randomUUID(), answeredAtMs: nowMs, ...answered, ...bytes, further: 0 };
}
