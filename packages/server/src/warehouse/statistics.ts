/** The quotient; null if the denominator is 0. */
export function rate(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}

/** The mean; null if there are no values. */
export function mean(values: Float64Array): number | null {
  let sum = 0;
  for (const value of values) sum += value;
  return rate(sum, values.length);
}

/**
 * The value below which the share `p` of the values lies, interpolated as by SQL's percentile_cont; null if there are
 * no values. `sorted` is in ascending order.
 */
export function percentile(sorted: Float64Array, p: number): number | null {
  return interpolated(sorted.length, p, (index) => sorted[index]);
}

/** The middle value, or the mean of the two middle values; null if there are no values. `sorted` is in ascending order. */
export function median(sorted: Float64Array): number | null {
  return percentile(sorted, 0.5);
}

/** How often each value occurs. */
export type Counts = Map<number, number>;

export function count(counts: Counts, value: number): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** How often any value occurs. */
export function totalOf(counts: Counts): number {
  let total = 0;
  for (const each of counts.values()) total += each;
  return total;
}

/** As `percentile`, of counted values. */
export function percentileOfCounts(counts: Counts, p: number): number | null {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return interpolated(totalOf(counts), p, (index) => {
    let left = index;
    for (const [value, times] of sorted) {
      left -= times;
      if (left < 0) return value;
    }
    return undefined;
  });
}

function interpolated(
  size: number,
  p: number,
  valueAt: (index: number) => number | undefined,
): number | null {
  const position = p * (size - 1);
  const [low, high] = [valueAt(Math.floor(position)), valueAt(Math.ceil(position))];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (position - Math.floor(position));
}
