import type { FastifyBaseLogger } from 'fastify';
import { ContentionError, isWriteConflict } from '../store/connections/conflict.ts';
import { StoreUnavailableError, TenantBusyError } from '../store/connections/unavailable.ts';

declare module 'fastify' {
  interface FastifyInstance {
    outages: OutageLog;
  }
}

const ASK_AGAIN_MS = 1_000;
const REMIND_MS = 60_000;

interface Deps {
  log: FastifyBaseLogger;
  /** Throws while the database does not answer. */
  ping(): Promise<void>;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

interface Outage {
  sinceMs: number;
  remindedMs: number;
  failures: number;
}

/**
 * Logs when the database stops answering and when it answers again, and counts the failures between. Each request has
 * its own line with the status already. Thousands of stacks would hide everything else and fill the disk.
 */
export class OutageLog {
  readonly #deps: Deps;
  #outage: Outage | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Counts `error` if it means that the database does not answer. Returns false if the error needs a line of its own.
   */
  note(error: unknown): boolean {
    if (needsOwnLine(error)) return false;
    // The database answers, and the 503 tells the caller the reason.
    if (error instanceof TenantBusyError) return true;
    if (this.#outage) {
      this.#outage.failures++;
      return true;
    }
    const nowMs = this.#deps.clock();
    this.#outage = { sinceMs: nowMs, remindedMs: nowMs, failures: 1 };
    this.#deps.log.error(
      { err: error },
      'the database does not answer in time; until it does, the server answers requests that need it with 503',
    );
    this.#askLater();
    return true;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #askLater(): void {
    this.#timer = setTimeout(() => void this.#ask(), ASK_AGAIN_MS);
    this.#timer.unref();
  }

  async #ask(): Promise<void> {
    const outage = this.#outage;
    if (!outage) return;
    const { log, ping, clock } = this.#deps;
    const failuresBefore = outage.failures;
    const answers = await ping().then(
      () => true,
      () => false,
    );
    const nowMs = clock();
    const tally = { failures: outage.failures, seconds: Math.round((nowMs - outage.sinceMs) / 1_000) };
    // A failure during the check shows that the database is not back yet.
    if (answers && outage.failures === failuresBefore) {
      this.#outage = undefined;
      log.info(tally, 'the database answers again');
      return;
    }
    if (nowMs - outage.remindedMs >= REMIND_MS) {
      outage.remindedMs = nowMs;
      log.warn(tally, 'the database still does not answer');
    }
    this.#askLater();
  }
}

/** Whether an error is neither an outage of the database nor a share that is used up, which have lines elsewhere. */
export function needsOwnLine(error: unknown): boolean {
  // A write conflict shows that the database answers.
  return (
    !(error instanceof StoreUnavailableError) || error instanceof ContentionError || isWriteConflict(error)
  );
}
