import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../auth/guard.ts';
import { LONGEST_TEXT } from '../http/text.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import {
  insertRefusedEvents,
  type RefusedEventRow,
  trimRefusedEvents,
} from '../store/events/refused-events.ts';
import { isRefusal } from './results.ts';

const KEPT_MS = 30 * 24 * 3_600_000;
const LONGEST_EVENT_JSON = 8_192;
/** The log trims an organisation's refused events after this many more, and once an hour. */
const TRIM_AFTER = 1_000;
const TRIM_EVERY_MS = 3_600_000;

export interface RefusedEventInput {
  sourceId: string | undefined;
  eventId: string | undefined;
  resultCode: number | undefined;
  reason: string;
  event: unknown;
}

/** Returns the refused events. `outcomes` has the order of `events`. */
export function refusedOf(
  events: readonly { eventId: string }[],
  outcomes: readonly object[],
  sourceId?: string,
): RefusedEventInput[] {
  return events.flatMap((event, index) => {
    const outcome = outcomes[index];
    if (!isRefusal(outcome)) return [];
    const { resultCode, message: reason } = outcome;
    return [{ sourceId, eventId: event.eventId, resultCode, reason, event }];
  });
}

interface Deps {
  database: Database;
  clock: () => number;
  keep: number;
  log: FastifyBaseLogger;
}

/** Keeps refused events with their reason: the newest `keep` of each organisation, for 30 days at most. */
export class RefusedEventLog {
  readonly #deps: Deps;
  readonly #sinceTrim = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#trimAll(), TRIM_EVERY_MS);
    this.#timer.unref();
  }

  /** Makes rows of refused events, but of no more than the log keeps. */
  rowsOf(caller: Caller, endpoint: string, events: readonly RefusedEventInput[]): RefusedEventRow[] {
    const { keep, clock } = this.#deps;
    if (keep === 0) return [];
    const { nameFolded: apiKeyFolded } = caller;
    const common = { refusedAtMs: clock(), apiKeyFolded, endpoint };
    return events.slice(-keep).map((event) => ({ ...common, ...toRow(event) }));
  }

  /** Writes refusals within the transaction that stores the rest of their batch. */
  async record(tx: Tx, caller: Caller, endpoint: string, events: RefusedEventInput[]): Promise<void> {
    const rows = this.rowsOf(caller, endpoint, events);
    if (rows.length === 0) return;
    await insertRefusedEvents(tx, caller.tenantId, rows);
    if (this.#isTrimDue(caller.tenantId, rows.length)) await this.#trim(tx, caller.tenantId);
  }

  /** Counts refusals that were committed, and trims the log if that is due. */
  async noteKept(tenantId: string, count: number): Promise<void> {
    if (!this.#isTrimDue(tenantId, count)) return;
    const { database, log } = this.#deps;
    await database
      .inTenant(tenantId, (tx) => this.#trim(tx, tenantId))
      .catch((error: unknown) => log.warn({ err: error }, 'old refused events could not be deleted'));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isTrimDue(tenantId: string, count: number): boolean {
    const total = (this.#sinceTrim.get(tenantId) ?? 0) + count;
    this.#sinceTrim.set(tenantId, total < TRIM_AFTER ? total : 0);
    return total >= TRIM_AFTER;
  }

  async #trim(tx: Tx, tenantId: string): Promise<void> {
    await trimRefusedEvents(tx, tenantId, new Date(this.#deps.clock() - KEPT_MS), this.#deps.keep);
  }

  async #trimAll(): Promise<void> {
    const { database, log } = this.#deps;
    try {
      for (const tenantId of await database.inSystem(organisationIds)) {
        await database.inTenant(tenantId, (tx) => this.#trim(tx, tenantId));
      }
    } catch (error) {
      log.warn(
        { err: error },
        'old refused events could not be deleted; the server tries again within an hour',
      );
    }
  }
}

function toRow({ sourceId, eventId, resultCode, reason, event }: RefusedEventInput) {
  return {
    sourceId: storable(sourceId, LONGEST_TEXT),
    eventId: storable(eventId, LONGEST_TEXT),
    resultCode: resultCode ?? null,
    reason: storable(reason, LONGEST_TEXT) ?? '',
    // JSON escapes NUL and lone surrogates, so this text shows characters that PostgreSQL cannot store.
    event: storable(JSON.stringify(event), LONGEST_EVENT_JSON),
  };
}

/** Makes a text that PostgreSQL can store: shortens it, and replaces the characters that PostgreSQL cannot store. */
function storable(text: string | undefined, longest: number): string | null {
  return text?.slice(0, longest).replaceAll('\0', '\ufffd').toWellFormed() ?? null;
}
