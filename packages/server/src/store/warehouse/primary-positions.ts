import type { Database } from '../connections/db.ts';

/** The primary is asked at most this often. */
const SAMPLE_MS = 1_000;

/** Positions of the primary in its WAL, by which the age of a standby is measured. */
export class PrimaryPositions {
  readonly #database: Database;
  readonly #mostBehindMs: number;
  /** Positions, and since when at least the primary has had each; the oldest first. */
  #samples: { sinceMs: number; lsn: string }[] = [];
  #sampling: Promise<string> | undefined;

  constructor(database: Database, mostBehindMs: number) {
    this.#database = database;
    this.#mostBehindMs = mostBehindMs;
  }

  /** A position that the primary had at most `mostBehindMs` ago; the oldest that is known. Throws `StoreUnavailableError`. */
  async least(): Promise<string> {
    const nowMs = performance.now();
    const newest = this.#samples.at(-1);
    const sampled = newest && nowMs - newest.sinceMs < SAMPLE_MS ? newest.lsn : await this.newest();
    const keptMs = performance.now() - this.#mostBehindMs;
    this.#samples = this.#samples.filter(({ sinceMs }) => sinceMs >= keptMs);
    return this.#samples[0]?.lsn ?? sampled;
  }

  /** The position up to which the WAL of the primary is on disk. Visible transactions have ended before it. Throws `StoreUnavailableError`. */
  async newest(): Promise<string> {
    // A question that is under way may have been answered before the call.
    await this.#sampling?.catch(() => undefined);
    this.#sampling ??= this.#ask().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async #ask(): Promise<string> {
    const sinceMs = performance.now();
    const newest = this.#samples.at(-1);
    const lsn = await this.#database.inSystem(async (tx) => {
      const { rows } = await tx.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
      return rows[0]?.lsn ?? '';
    });
    if (!newest || sinceMs - newest.sinceMs >= SAMPLE_MS) this.#samples.push({ sinceMs, lsn });
    return lsn;
  }
}
