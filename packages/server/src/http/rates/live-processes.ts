import { randomUUID } from 'node:crypto';
import type { Database } from '../../store/connections/db.ts';
import {
  readProcessCount,
  serverProcessNote,
  serverProcessRemoval,
} from '../../store/schema/server-processes.ts';

/** The database forgets a process that misses five of these (`note_server_process`). */
const BEAT_MS = 2_000;

interface Deps {
  database: Pick<Database, 'runEventPipeline'>;
  /** Whether the schema is up to date. */
  lifecycle: { readonly migrated: boolean };
}

/**
 * Counts the live processes on the database, this one included. Each notes every two seconds that it lives. Without an answer
 * of the database, the last count stays.
 */
export class LiveProcesses {
  readonly #deps: Deps;
  readonly #processId = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #count = 1;
  #isNoted = false;
  #beat: Promise<void>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#beat = this.#note();
    this.#timer = setInterval(() => {
      this.#beat = this.#beat.then(() => this.#note());
    }, BEAT_MS).unref();
  }

  get count(): number {
    return this.#count;
  }

  /** Forgets this process, so that the others get its part at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
    if (!this.#isNoted) return;
    await this.#deps.database
      .runEventPipeline([serverProcessRemoval(this.#processId)])
      .catch(() => undefined);
  }

  async #note(): Promise<void> {
    if (!this.#deps.lifecycle.migrated) return;
    try {
      const [answer] = await this.#deps.database.runEventPipeline([serverProcessNote(this.#processId)]);
      this.#count = readProcessCount(answer);
      this.#isNoted = true;
    } catch {
      // Requests meet an outage, too, and report it.
      this.#isNoted = false;
    }
  }
}
