import { RoundRobin } from '../values/round-robin.ts';
import { isWriteConflict } from './conflict.ts';
import { StoreUnavailableError } from './unavailable.ts';

/** How a queue runs jobs together. */
export interface MergingOptions<Job, Answer> {
  /** Runs the jobs of several requests at once, all of them or none. Returns their answers, in their order. */
  run(jobs: readonly Job[]): Promise<readonly Answer[]>;
  /** How much of `most.weight` a job takes. */
  weigh(job: Job): number;
  /**
   * The owner of a job. Where not all waiting jobs fit into one run, owners take turns. Leave it out where jobs have
   * no known owner.
   */
  ownerOf?(job: Job): string;
  /** The most that one run takes. Its weight can be a bit more, because the last job may exceed it. */
  most: { jobs: number; weight: number };
  /** Runs at the same time: while the database works on one, the next is on its way. */
  concurrency: number;
  /** The queue gives up a job that waits longer: it is better to tell the caller to try again. */
  longestWaitMs?: number;
  /** Hears of each run how long its jobs waited, in milliseconds. A job that runs alone after a failure counts once. */
  onRun?: ((waitsMs: readonly number[]) => void) | undefined;
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
 * Lets requests that arrive at the same time share a transaction. A request runs at once while fewer than
 * `concurrency` runs are under way. Later requests wait, and run together next. With `ownerOf`, no owner waits for
 * the many requests of another.
 */
export class MergingQueue<Job, Answer> {
  readonly #merging: MergingOptions<Job, Answer>;
  readonly #longestWaitMs: number;
  readonly #waiting = new RoundRobin<Waiting<Job, Answer>>();
  #running = 0;
  #isDue = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(merging: MergingOptions<Job, Answer>) {
    this.#merging = merging;
    this.#longestWaitMs = merging.longestWaitMs ?? LONGEST_WAIT_MS;
  }

  /**
   * Queues a job, and resolves to its answer. Throws what `run` throws for this job alone, and
   * `StoreUnavailableError` where the job waits too long.
   */
  add(job: Job): Promise<Answer> {
    return new Promise((settle, fail) => {
      const { weigh, ownerOf } = this.#merging;
      const waiting = { job, weight: weigh(job), sinceMs: performance.now(), settle, fail };
      this.#waiting.add(ownerOf?.(job) ?? '', waiting);
      this.#startSoon();
    });
  }

  /** Starts after all requests that have arrived by now are read, so that they run together. */
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
    for (let next = this.#take(); next.length > 0; next = this.#take()) {
      this.#tell(next);
      await this.#run(next);
    }
    this.#running--;
  }

  #tell(batch: readonly Waiting<Job, Answer>[]): void {
    const { onRun } = this.#merging;
    if (!onRun) return;
    const nowMs = performance.now();
    onRun(batch.map(({ sinceMs }) => nowMs - sinceMs));
  }

  #take(): Waiting<Job, Answer>[] {
    const { most } = this.#merging;
    const taken: Waiting<Job, Answer>[] = [];
    let weight = 0;
    while (taken.length < most.jobs && weight < most.weight) {
      const next = this.#waiting.next();
      if (!next) break;
      taken.push(next);
      weight += next.weight;
    }
    return taken;
  }

  /**
   * Runs jobs together. If that fails, runs each alone, so that no job fails because of another. When the database
   * does not answer, all fail at once.
   */
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
    const givenUp = this.#waiting.takeWhile(({ sinceMs }) => sinceMs <= latestMs);
    for (const { fail } of givenUp) fail(new StoreUnavailableError(new Error('It waited too long.')));
    if (!this.#waiting.isEmpty) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/** A queue for each organisation. Its requests wait for one another only. */
export class TenantQueues<Job, Answer> {
  readonly #queues = new Map<string, MergingQueue<Job, Answer>>();
  readonly #merging: Omit<MergingOptions<Job, Answer>, 'run' | 'concurrency'>;
  readonly #run: (tenantId: string, jobs: readonly Job[]) => Promise<readonly Answer[]>;

  /** `run` is `MergingOptions.run` for one organisation. Each organisation has one run at a time. */
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
