import { Counter, Gauge, type Registry } from 'prom-client';

/** Records runs of background jobs, for Prometheus. The label is not `job`, because Prometheus has that label already. */
export class JobMonitor {
  readonly #lastSuccess: Gauge;
  readonly #duration: Gauge;
  readonly #runs: Counter;

  /** `intervals` has the longest time between two runs of each job, in seconds. */
  constructor(registry: Registry, intervals: ReadonlyMap<string, number>) {
    const registers = [registry];
    const labelNames = ['job_name'];
    const interval = new Gauge({
      name: 'rollcall_job_interval_seconds',
      help: 'The longest time between two runs of a job, by its schedule',
      labelNames,
      registers,
    });
    for (const [job, seconds] of intervals) interval.set({ job_name: job }, seconds);
    this.#lastSuccess = new Gauge({
      name: 'rollcall_job_last_success_timestamp_seconds',
      help: 'When a run of a job in this server last succeeded',
      labelNames,
      registers,
    });
    this.#duration = new Gauge({
      name: 'rollcall_job_last_duration_seconds',
      help: 'How long the last run of a job in this server took',
      labelNames,
      registers,
    });
    this.#runs = new Counter({
      name: 'rollcall_job_runs_total',
      help: 'Runs of a job in this server, by outcome',
      labelNames: ['job_name', 'outcome'],
      registers,
    });
    for (const job of intervals.keys())
      for (const outcome of ['success', 'failure']) this.#runs.inc({ job_name: job, outcome }, 0);
  }

  /** Notes the end of a run. */
  noteRun(
    job: string,
    { succeeded, durationMs, atMs }: { succeeded: boolean; durationMs: number; atMs: number },
  ): void {
    this.#duration.set({ job_name: job }, durationMs / 1_000);
    this.#runs.inc({ job_name: job, outcome: succeeded ? 'success' : 'failure' });
    if (succeeded) this.#lastSuccess.set({ job_name: job }, atMs / 1_000);
  }
}
