import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import { largest, SHARES } from './monitor.ts';

/** The metrics of a process, as it sends them to the first process. */
export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[];

/** The metrics of several processes as one, in the text format of Prometheus. */
export function aggregate(processes: readonly ProcessMetrics[]): Promise<string> {
  const registry = AggregatorRegistry.aggregate([...processes] as never);
  const shares = registry.getSingleMetric(SHARES) as unknown as ProcessMetrics[number] | undefined;
  // Each process has its own largest organisations.
  if (shares) {
    const uses = shares.values.map(({ value, labels }) => ({
      resource: String(labels.resource),
      organisation: String(labels.organisation),
      part: value,
      labels,
    }));
    shares.values.splice(
      0,
      shares.values.length,
      ...largest(uses).map(({ part, labels }) => ({ value: part, labels })),
    );
  }
  return registry.metrics();
}

/**
 * The metrics of workers. A worker that does not answer in time counts as it did before. One that has ended goes on
 * counting in counters and histograms, so that no counter falls.
 */
export class WorkerMetrics<Id> {
  readonly #last = new Map<Id, ProcessMetrics>();
  #ended: ProcessMetrics = [];

  note(worker: Id, metrics: ProcessMetrics): void {
    this.#last.set(worker, metrics);
  }

  async end(worker: Id): Promise<void> {
    const metrics = this.#last.get(worker);
    if (!metrics) return;
    this.#last.delete(worker);
    const counted = metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
    const merged = AggregatorRegistry.aggregate([this.#ended, counted] as never);
    this.#ended = (await merged.getMetricsAsJSON()) as unknown as ProcessMetrics;
  }

  get all(): ProcessMetrics[] {
    return [this.#ended, ...this.#last.values()];
  }
}
