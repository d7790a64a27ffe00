import type { Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessMetrics, WorkerMetrics } from '../http/monitoring/aggregate.ts';

/** A scrape waits no longer for a worker. */
const PATIENCE_MS = 2_000;

/** Reads the metrics of workers for a scrape. */
export class WorkerScrapes {
  readonly #metrics = new WorkerMetrics<Worker>();
  /** Of workers that have been asked: the time since when, and what to call when one has answered or ended. */
  readonly #waiting = new Map<Worker, { sinceMs: number; resolves: Set<() => void> }>();

  /** Calls `ask` for each worker, and waits for their answers. */
  async read(workers: Iterable<Worker>, ask: (worker: Worker) => void): Promise<ProcessMetrics[]> {
    const answers = [...workers].map(
      (worker) =>
        new Promise<void>((resolve) => {
          const waiting = this.#waiting.get(worker) ?? { sinceMs: performance.now(), resolves: new Set() };
          waiting.resolves.add(resolve);
          this.#waiting.set(worker, waiting);
          ask(worker);
        }),
    );
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([
      Promise.all(answers),
      delay(PATIENCE_MS, undefined, { signal }).catch(() => undefined),
    ]);
    waiting.abort();
    for (const [worker, { sinceMs }] of this.#waiting)
      this.#metrics.noteSilence(worker, (performance.now() - sinceMs) / 1_000);
    return this.#metrics.all;
  }

  note(worker: Worker, metrics: ProcessMetrics): void {
    this.#metrics.note(worker, metrics);
    this.#release(worker);
  }

  end(worker: Worker): void {
    void this.#metrics.end(worker);
    this.#release(worker);
  }

  #release(worker: Worker): void {
    for (const resolve of this.#waiting.get(worker)?.resolves ?? []) resolve();
    this.#waiting.delete(worker);
  }
}
