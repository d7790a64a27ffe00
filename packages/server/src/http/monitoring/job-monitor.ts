import { Counter, Gauge, type Registry } from 'prom-client';
import type { PoolState } from '../../store/connections/db.ts';
import type { JobState } from '../../store/schema/job-runs.ts';
import { watchPools } from './pool-gauges.ts';

/** Shows background jobs to Prometheus. The label is not `job`, because Prometheus has that label already. */
export class JobMonitor {
  readonly #intervals: ReadonlyMap<string, number>;
  readonly #lastSuccess: Gauge;
  readonly #duration: Gauge;
  readonly #runs: Counter;
  #queue: (() => PoolState) | undefined;

  /** `intervals` has the longest time between two runs of each job, in seconds. */
  constructor(registry: Registry, intervals: ReadonlyMap<string, number>) {
    const registers = [registry];
    const labelNames = ['job_name'];
    this.#intervals = intervals;
    const interval = new Gauge({
      name: 'rollcall_job_interval_seconds',
      help: 'The longest time between two runs of a job, by its schedule',
      labelNames,
      registers,
    });
    for (const [job, seconds] of intervals) interval.set({ job_name: job }, seconds);
    this.#lastSuccess = new Gauge({
      name: 'rollcall_job_last_success_timestamp_seconds',
      help: 'When a run of a job last succeeded, in any server',
      labelNames,
      registers,
    });
    this.#duration = new Gauge({
      name: 'rollcall_job_last_duration_seconds',
      help: 'How long the last run of a job took, in any server',
      labelNames,
      registers,
    });
    this.#runs = new Counter({
      name: 'rollcall_job_runs_total',
      help: 'Runs of a job in this server, by outcome',
      labelNames: ['job_name', 'outcome'],
      registers,
    });
    watchPools(registry, () => (this.#queue ? [this.#queue()] : []));
    for (const job of intervals.keys())
      for (const outcome of ['success', 'failure']) this.#runs.inc({ job_name: job, outcome }, 0);
  }

  /** Shows what the database knows of the jobs, without those of other releases. */
  show(states: readonly JobState[]): void {
    for (const gauge of [this.#lastSuccess, this.#duration]) gauge.reset();
    for (const { name, succeededAt, durationS } of states) {
      if (!this.#intervals.has(name)) continue;
      if (succeededAt) this.#lastSuccess.set({ job_name: name }, succeededAt.getTime() / 1_000);
      if (durationS !== null) this.#duration.set({ job_name: name }, durationS);
    }
  }

  /** Shows the pool of the queue from now on, in place of one that it showed before. */
  watchQueue(read: () => PoolState): void {
    this.#queue = read;
  }

  /** Counts a run in this server. */
  noteRun(job: string, outcome: 'success' | 'failure'): void {
    this.#runs.inc({ job_name: job, outcome });
  }
}
