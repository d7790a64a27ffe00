import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client';
import { largest, SHARES } from './monitor.ts';

/** The metrics of a process, as it sends them to the first process. */
export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[];

/** The delays of the event loop, but for the least one and the spread. */
const LAGS = /^nodejs_eventloop_lag_(?!min_|stddev_)/;

/** Of several processes, the delay of the one that is busiest counts. The library would take their mean. */
export function keepLongestDelay(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name) as unknown as { aggregator: string };
    if (LAGS.test(name)) metric.aggregator = 'max';
  }
}

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

  /** Notes that a worker has not answered for this time. Its event loop waits at least as long. */
  noteSilence(worker: Id, seconds: number): void {
    for (const { name, values } of this.#last.get(worker) ?? []) {
      if (!LAGS.test(name)) continue;
      for (const sample of values) sample.value = Math.max(sample.value, seconds);
    }
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
