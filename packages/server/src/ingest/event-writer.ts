import { isWriteConflict } from '../store/conflict.ts';
import type { Database } from '../store/db.ts';
import { enterTenantAt } from '../store/directory-versions.ts';
import type { EventRow } from '../store/event-order.ts';
import type { Answers, Statement } from '../store/pipeline.ts';
import { type RefusedEventRow, refusedEventsInsert } from '../store/refused-events.ts';
import { StoreUnavailableError } from '../store/unavailable.ts';

/** How rows of a kind are stored: one statement for any number of them. */
export interface RowKind<Row> {
  /** The endpoint's name. */
  endpoint: string;
  insert(tenantId: string, rows: readonly Row[]): Statement;
}

/** What one request has to store. */
export interface Submission {
  tenantId: string;
  /** The version of the directory by which the events were judged; undefined where any will do. */
  remembered: string | undefined;
  kind?: RowKind<EventRow>;
  rows: readonly EventRow[];
  refusals: readonly RefusedEventRow[];
}

interface Waiting {
  submission: Submission;
  sinceMs: number;
  settle(version: string): void;
  fail(error: unknown): void;
}

/** Transactions at a time: while one is committed, the next is on its way. */
export const EVENT_WRITERS = 2;
/** A transaction takes what waits up to so many requests or, a bit more than, so many rows. */
const MERGED_REQUESTS = 64;
const MERGED_ROWS = 2_000;
/** Whoever has waited so long for its turn is better told to come again. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Stores what requests submit. A request that finds nobody writing is written at once; those that come meanwhile wait,
 * and go together into the next transaction, of one round trip and one commit, whatever their organisations. Each
 * organisation's rows are written by statements of its own, under row-level security: what is shared is the commit.
 */
export class EventWriter {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #writers = 0;
  #isDue = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Stores rows and refusals in one transaction; answers when it is committed, with the version of the directory that
   * it saw. Nothing is stored where that is another one than `remembered`. Throws `StoreUnavailableError`: then
   * nothing was stored, or all of it was.
   */
  write(submission: Submission): Promise<string> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ submission, sinceMs: performance.now(), settle, fail });
      this.#startSoon();
    });
  }

  /** After everything that has arrived by now was read, so that it goes together. */
  #startSoon(): void {
    this.#sweep ??= setInterval(() => this.#giveUpOld(), LONGEST_WAIT_MS / 10).unref();
    if (this.#isDue || this.#writers >= EVENT_WRITERS) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      void this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    if (this.#writers >= EVENT_WRITERS) return;
    this.#writers++;
    for (let next = this.#take(); next.length > 0; next = this.#take()) await this.#store(next);
    this.#writers--;
  }

  #take(): Waiting[] {
    let rows = 0;
    let count = 0;
    while (count < this.#waiting.length && count < MERGED_REQUESTS && rows < MERGED_ROWS) {
      rows += this.#waiting[count]?.submission.rows.length ?? 0;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Together; each alone where together it does not go, so that nobody fails for another's sake. */
  async #store(batch: Waiting[]): Promise<void> {
    try {
      const groups = group(batch);
      const answers = await this.#database.inPipeline(groups.flatMap(({ statements }) => statements));
      settle(groups, answers);
    } catch (error) {
      const isAway = error instanceof StoreUnavailableError && !isWriteConflict(error);
      if (batch.length === 1 || isAway) for (const { fail } of batch) fail(error);
      else for (const one of batch) await this.#store([one]);
    }
  }

  #giveUpOld(): void {
    const latestMs = performance.now() - LONGEST_WAIT_MS;
    const old = this.#waiting.findIndex(({ sinceMs }) => sinceMs > latestMs);
    const givenUp = this.#waiting.splice(0, old === -1 ? this.#waiting.length : old);
    for (const { fail } of givenUp) fail(new StoreUnavailableError(new Error('It waited too long.')));
    if (this.#waiting.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/** What is of one organisation, and judged by one version of its directory. */
interface Group {
  statements: Statement[];
  members: Waiting[];
}

/** In the order of organisations, as rows are in that of their keys: nobody waits for another in a circle. */
function group(batch: readonly Waiting[]): Group[] {
  const members = new Map<string, Waiting[]>();
  for (const waiting of batch) {
    const { tenantId, remembered } = waiting.submission;
    const key = `${tenantId} ${remembered ?? 'any'}`;
    const others = members.get(key);
    if (others) others.push(waiting);
    else members.set(key, [waiting]);
  }
  return [...members.keys()].sort().map((key) => {
    const together = members.get(key) ?? [];
    return { statements: statementsOf(together.map(({ submission }) => submission)), members: together };
  });
}

function statementsOf(submissions: readonly Submission[]): Statement[] {
  const [first] = submissions;
  if (!first) return [];
  const { tenantId, remembered } = first;
  const statements = [enterTenantAt(tenantId, remembered)];
  const kinds = new Map(submissions.flatMap(({ kind }) => (kind ? [[kind.endpoint, kind]] : [])));
  for (const endpoint of [...kinds.keys()].sort()) {
    const rows = submissions.flatMap((each) => (each.kind?.endpoint === endpoint ? each.rows : []));
    const insert = rows.length > 0 ? kinds.get(endpoint)?.insert(tenantId, rows) : undefined;
    if (insert) statements.push(insert);
  }
  const refusals = submissions.flatMap((each) => each.refusals);
  if (refusals.length > 0) statements.push(refusedEventsInsert(tenantId, refusals));
  return statements;
}

/** The first statement of each group has answered the version. */
function settle(groups: readonly Group[], answers: Answers): void {
  let at = 0;
  for (const { statements, members } of groups) {
    for (const { settle } of members) settle(answers[at] ?? '0');
    at += statements.length;
  }
}
