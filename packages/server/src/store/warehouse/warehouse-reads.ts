import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Database, StreamKind, Tx } from '../connections/db.ts';
import { StoreUnavailableError } from '../connections/unavailable.ts';
import { PrimaryPositions } from './primary-positions.ts';
import { type EarlierSnapshot, isKept } from './snapshots.ts';

export const READ_SOURCES = ['primary', 'standby'] as const;
/** Which server an answer was read from. */
export type ReadSource = (typeof READ_SOURCES)[number];

/**
 * Why an answer was read from the primary although there is a standby.
 *
 * - `unreachable`: it does not answer.
 * - `behind`: it has not replayed what the answer needs.
 * - `conflict`: PostgreSQL cancelled the read, because replaying had to go on.
 * - `history`: it does not follow the current primary, or is no standby any more.
 * - `cursor`: only the primary can judge the cursor.
 * - `failed`: the read failed in another way.
 */
export const FALLBACK_REASONS = ['unreachable', 'behind', 'conflict', 'history', 'cursor', 'failed'] as const;
export type FallbackReason = (typeof FALLBACK_REASONS)[number];

/** The standby cannot give this answer, so it is read from the primary. */
export class UnfitStandbyError extends Error {
  readonly reason: FallbackReason;

  constructor(reason: FallbackReason) {
    super(`The standby cannot give this answer: ${reason}.`);
    this.name = 'UnfitStandbyError';
    this.reason = reason;
  }
}

/** Hears which server gave an answer, and why the standby did not. */
export interface ReadObserver {
  noteRead(source: ReadSource): void;
  noteFallback(reason: FallbackReason): void;
}

interface ReadsOptions {
  log: { warn(of: object, text: string): void; info(text: string): void };
  observer?: ReadObserver | undefined;
  /** A standby that has not replayed what the primary had written this long ago is not read. */
  mostBehindMs?: number;
  /** How long a read waits for the standby before it goes to the primary. */
  longestWaitMs?: number;
}

interface Read {
  kind: StreamKind;
  tenantId: string;
  /** The snapshots of the cursors of the request. The answer has seen all that they have seen. */
  seen: readonly EarlierSnapshot[];
}

/** Answers may be as old as this: a minute. */
export const MOST_BEHIND_MS = 60_000;
/** How long an answer waits for the standby. */
export const LONGEST_WAIT_MS = 3_000;
const POLL_MS = 20;
const ASK_TIMEOUT_MS = 5_000;
/** A standby that did not answer in time is left alone this long, so that not every request waits for it. */
const REST_MS = 5_000;
/** The log has a line about the standby at most this often. */
const WARN_MS = 60_000;

/**
 * The reads of exports and metrics. They run on the standby, if there is one that is fit for the answer, and else on the primary. An
 * answer falls back to the primary only before its first item.
 */
export class WarehouseReads {
  readonly #database: Database;
  readonly #log: ReadsOptions['log'];
  readonly #observer: ReadObserver | undefined;
  readonly #longestWaitMs: number;
  readonly #positions: PrimaryPositions;
  #isAway = false;
  #restUntilMs = 0;
  #impatientUntilMs = 0;
  #warnedMs: number | undefined;
  #isTroubled = false;

  constructor(
    database: Database,
    { log, observer, mostBehindMs = MOST_BEHIND_MS, longestWaitMs = LONGEST_WAIT_MS }: ReadsOptions,
  ) {
    this.#database = database;
    this.#log = log;
    this.#observer = observer;
    this.#longestWaitMs = longestWaitMs;
    this.#positions = new PrimaryPositions(database, mostBehindMs);
  }

  /**
   * Yields the items of `read`, which runs in one transaction with one snapshot of the rows of the organisation. Runs `read` again if the
   * standby turns out to be unfit before its first item. Throws `StoreUnavailableError`, and what `read` throws.
   */
  async *stream<T>(
    call: Read,
    read: (tx: Tx, source: ReadSource) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    const { kind, tenantId } = call;
    if (this.#database.standby) {
      const lsn = await this.#positions.least();
      let isBegun = false;
      try {
        for await (const item of this.#onStandby(call, lsn, read)) {
          if (!isBegun) this.#noteUse();
          isBegun = true;
          yield item;
        }
        if (!isBegun) this.#noteUse();
        return;
      } catch (error) {
        const reason = isBegun ? undefined : reasonOf(error);
        if (reason === undefined) throw error;
        this.#noteFallback(reason, error);
      }
    }
    this.#observer?.noteRead('primary');
    yield* this.#database.stream(kind, tenantId, (tx) => read(tx, 'primary'));
  }

  async *#onStandby<T>(
    { kind, tenantId, seen }: Read,
    lsn: string,
    read: (tx: Tx, source: ReadSource) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    const { standby } = this.#database;
    const nowMs = performance.now();
    if (!standby || nowMs < this.#restUntilMs) throw new UnfitStandbyError('unreachable');
    // One call finds out whether it is back. A connection to a machine that is off takes seconds to fail.
    if (this.#isAway) this.#restUntilMs = nowMs + REST_MS;
    if (seen.some(({ lsn }) => lsn === undefined)) throw new UnfitStandbyError('cursor');
    yield* standby.stream(
      kind,
      tenantId,
      (client) => this.#untilFit(client, lsn, seen),
      (tx) => read(tx, 'standby'),
    );
  }

  /**
   * Waits until the standby has replayed the WAL up to `lsn`, and all that the cursors have seen. It is asked outside a transaction, so that
   * the snapshot of the answer is taken afterwards. Throws `UnfitStandbyError`.
   */
  async #untilFit(client: Tx, lsn: string, seen: readonly EarlierSnapshot[]): Promise<void> {
    const beganMs = performance.now();
    const endMs = beganMs < this.#impatientUntilMs ? beganMs : beganMs + this.#longestWaitMs;
    let least = lsn;
    let isNewest = false;
    for (;;) {
      const hasReplayed = await this.#hasReplayed(client, least);
      if (hasReplayed) {
        if (await hasSeen(client, seen)) return;
        // It has all that the primary had after the request came, so no wait will help.
        if (isNewest) throw new UnfitStandbyError('cursor');
        least = await this.#positions.newest();
        isNewest = true;
      } else if (performance.now() >= endMs) {
        this.#impatientUntilMs = performance.now() + REST_MS;
        throw new UnfitStandbyError('behind');
      } else await delay(POLL_MS);
    }
  }

  async #hasReplayed(client: Tx, lsn: string): Promise<boolean> {
    const { rows } = await client.query<{ isStandby: boolean; hasReplayed: boolean }>({
      text: `SELECT pg_is_in_recovery() AS "isStandby",
                    coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) AS "hasReplayed"`,
      values: [lsn],
      query_timeout: ASK_TIMEOUT_MS,
    } as pg.QueryConfig);
    if (!rows[0]?.isStandby) throw new UnfitStandbyError('history');
    return rows[0].hasReplayed;
  }

  #noteFallback(reason: FallbackReason, error: unknown): void {
    const nowMs = performance.now();
    this.#observer?.noteFallback(reason);
    if (reason === 'unreachable' && !this.#isAway) {
      this.#isAway = true;
      this.#restUntilMs = nowMs + REST_MS;
    }
    if (reason === 'cursor') return;
    if (this.#warnedMs !== undefined && nowMs - this.#warnedMs < WARN_MS) return;
    this.#warnedMs = nowMs;
    this.#isTroubled = true;
    this.#log.warn(
      { err: error, reason },
      'exports and metrics are read from the primary instead of the standby',
    );
  }

  #noteUse(): void {
    this.#observer?.noteRead('standby');
    this.#isAway = false;
    this.#restUntilMs = 0;
    if (!this.#isTroubled) return;
    this.#isTroubled = false;
    this.#log.info('the standby answers exports and metrics again');
  }
}

async function hasSeen(client: Tx, seen: readonly EarlierSnapshot[]): Promise<boolean> {
  for (const { lsn = '', ...snapshot } of seen)
    if (!(await isKept(client, { ...snapshot, lsn }))) return false;
  return true;
}

/** PostgreSQL cancels a read of a standby, or ends its connection, for the sake of replaying. */
const CONFLICTS = new Set(['40001', '40P01', '57014']);

/** Undefined where the primary would fail in the same way. */
function reasonOf(error: unknown): FallbackReason | undefined {
  if (error instanceof UnfitStandbyError) return error.reason;
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  if (cause instanceof pg.DatabaseError && CONFLICTS.has(cause.code ?? '')) return 'conflict';
  if (error instanceof StoreUnavailableError) return 'unreachable';
  return error instanceof pg.DatabaseError ? 'failed' : undefined;
}
