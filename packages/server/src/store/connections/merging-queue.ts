import { isWriteConflict } from './conflict.ts';
import { StoreUnavailableError } from './unavailable.ts';

/** How jobs are done together. */
export interface MergingOptions<Job, Answer> {
  /** Does jobs of as many requests at once, all of them or none; their answers, in their order. */
  run(jobs: readonly Job[]): Promise<readonly Answer[]>;
  /** How much of `most` a job takes. */
  weigh(job: Job): number;
  /** Whose a job is: where not all that wait go together, owners take turns. Left out where nobody can tell. */
  ownerOf?(job: Job): string;
  /** Goes together at most; in weight a bit more than that. */
  most: { jobs: number; weight: number };
  /** Runs at a time: while the database is busy with one, the next is on its way. */
  concurrency: number;
  /** A job whose turn does not come within so long is given up: the caller is better told to come again. */
  longestWaitMs?: number;
}

interface Waiting<Job, Answer> {
  job: Job;
  weight: number;
  sinceMs: number;
  settle(answer: Answer): void;
  fail(error: unknown): void;
}

const LONGEST_WAIT_MS = 5_000;

/**
 * Lets requests that come at the same moment share a transaction. One that finds nobody before it goes at once; those
 * that come meanwhile wait, and go together next. Nobody waits for the many requests of somebody else.
 */
export class MergingQueue<Job, Answer> {
  readonly #merging: MergingOptions<Job, Answer>;
  readonly #longestWaitMs: number;
  #waiting: Waiting<Job, Answer>[] = [];
  #running = 0;
  #isDue = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(merging: MergingOptions<Job, Answer>) {
    this.#merging = merging;
    this.#longestWaitMs = merging.longestWaitMs ?? LONGEST_WAIT_MS;
  }

  /** Throws what `run` throws of this job alone, and `StoreUnavailableError` where its turn does not come. */
  add(job: Job): Promise<Answer> {
    return new Promise((settle, fail) => {
      const weight = this.#merging.weigh(job);
      this.#waiting.push({ job, weight, sinceMs: performance.now(), settle, fail });
      this.#startSoon();
    });
  }

  /** After everything that has arrived by now was read, so that it goes together. */
  #startSoon(): void {
    this.#sweep ??= setInterval(() => this.#giveUpOld(), this.#longestWaitMs / 10).unref();
    if (this.#isDue || this.#running >= this.#merging.concurrency) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      void this.#runWaiting();
    });
  }

  async #runWaiting(): Promise<void> {
    if (this.#running >= this.#merging.concurrency) return;
    this.#running++;
    for (let next = this.#take(); next.length > 0; next = this.#take()) await this.#run(next);
    this.#running--;
  }

  #take(): Waiting<Job, Answer>[] {
    const { most } = this.#merging;
    const taken = new Set<Waiting<Job, Answer>>();
    let weight = 0;
    for (const each of this.#inTurns()) {
      if (taken.size === most.jobs || weight >= most.weight) break;
      taken.add(each);
      weight += each.weight;
    }
    this.#waiting = this.#waiting.filter((each) => !taken.has(each));
    return [...taken];
  }

  /** What waits: the first of each owner, then the second of each, and so on. */
  #inTurns(): Waiting<Job, Answer>[] {
    const { ownerOf } = this.#merging;
    if (!ownerOf || this.#waiting.length < 2) return this.#waiting;
    const counts = new Map<string, number>();
    const turns: Waiting<Job, Answer>[][] = [];
    for (const each of this.#waiting) {
      const owner = ownerOf(each.job);
      const turn = counts.get(owner) ?? 0;
      counts.set(owner, turn + 1);
      turns[turn] ??= [];
      turns[turn].push(each);
    }
    return counts.size < 2 ? this.#waiting : turns.flat();
  }

  /** Together; each alone where together it does not go, so that nobody fails for another's sake. */
  async #run(batch: readonly Waiting<Job, Answer>[]): Promise<void> {
    try {
      const answers = await this.#merging.run(batch.map(({ job }) => job));
      for (const [index, { settle }] of batch.entries()) settle(answers[index] as Answer);
    } catch (error) {
      const isAway = error instanceof StoreUnavailableError && !isWriteConflict(error);
      if (batch.length === 1 || isAway) for (const { fail } of batch) fail(error);
      else for (const one of batch) await this.#run([one]);
    }
  }

  #giveUpOld(): void {
    const latestMs = performance.now() - this.#longestWaitMs;
    const old = this.#waiting.findIndex(({ sinceMs }) => sinceMs > latestMs);
    const givenUp = this.#waiting.splice(0, old === -1 ? this.#waiting.length : old);
    for (const { fail } of givenUp) fail(new StoreUnavailableError(new Error('It waited too long.')));
    if (this.#waiting.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/** A queue for each organisation: its requests wait for one another, and for nobody else's. */
export class TenantQueues<Job, Answer> {
  readonly #queues = new Map<string, MergingQueue<Job, Answer>>();
  readonly #merging: Omit<MergingOptions<Job, Answer>, 'run' | 'concurrency'>;
  readonly #run: (tenantId: string, jobs: readonly Job[]) => Promise<readonly Answer[]>;

  /** `run` is `Merging.run` for one organisation; there is one run of each organisation at a time. */
  constructor({
    run,
    ...merging
  }: Omit<MergingOptions<Job, Answer>, 'run' | 'concurrency'> & {
    run(tenantId: string, jobs: readonly Job[]): Promise<readonly Answer[]>;
  }) {
    this.#merging = merging;
    this.#run = run;
  }

  /** As `MergingQueue.add`. */
  add(tenantId: string, job: Job): Promise<Answer> {
    let queue = this.#queues.get(tenantId);
    if (queue === undefined) {
      const run = (jobs: readonly Job[]) => this.#run(tenantId, jobs);
      queue = new MergingQueue({ ...this.#merging, run, concurrency: 1 });
      this.#queues.set(tenantId, queue);
    }
    return queue.add(job);
  }
}
