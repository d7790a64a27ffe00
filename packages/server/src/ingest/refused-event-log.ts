import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../auth/guard.ts';
import { LONGEST_TEXT } from '../http/text.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import {
  insertRefusedEvents,
  type RefusedEventRow,
  type RetryObstacle,
  trimRefusedEvents,
} from '../store/events/refused-events.ts';
import { isRefusal, type RefusalCause } from './refusal-causes.ts';

const KEPT_MS = 30 * 24 * 3_600_000;
/** Events with JSON of at most this many bytes of UTF-8 are kept whole. */
export const LONGEST_WHOLE_EVENT = 16_384;
/** How many UTF-16 units are kept of a longer event. */
const SHOWN_OF_LONG_EVENT = 8_192;
/** An organisation may keep this much JSON for each event that it may keep. */
const BYTES_PER_KEPT_EVENT = 4_096;
/** The log trims an organisation's refused events after this many more, and once an hour. */
const TRIM_AFTER = 1_000;
/** To sum up the bytes is more work than to count. The log does it after this part of the permitted bytes is added. */
const TRIM_BYTES_AFTER = 1 / 8;
const TRIM_EVERY_MS = 3_600_000;

export interface RefusedEventInput {
  sourceId: string | undefined;
  eventId: string | undefined;
  resultCode: number | undefined;
  cause: RefusalCause;
  reason: string;
  event: unknown;
}

/** Keeps the events that ingest refuses. */
export type RefusalKeeper = Pick<RefusedEventLog, 'rowsOf' | 'record' | 'noteKept'>;

/** For work that tells of refusals itself. */
export const KEEPS_NO_REFUSAL: RefusalKeeper = {
  rowsOf: () => [],
  record: async () => undefined,
  noteKept: async () => undefined,
};

/** Returns the refused events. `outcomes` has the order of `events`. */
export function refusedOf(
  events: readonly { eventId: string }[],
  outcomes: readonly object[],
  sourceId?: string,
): RefusedEventInput[] {
  return events.flatMap((event, index) => {
    const outcome = outcomes[index];
    if (!isRefusal(outcome)) return [];
    const { resultCode, cause, message: reason } = outcome;
    return [{ sourceId, eventId: event.eventId, resultCode, cause, reason, event }];
  });
}

interface Due {
  sumsBytes: boolean;
}

interface Deps {
  database: Database;
  clock: () => number;
  keep: number;
  log: FastifyBaseLogger;
}

/** What was added since the last trimming. */
interface Added {
  rows: number;
  bytes: number;
}

/**
 * Keeps refused events with their reason, for 30 days at most: the newest `keep` of each organisation, and of these only
 * the newest whose JSON together has `keep` times 4 KiB.
 */
export class RefusedEventLog {
  readonly #deps: Deps;
  readonly #sinceTrim = new Map<string, Added>();
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
    const sender = caller.kind === 'account' ? ('account' as const) : ('key' as const);
    const common = { refusedAtMs: clock(), apiKeyFolded: caller.nameFolded, sender, endpoint };
    return events.slice(-keep).map((event) => toRow(event, common));
  }

  /** Writes refusals within the transaction that stores the rest of their batch. */
  async record(tx: Tx, caller: Caller, endpoint: string, events: RefusedEventInput[]): Promise<void> {
    const rows = this.rowsOf(caller, endpoint, events);
    if (rows.length === 0) return;
    await insertRefusedEvents(tx, caller.tenantId, rows);
    const due = this.#trimDue(caller.tenantId, rows);
    if (due) await this.#trim(tx, caller.tenantId, due);
  }

  /** Counts refusals that were committed, and trims the log if that is due. */
  async noteKept(tenantId: string, rows: readonly RefusedEventRow[]): Promise<void> {
    const due = this.#trimDue(tenantId, rows);
    if (!due) return;
    const { database, log } = this.#deps;
    await database
      .inTenant(tenantId, (tx) => this.#trim(tx, tenantId, due))
      .catch((error: unknown) => log.warn({ err: error }, 'old refused events could not be deleted'));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #bytesKept(): number {
    return this.#deps.keep * BYTES_PER_KEPT_EVENT;
  }

  /** Counts added rows. Says whether the log must trim now, and whether it must sum up the bytes. */
  #trimDue(tenantId: string, rows: readonly RefusedEventRow[]): Due | undefined {
    const added = this.#sinceTrim.get(tenantId) ?? { rows: 0, bytes: 0 };
    this.#sinceTrim.set(tenantId, added);
    added.rows += rows.length;
    // UTF-16 units are close enough to bytes for the time of a trimming; the trimming itself counts bytes.
    for (const { event } of rows) added.bytes += event?.length ?? 0;
    const sumsBytes = added.bytes >= this.#bytesKept * TRIM_BYTES_AFTER;
    if (added.rows < TRIM_AFTER && !sumsBytes) return undefined;
    if (added.rows >= TRIM_AFTER) added.rows = 0;
    if (sumsBytes) added.bytes = 0;
    return { sumsBytes };
  }

  async #trim(tx: Tx, tenantId: string, { sumsBytes }: Due): Promise<void> {
    const before = new Date(this.#deps.clock() - KEPT_MS);
    const keptBytes = sumsBytes ? this.#bytesKept : undefined;
    await trimRefusedEvents(tx, tenantId, { before, keep: this.#deps.keep, keptBytes });
  }

  async #trimAll(): Promise<void> {
    const { database, log } = this.#deps;
    try {
      for (const tenantId of await database.inSystem(organisationIds)) {
        await database.inTenant(tenantId, (tx) => this.#trim(tx, tenantId, { sumsBytes: true }));
      }
    } catch (error) {
      log.warn(
        { err: error },
        'old refused events could not be deleted; the server tries again within an hour',
      );
    }
  }
}

/** What the rows of a request have in common. */
type Common = Pick<RefusedEventRow, 'refusedAtMs' | 'apiKeyFolded' | 'sender' | 'endpoint'>;

function toRow(refused: RefusedEventInput, common: Common): RefusedEventRow {
  const { sourceId, eventId, resultCode, cause, reason, event } = refused;
  const keptSourceId = storable(sourceId, LONGEST_TEXT);
  const json = JSON.stringify(event) as string | undefined;
  const isLong = isLongerThan(json, LONGEST_WHOLE_EVENT);
  // No spread: it would take a third of the time.
  return {
    refusedAtMs: common.refusedAtMs,
    apiKeyFolded: common.apiKeyFolded,
    sender: common.sender,
    endpoint: common.endpoint,
    sourceId: keptSourceId,
    eventId: storable(eventId, LONGEST_TEXT),
    resultCode: resultCode ?? null,
    cause,
    reason: storable(reason, LONGEST_TEXT) ?? '',
    // JSON escapes NUL and lone surrogates, so this text shows characters that PostgreSQL cannot store.
    event: isLong ? storable(json, SHOWN_OF_LONG_EVENT) : (json ?? null),
    obstacle: obstacleOf({ cause, isLong, isSourceKept: keptSourceId === (sourceId ?? null) }),
  };
}

/** Why the server cannot try an event again; null if it can. */
function obstacleOf(event: {
  cause: RefusalCause;
  isLong: boolean;
  isSourceKept: boolean;
}): RetryObstacle | null {
  if (event.cause === 'malformedRequest') return 'malformedRequest';
  if (event.isLong) return 'tooLong';
  return event.isSourceKept ? null : 'invalidSourceId';
}

/** Whether a text has more than this many bytes in UTF-8. Most texts need no count: no UTF-16 unit has more than 3. */
function isLongerThan(text: string | undefined, bytes: number): boolean {
  return text !== undefined && text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}

/** Makes a text that PostgreSQL can store: shortens it, and replaces the characters that PostgreSQL cannot store. */
function storable(text: string | undefined, longest: number): string | null {
  if (text === undefined) return null;
  // Nearly all texts are storable as they are.
  if (text.length <= longest && !text.includes('\0') && text.isWellFormed()) return text;
  return text.slice(0, longest).replaceAll('\0', '\ufffd').toWellFormed();
}
