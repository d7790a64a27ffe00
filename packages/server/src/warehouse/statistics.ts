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
  const position = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (position - Math.floor(position));
}

/** The middle value, or the mean of the two middle values; null if there are no values. `sorted` is in ascending order. */
export function median(sorted: Float64Array): number | null {
  return percentile(sorted, 0.5);
}

/** As `percentile`, of values with how often each occurs. `sorted` is in ascending order of the values. */
export function percentileOfCounts(
  sorted: readonly (readonly [value: number, count: number])[],
  p: number,
): number | null {
  const position = p * (sorted.reduce((sum, [, count]) => sum + count, 0) - 1);
  const valueAt = (index: number) => {
    let left = index;
    for (const [value, count] of sorted) {
      left -= count;
      if (left < 0) return value;
    }
    return undefined;
  };
  const [low, high] = [valueAt(Math.floor(position)), valueAt(Math.ceil(position))];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (position - Math.floor(position));
}
